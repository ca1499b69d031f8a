"""Queue of questions from arrival to outcome, stored so that it survives a crash."""

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

from bot.state.database import Database


class Kind(StrEnum):
    """How a question came."""

    MENTION = "mention"
    DIRECT = "direct"
    FOLLOW_UP = "follow_up"  # in a thread, without a mention
    UNASKED = "unasked"  # nobody asked the bot: it answers only if it has the answer
    COMMAND = "command"  # answered privately
    SHORTCUT = "shortcut"  # somebody wants another person's message answered
    AGAIN = "again"  # asked again after a failure


class Outcome(StrEnum):
    """How a question ended."""

    POSTED = "posted"
    WITHDRAWN = "withdrawn"  # it was deleted before its answer came
    REFUSED = "refused"  # the bot may no longer post there
    UNCERTAIN = "uncertain"  # it is unknown whether the answer arrived
    GIVEN_UP = "given_up"  # posting failed too often
    STOPPED = "stopped"  # the asker pressed Stop
    SILENT = "silent"  # nobody had asked and there is no answer, or the asker is ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A question as it came in.

    Attributes:
        event_id: Slack's id for the delivery; the same when it is delivered again.
        team: Workspace.
        channel: Channel or direct message.
        ts: The message's own time stamp, which is its id within the channel.
        thread_ts: Time stamp of the thread's first message, under which the answer goes.
        user: Who asks.
        text: As Slack sent it.
        kind: How it came.
        response_url: Where a private answer goes, for half an hour; "" if the answer is posted.
        is_open: Whether people of other companies can read it, in a shared channel.
    """

    event_id: str
    team: str
    channel: str
    ts: str
    thread_ts: str
    user: str
    text: str
    kind: Kind = Kind.MENTION
    response_url: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A question that one process is working on.

    Attributes:
        id: Our id; shown to people, to find the question in the log.
        received: As it came in.
        received_at: Seconds since the epoch.
        attempts: How often it was claimed, including this time.
        turned_away: Too many were waiting when it came: the only reply is to say so.
        maybe_posted: An earlier owner had begun to post.
        parts: Time stamps of the messages that an earlier owner is known to have begun.
    """

    id: str
    received: Received
    received_at: float
    attempts: int
    turned_away: bool
    maybe_posted: bool
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A question that was withdrawn.

    Attributes:
        id: Our id.
        thread_ts: Time stamp of the first message of its thread.
        posting: Its owner may be posting right now, and must finish so that it can clean up.
        messages: Time stamps of its messages that are known to be in Slack.
    """

    id: str
    thread_ts: str
    posting: bool
    messages: tuple[str, ...]


LEASE_S: Final = 30.0
"""How long a question stays with an owner that gives no sign of life."""


class QuestionRepository:
    """The questions in one SQLite file; every method may be called from any thread."""

    def __init__(
        self, path: Path, *, lease_s: float = LEASE_S, now: Callable[[], float] = time.time
    ) -> None:
        self.lease_s = lease_s
        self._now = now
        self.database = Database(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def receive(self, received: Received, *, max_waiting: int | None = None) -> bool:
        """Store a question; when this returns, it survives a crash.

        Args:
            received: The question.
            max_waiting: If this many are waiting, this one is only stored to be turned away.

        Returns:
            False for a duplicate: its event or its message is known.
        """
        values = asdict(received) | {
            "id": uuid4().hex[:16],
            "max_waiting": max_waiting,
            "received_at": self._now(),
        }
        with self.database.sql() as sql:
            done = sql.execute(
                "INSERT INTO question (id, event_id, team, channel, ts, thread_ts, user, text,"
                " kind, response_url, is_open, received_at, turned_away)"
                " SELECT :id, :event_id, :team, :channel, :ts, :thread_ts, :user, :text,"
                " :kind, :response_url, :is_open, :received_at, :max_waiting IS NOT NULL"
                "  AND :max_waiting <= (SELECT count(*) FROM question"
                "   WHERE state = 'waiting' AND NOT turned_away)"
                " WHERE true ON CONFLICT (event_id) DO NOTHING"
                " ON CONFLICT (team, channel, ts) DO NOTHING",
                values,
            )
            return done.rowcount == 1

    def claim(
        self, owner: str, *, turned_away: bool = False, max_per_user: int | None = None
    ) -> Claimed | None:
        """Take the oldest question that nobody is working on, only one at a time per thread.

        Args:
            owner: Who claims.
            turned_away: Take one that is to be turned away; these wait for no other.
            max_per_user: Skip people who have this many questions in work already.

        Returns:
            None if there is nothing to do.
        """
        now = self._now()
        with self.database.sql() as sql:
            row = sql.execute(
                "UPDATE question SET owner = ?, lease_until = ?, attempts = attempts + 1,"
                " state = CASE state WHEN 'waiting' THEN 'working' ELSE state END"
                " WHERE seq = (SELECT seq FROM question AS q"
                "  WHERE state != 'done' AND lease_until <= ? AND turned_away = ?"
                "   AND (owner != ? OR lease_until = 0)"  # a clock that jumps must not do it twice
                "   AND (turned_away OR NOT EXISTS (SELECT 1 FROM question AS earlier"
                "    WHERE earlier.state != 'done' AND NOT earlier.turned_away"
                "     AND earlier.team = q.team AND earlier.channel = q.channel"
                "     AND earlier.thread_ts = q.thread_ts AND earlier.seq < q.seq))"
                "   AND (turned_away OR ? IS NULL OR ? > (SELECT count(*) FROM question AS other"
                "    WHERE other.state != 'done' AND other.user = q.user"
                "     AND other.lease_until > ?))"
                "  ORDER BY seq LIMIT 1)"
                " RETURNING *",
                (
                    *(owner, now + self.lease_s, now, turned_away, owner),
                    *(max_per_user, max_per_user, now),
                ),
            ).fetchone()
        return None if row is None else _claimed(row)

    def renew(self, owner: str) -> None:
        """Note that *owner* is alive: it keeps its questions."""
        with self.database.sql() as sql:
            sql.execute(
                "UPDATE question SET lease_until = ? WHERE owner = ? AND state != 'done'"
                " AND lease_until > 0",
                (self._now() + self.lease_s, owner),
            )

    def release(self, owner: str, question_id: str | None = None) -> None:
        """Release the unfinished questions of *owner*, or one of them, for others to claim."""
        with self.database.sql() as sql:
            sql.execute(
                "UPDATE question SET lease_until = 0 WHERE owner = ?1 AND state != 'done'"
                " AND id = coalesce(?2, id)",
                (owner, question_id),
            )

    def begin_posting(self, question_id: str, owner: str) -> bool:
        """Note, before anything is sent, that the answer may be in Slack from now on.

        Returns:
            False if the question no longer belongs to *owner*: then nothing may be sent.
        """
        with self.database.sql() as sql:
            done = sql.execute(
                "UPDATE question SET state = 'posting', lease_until = ?"
                " WHERE id = ? AND owner = ? AND state != 'done' AND lease_until > 0",
                (self._now() + self.lease_s, question_id, owner),
            )
            return done.rowcount == 1

    def retract(self, question_id: str, owner: str) -> None:
        """Note that the message that was begun is certainly not in Slack."""
        with self.database.sql() as sql:
            sql.execute(
                "UPDATE question SET state = 'working'"
                " WHERE id = ? AND owner = ? AND state = 'posting'",
                (question_id, owner),
            )

    def note_part(self, question_id: str, ts: str) -> None:
        """Note a message that shows, or will show, the answer; it can be changed from now on."""
        with self.database.sql() as sql:
            sql.execute(
                "UPDATE question SET parts = json_insert(parts, '$[#]', ?) WHERE id = ?",
                (ts, question_id),
            )

    def finish(
        self,
        question_id: str,
        outcome: Outcome,
        posted_ts: str | None = None,
        *,
        keep_words: bool = False,
    ) -> bool:
        """Note how a question ended, and erase its text.

        Args:
            question_id: The question.
            outcome: How it ended.
            posted_ts: Time stamp of the message that says so.
            keep_words: Keep its text as long as an answer, so that it can be asked again.

        Returns:
            False if it had already ended: it was withdrawn, or another process ended it.
        """
        with self.database.sql() as sql:
            done = sql.execute(
                "UPDATE question SET state = 'done', outcome = ?, posted_ts = ?,"
                " text = CASE ? WHEN 1 THEN text ELSE '' END, response_url = ''"
                " WHERE id = ? AND state != 'done'",
                (outcome.value, posted_ts, int(keep_words), question_id),
            )
            return done.rowcount == 1

    def outcome(self, question_id: str) -> Outcome | None:
        """Return how a question ended; None if it has not ended or is not known."""
        with self.database.sql() as sql:
            row = sql.execute(
                "SELECT outcome FROM question WHERE id = ?", (question_id,)
            ).fetchone()
        return None if row is None or row[0] is None else Outcome(row[0])

    def settle(self, question_id: str, seen_ts: str) -> str | None:
        """Note that an answer that was thought missing is in Slack after all, at *seen_ts*.

        Returns:
            Time stamp of the note that said it may be missing; None if there was no doubt.
        """
        with self.database.transaction() as sql:
            row = sql.execute(
                "SELECT posted_ts FROM question WHERE id = ? AND outcome = 'uncertain'"
                " AND posted_ts != ?",
                (question_id, seen_ts),
            ).fetchone()
            if row is None:
                return None
            sql.execute(
                "UPDATE question SET outcome = 'posted', posted_ts = ?, text = '' WHERE id = ?",
                (seen_ts, question_id),
            )
        return str(row[0])

    def words(self, question_id: str) -> Received | None:
        """Return an ended question that may be asked again; None if its text has been erased."""
        with self.database.sql() as sql:
            row = sql.execute(
                "SELECT * FROM question WHERE id = ? AND text != ''", (question_id,)
            ).fetchone()
        return None if row is None else _claimed(row).received

    def revise(self, team: str, channel: str, ts: str, *, text: str) -> bool:
        """Replace the text of a question that is still waiting; return whether it was waiting."""
        with self.database.sql() as sql:
            done = sql.execute(
                "UPDATE question SET text = ? WHERE team = ? AND channel = ? AND ts = ?"
                " AND state = 'waiting'",
                (text, team, channel, ts),
            )
            return done.rowcount == 1

    def withdraw(self, team: str, channel: str, ts: str) -> Withdrawn | None:
        """Withdraw the question in a message; None if it has none.

        From now on nobody may begin to post for it.
        """
        with self.database.transaction() as sql:
            row = sql.execute(
                "SELECT * FROM question WHERE team = ? AND channel = ? AND ts = ?",
                (team, channel, ts),
            ).fetchone()
            if row is None:
                return None
            sql.execute(
                "UPDATE question SET state = 'done', outcome = 'withdrawn', text = '',"
                " response_url = '' WHERE id = ?",
                (row["id"],),
            )
        messages = [*json.loads(row["parts"]), *([row["posted_ts"]] if row["posted_ts"] else [])]
        return Withdrawn(
            id=row["id"],
            thread_ts=row["thread_ts"],
            posting=row["state"] == "posting",
            messages=tuple(dict.fromkeys(messages)),
        )

    def in_thread(self, team: str, channel: str, thread_ts: str) -> list[str]:
        """Return the ids of the unfinished questions in a thread."""
        with self.database.sql() as sql:
            rows = sql.execute(
                "SELECT id FROM question WHERE team = ? AND channel = ? AND thread_ts = ?"
                " AND state != 'done' ORDER BY seq",
                (team, channel, thread_ts),
            )
            return [row[0] for row in rows.fetchall()]

    def last_asker(self, team: str, channel: str, thread_ts: str) -> str | None:
        """Return who asked last in a thread; None if nobody did."""
        with self.database.sql() as sql:
            row = sql.execute(
                "SELECT user FROM question WHERE team = ? AND channel = ? AND thread_ts = ?"
                " ORDER BY seq DESC LIMIT 1",
                (team, channel, thread_ts),
            ).fetchone()
        return None if row is None else row[0]

    def waiting(self) -> int:
        """Return how many questions nobody has taken yet."""
        with self.database.sql() as sql:
            row = sql.execute("SELECT count(*) FROM question WHERE state = 'waiting'").fetchone()
        return int(row[0])

    def unfinished(self) -> list[Claimed]:
        """Return the unfinished questions, oldest first."""
        with self.database.sql() as sql:
            rows = sql.execute("SELECT * FROM question WHERE state != 'done' ORDER BY seq")
            return [_claimed(row) for row in rows.fetchall()]


def _claimed(row: sqlite3.Row) -> Claimed:
    return Claimed(
        id=row["id"],
        received=Received(
            event_id=row["event_id"],
            team=row["team"],
            channel=row["channel"],
            ts=row["ts"],
            thread_ts=row["thread_ts"],
            user=row["user"],
            text=row["text"],
            kind=Kind(row["kind"]),
            response_url=row["response_url"],
            is_open=bool(row["is_open"]),
        ),
        received_at=row["received_at"],
        attempts=row["attempts"],
        turned_away=bool(row["turned_away"]),
        maybe_posted=row["state"] == "posting",
        parts=tuple(json.loads(row["parts"])),
    )
