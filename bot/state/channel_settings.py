"""Settings of Slack channels: from the settings file, overridden by choices made in Slack."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from footnote_qa.bot.database import Database, retried
from footnote_qa.bot.state.channel_topics import about, topics_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """The settings that apply in one channel.

    Attributes:
        enabled: Whether questions are answered there.
        audience: Groups whose documents everyone in it may see; only from the settings file.
        follow_ups: Whether the asker's next messages in a thread need no mention.
        unasked: Whether questions to nobody are answered, if the documents have the answer.
        helper: The person to ask if the answer isn't in the documents; "" if there is none.
        language: Language that models answer in, such as "German"; "" follows each question.
    """

    enabled: bool = True
    audience: frozenset[str] = field(default_factory=frozenset)
    follow_ups: bool = False
    unasked: bool = False
    helper: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The settings that can be changed in Slack."""

    enabled: bool
    follow_ups: bool
    unasked: bool
    helper: str
    language: str


class ChannelRepository:
    """The settings of each channel; every method may be called from any thread.

    Args:
        database: Stores the choices.
        team: The workspace.
        configured: From the settings file, by the channel's id.
        groups: Members of each group, for what a person may see in a direct message.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        *,
        team: str,
        configured: Mapping[str, ChannelRules],
        groups: Mapping[str, Iterable[str]] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.database = database
        self._team = team
        self._configured = dict(configured)
        self._groups = {name: frozenset(users) for name, users in (groups or {}).items()}
        self._now = now

    @retried
    def rules(self, channel: str) -> ChannelRules:
        """Return the settings that apply in *channel*."""
        rules = self._configured.get(channel, ChannelRules())
        with self.database.sql() as sql:
            row = sql.execute(
                "SELECT chosen FROM channel WHERE team = :team AND id = :id",
                {"team": self._team, "id": channel},
            ).fetchone()
        return rules if row is None else replace(rules, **json.loads(row["chosen"]))

    @retried
    def choose(self, channel: str, chosen: Chosen, *, by: str) -> None:
        """Apply *chosen* in *channel* from now on."""
        with self.database.sql() as sql:
            sql.execute(
                "INSERT INTO channel (team, id, chosen, changed_by, at)"
                " VALUES (:team, :id, :chosen, :by, :at) ON CONFLICT (team, id) DO UPDATE SET"
                " chosen = excluded.chosen, changed_by = excluded.changed_by, at = excluded.at",
                {
                    "team": self._team,
                    "id": channel,
                    "chosen": json.dumps(asdict(chosen)),
                    "by": by,
                    "at": self._now(),
                },
            )

    @retried
    def helper(self, channel: str, question: str) -> str:
        """Return the person to ask about a question: of its topic, else of the channel; or ""."""
        topic = about(question, topics_of(self.database, self._team, channel))
        return topic.helper if topic else self.rules(channel).helper

    @retried
    def helpers(self, channel: str) -> frozenset[str]:
        """Return everybody who is asked in a channel, about whatever topic."""
        topics = topics_of(self.database, self._team, channel)
        return frozenset({self.rules(channel).helper, *(one.helper for one in topics)} - {""})

    def audience(self, channel: str, user: str) -> frozenset[str]:
        """Return the groups with the documents to use: the channel's, or the user's in private."""
        if channel.startswith("D"):
            return frozenset(name for name, users in self._groups.items() if user in users)
        return self.rules(channel).audience

    @retried
    def hush(self, channel: str, thread_ts: str) -> None:
        """Stop answering in a thread without a mention, because people talk to each other there."""
        with self.database.sql() as sql:
            sql.execute(
                "INSERT INTO quiet_thread (team, channel, thread_ts, at)"
                " VALUES (:team, :channel, :thread_ts, :at)"
                " ON CONFLICT (team, channel, thread_ts) DO UPDATE SET at = excluded.at",
                self._thread(channel, thread_ts) | {"at": self._now()},
            )

    @retried
    def speak(self, channel: str, thread_ts: str) -> None:
        """Answer in a thread without a mention again, because somebody mentioned the bot."""
        with self.database.sql() as sql:
            sql.execute(
                "DELETE FROM quiet_thread"
                " WHERE team = :team AND channel = :channel AND thread_ts = :thread_ts",
                self._thread(channel, thread_ts),
            )

    @retried
    def is_quiet(self, channel: str, thread_ts: str) -> bool:
        """Return whether the bot needs a mention in this thread."""
        with self.database.sql() as sql:
            return bool(
                sql.execute(
                    "SELECT count(*) FROM quiet_thread"
                    " WHERE team = :team AND channel = :channel AND thread_ts = :thread_ts",
                    self._thread(channel, thread_ts),
                ).fetchone()[0]
            )

    def _thread(self, channel: str, thread_ts: str) -> dict[str, object]:
        return {"team": self._team, "channel": channel, "thread_ts": thread_ts}
