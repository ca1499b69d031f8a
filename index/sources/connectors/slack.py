"""Channels of Slack: each thread becomes a document, for the members of its channel.

https://docs.slack.dev/reference/methods/conversations.history and .../conversations.replies
"""

from collections.abc import Iterator, Mapping
from typing import Final

from footnote_qa.index.audience import EVERYBODY, Readers, email
from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.paths import joined, safe
from footnote_qa.index.sources.connectors.slack_text import day_of, first_words, plain, time_at
from footnote_qa.index.sources.sync import (
    Client,
    ClientOptions,
    Event,
    Item,
    ItemError,
    Json,
    Listed,
    MissingError,
    Unlisted,
)

_PAGE: Final = 200
_DAY_S: Final = 86_400
_WRITTEN: Final = "1"
"""Raised when an unchanged thread becomes another text."""

# https://docs.slack.dev/reference/methods/auth.test lists the errors of tokens
_TOKEN_ERRORS: Final = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
)
_GONE: Final = frozenset({"channel_not_found", "thread_not_found", "not_in_channel"})
# Joining, leaving, topics and the like are no part of a conversation
_TALK: Final = frozenset({"", "thread_broadcast", "file_share", "me_message", "bot_message"})


class SlackChannels:
    """The threads of the channels that the settings name.

    Args:
        client: With the API as its base.
        settings: The source's settings.
    """

    def __init__(self, client: Client, settings: ConnectorSettings) -> None:
        self._client, self._settings = client, settings
        self._people: dict[str, Json] = {}
        self._place = ""

    def check(self) -> str:
        """Return who is signed in."""
        found = self._call("auth.test", {})
        return f"{found.get('user')} in {found.get('team')}"

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield every thread: Slack reports no deletion afterwards, so all are listed."""
        del cursor
        self._place = str(self._call("auth.test", {}).get("url") or "")
        for channel in self._settings.texts("channels"):
            try:
                yield from self._in_channel(channel)
            except ItemError as error:
                yield Unlisted(scope=channel, reason=f"{error.reason}: invite the app into it")
        yield Listed()

    def _in_channel(self, channel: str) -> Iterator[Item]:
        about = self._call("conversations.info", {"channel": channel})["channel"]
        name = str(about.get("name") or channel)
        days = self._settings.number("days")
        asked: dict[str, str | int] = {"channel": channel, "limit": _PAGE}
        if days:
            now = self._settings.clock.now().timestamp()
            asked["oldest"] = f"{now - days * _DAY_S:.6f}"
        for message in self._pages("conversations.history", asked, "messages"):
            if message.get("subtype", "") in _TALK and int(message.get("reply_count") or 0):
                yield self._item(channel, name, message)

    def _item(self, channel: str, name: str, message: Json) -> Item:
        ts, edited = str(message["ts"]), message.get("edited") or {}
        count, latest = message.get("reply_count"), message.get("latest_reply")
        title = first_words(self._plain(str(message.get("text") or "")))
        day = day_of(ts)
        url = f"{self._place}archives/{channel}/p{ts.replace('.', '')}" if self._place else None
        return Item(
            key=f"{channel}:{ts}",
            version=f"{count}.{latest}.{edited.get('ts', '')}.{_WRITTEN}",
            path=joined(safe(name), f"{day} {safe(title)} {ts.replace('.', '')}.md"),
            name="thread.md",
            title=title,
            url=url,
            modified_at=time_at(str(latest or ts)),
            created_at=time_at(ts),
            author=str(message.get("user") or ""),
            scope=channel,
            readers=self._readers(channel),
        )

    def _readers(self, channel: str) -> Readers:
        is_open = self._settings.text("permissions") == "settings"
        return EVERYBODY if is_open else ((f"slack:{channel}",),)

    def fetch(self, item: Item) -> bytes:
        """Return a thread as Markdown."""
        channel, _, ts = item.key.partition(":")
        asked: dict[str, str | int] = {"channel": channel, "ts": ts, "limit": _PAGE}
        parts = [
            f"**{self._name(message)}** on {day_of(str(message['ts']))}:\n\n"
            f"{self._plain(str(message.get('text') or ''))}"
            for message in self._pages("conversations.replies", asked, "messages")
            if message.get("subtype", "") in _TALK
        ]
        return ("\n\n".join(parts) + "\n").encode(errors="replace")

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield who is in each channel; the bot itself asks Slack again at each question."""
        for channel in self._settings.texts("channels"):
            asked: dict[str, str | int] = {"channel": channel, "limit": _PAGE}
            try:
                members = list(self._pages("conversations.members", asked, "members"))
            except MissingError:
                continue
            for user in map(str, members):
                profile = self._person(user).get("profile") or {}
                if profile.get("email"):
                    yield f"slack:{channel}", email(str(profile["email"]))

    def _plain(self, text: str) -> str:
        return plain(text, lambda user: self._name({"user": user}))

    def _name(self, message: Json) -> str:
        if not message.get("user"):
            return str(message.get("username") or "an app")
        person = self._person(str(message["user"]))
        profile = person.get("profile") or {}
        return str(profile.get("display_name") or profile.get("real_name") or "someone")

    def _person(self, user: str) -> Json:
        if user not in self._people:
            try:
                found = self._call("users.info", {"user": user})["user"]
            except ItemError:  # of another workspace
                found = {}
            self._people[user] = found
        return self._people[user]

    def _pages(self, method: str, asked: Mapping[str, str | int], rows: str) -> Iterator[Json]:
        cursor = ""
        while True:
            page = self._call(method, {**asked, **({"cursor": cursor} if cursor else {})})
            yield from page.get(rows) or ()
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return

    def _call(self, method: str, asked: Mapping[str, str | int]) -> Json:
        """Return the reply of a method; Slack answers with status 200 to most of its refusals."""
        value = self._client.json(f"/{method}", asked)
        if value.get("ok"):
            return value
        code = str(value.get("error") or "unknown_error")
        variable = self._settings.variables["token"]
        if code in _TOKEN_ERRORS:
            raise SourceError(
                f"Slack refuses the token in {variable}: it has expired or was revoked; make a new"
                " one"
            )
        if code == "missing_scope":
            needed = value.get("needed", "")
            raise SourceError(
                f"the token in {variable} lacks the scope {needed}: add it to the app"
            )
        if code in _GONE:
            raise MissingError(f"Slack does not show it to the app ({code})")
        raise ItemError(f"Slack answers {method} with {code}")


def make(settings: ConnectorSettings) -> SlackChannels:
    """Return the connector of these settings."""
    options = ClientOptions(
        headers={"Authorization": f"Bearer {settings.secrets['token']}"},
        token_name=settings.variables["token"],
        service="Slack",
        clock=settings.clock,
    )
    return SlackChannels(Client(settings.text("api"), options), settings)
