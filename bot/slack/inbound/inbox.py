"""Store a question from a Slack event before the event is acknowledged."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from slack_bolt.async_app import AsyncApp

from footnote_qa.bot.slack.manifest import SUBSCRIPTIONS
from footnote_qa.bot.state import ChannelRepository, Kind, QuestionRepository, Received, Withdrawn

log = logging.getLogger(__name__)

EDITED_WITHIN_S: Final = 3600.0
"""An edit within this many seconds after a message was written may turn it into a question."""

_SUBTYPES = {None, "file_share", "thread_broadcast"}
_SLACK_ITSELF = {"USLACKBOT", "USLACK"}
_SOMEBODY = re.compile(r"<(?:@[UW]|!subteam)")


class Arrival(StrEnum):
    """The kind of an event."""

    NEW = "new"  # a question, stored
    DUPLICATE = "duplicate"  # a question that is already known
    WITHDRAWN = "withdrawn"  # a question was deleted
    REVISED = "revised"  # a question that was still waiting was edited
    OTHER = "other"  # nothing to answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The result of an event.

    Attributes:
        question: The question in it, if there was one.
        withdrawn: The question that was deleted, if any.
        channel: Its channel; "" if nothing happened.
    """

    arrival: Arrival
    question: Received | None = None
    withdrawn: Withdrawn | None = None
    channel: str = ""


_NOTHING: Final = Taken(arrival=Arrival.OTHER)


class Inbox:
    """Stores questions, each once.

    Args:
        store: Holds them.
        channels: Rules of the channels, such as where no mention is needed.
        team: The workspace that the token belongs to.
        bot_user: The app's own user.
        max_waiting: How many may wait before the next one is turned away.
    """

    def __init__(
        self,
        store: QuestionRepository,
        channels: ChannelRepository,
        *,
        team: str,
        bot_user: str,
        max_waiting: int,
    ) -> None:
        self._store = store
        self._channels = channels
        self._team = team
        self._bot_user = bot_user
        self._max_waiting = max_waiting

    async def take(self, body: Mapping[str, Any]) -> Taken:
        """Apply *body*: a new question, an edited one or a deleted one.

        Raises:
            StoreError: It could not be stored; the event must not be acknowledged.
        """
        event = body.get("event")
        if not isinstance(event, Mapping) or _team(body) != self._team:
            return _NOTHING
        change = changed(event)
        if change is not None:
            return await asyncio.to_thread(self._change, change)
        question = asked(body, team=self._team, bot_user=self._bot_user)
        if question is None:
            return _NOTHING
        taken = await asyncio.to_thread(self._consider, question)
        if taken.arrival is Arrival.DUPLICATE and "edited" in event:
            change = Change(channel=question.channel, ts=question.ts, text=question.text)
            await asyncio.to_thread(self._change, change)
        return taken

    async def keep(self, question: Received) -> Arrival:
        """Store a question that did not come as an event."""
        return (await asyncio.to_thread(self._consider, question)).arrival

    def _consider(self, question: Received) -> Taken:
        if question.kind is Kind.FOLLOW_UP and not self._is_follow_up(question):
            return _NOTHING
        if question.kind is Kind.UNASKED and not self._is_welcome(question):
            return _NOTHING
        if question.kind is Kind.MENTION:
            self._channels.speak(question.channel, question.thread_ts)
        is_new = self._store.receive(question, max_waiting=self._max_waiting)
        details = {"channel": question.channel, "ts": question.ts, "is_new": is_new}
        log.info("question received", extra=details)
        arrival = Arrival.NEW if is_new else Arrival.DUPLICATE
        return Taken(arrival=arrival, question=question, channel=question.channel)

    def _is_follow_up(self, question: Received) -> bool:
        """Return whether a reply without a mention is meant for the bot."""
        channel, thread_ts = question.channel, question.thread_ts
        asker = self._store.last_asker(question.team, channel, thread_ts)
        if asker is None or not self._channels.rules(channel).follow_ups:
            return False
        if asker != question.user or _SOMEBODY.search(question.text):
            self._channels.hush(channel, thread_ts)
            return False
        return not self._channels.is_quiet(channel, thread_ts)

    def _is_welcome(self, question: Received) -> bool:
        is_question = "?" in question.text and not _SOMEBODY.search(question.text)
        return is_question and self._channels.rules(question.channel).unasked

    def _change(self, change: "Change") -> Taken:
        if change.text is not None:
            was_waiting = self._store.revise(
                self._team, change.channel, change.ts, text=change.text
            )
            return replace(_NOTHING, arrival=Arrival.REVISED) if was_waiting else _NOTHING
        withdrawn = self._store.withdraw(self._team, change.channel, change.ts)
        if withdrawn is None:
            return _NOTHING
        log.info("question withdrawn", extra={"question_id": withdrawn.id})
        return Taken(arrival=Arrival.WITHDRAWN, withdrawn=withdrawn, channel=change.channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A message was edited or deleted.

    Attributes:
        text: Its text now; None if it was deleted.
    """

    channel: str
    ts: str
    text: str | None


def changed(event: Mapping[str, Any]) -> Change | None:
    """Read the change to an earlier message; None if the event is not a change."""
    subtype, channel = event.get("subtype"), str(event.get("channel") or "")
    if event.get("type") != "message" or not channel:
        return None
    if subtype == "message_deleted" and event.get("deleted_ts"):
        return Change(channel=channel, ts=str(event["deleted_ts"]), text=None)
    message = event.get("message")
    if subtype != "message_changed" or not isinstance(message, Mapping) or not message.get("ts"):
        return None
    # A deleted message with replies stays as a tombstone, so that its thread has a head.
    is_gone = message.get("subtype") == "tombstone"
    text = None if is_gone else str(message.get("text") or "")
    return Change(channel=channel, ts=str(message["ts"]), text=text)


def asked(body: Mapping[str, Any], *, team: str, bot_user: str) -> Received | None:
    """Read the question in an event; None if it has none, or not one for the bot.

    Args:
        body: The event with its envelope, as Slack sends it.
        team: The workspace that the token belongs to.
        bot_user: The app's own user.
    """
    event = body.get("event")
    if not isinstance(event, Mapping) or _team(body) != team or not _is_fit(event, bot_user):
        return None
    kind = _kind(event, bot_user)
    if kind is None:
        return None
    ts = str(event["ts"])
    return Received(
        event_id=str(body.get("event_id") or f"{event['channel']}:{ts}"),
        team=team,
        channel=str(event["channel"]),
        ts=ts,
        thread_ts=str(event.get("thread_ts") or ts),
        user=str(event["user"]),
        text=str(event.get("text") or ""),
        kind=kind,
        is_open=bool(body.get("is_ext_shared_channel")) and kind is not Kind.DIRECT,
    )


def _team(body: Mapping[str, Any]) -> object:
    # In a shared channel, `team_id` is the asker's workspace, and the authorization is ours.
    authorizations = body.get("authorizations") or [{}]
    return authorizations[0].get("team_id") or body.get("team_id")


def _kind(event: Mapping[str, Any], bot_user: str) -> Kind | None:
    if event["type"] == "app_mention":
        return Kind.MENTION
    if event.get("channel_type") == "im":
        return Kind.DIRECT
    if event.get("channel_type") not in {"channel", "group"} or f"<@{bot_user}" in str(
        event.get("text")
    ):
        return None  # a mention comes as a separate event
    is_reply = event.get("thread_ts") not in {None, event["ts"]}
    return Kind.FOLLOW_UP if is_reply else Kind.UNASKED


def _is_fit(event: Mapping[str, Any], bot_user: str) -> bool:
    is_meant = event.get("type") in {"app_mention", "message"} and event.get("subtype") in _SUBTYPES
    is_whole = all(event.get(key) for key in ("channel", "ts", "user"))
    return is_meant and is_whole and _is_person(event, bot_user) and not _is_late_edit(event)


def _is_late_edit(event: Mapping[str, Any]) -> bool:
    """Return whether an edited mention is delivered so late that its question's key is erased."""
    edited = event.get("edited")
    if edited is None:
        return False
    try:
        return float(edited["ts"]) - float(event["ts"]) > EDITED_WITHIN_S
    except (KeyError, TypeError, ValueError):
        return True


def _is_person(event: Mapping[str, Any], bot_user: str) -> bool:
    is_app = bool(event.get("bot_id") or event.get("bot_profile"))
    return not is_app and event["user"] not in {bot_user, *_SLACK_ITSELF}


Next = Callable[[], Awaitable[object]]


def register(
    app: AsyncApp,
    inbox: Inbox,
    *,
    wake: Callable[[], None],
    greet: Callable[[Received], None],
    withdrawn: Callable[[Taken], Awaitable[None]],
) -> None:
    """Register the inbox with *app*; call it after all other listeners are registered.

    Args:
        app: Bolt's app, which drops its own events before they come here.
        inbox: Stores questions.
        wake: Called after one was stored.
        greet: Called to show the person that the question arrived.
        withdrawn: Called after one was deleted.
    """

    # Bolt acknowledges an event before its listener runs, but after this middleware: if it
    # raises, the event is not acknowledged, and Slack delivers it again.
    @app.middleware
    async def keep(body: dict[str, Any], ack: Next, next_: Next) -> object:
        taken = await inbox.take(body)
        if taken.arrival is Arrival.WITHDRAWN:
            await withdrawn(taken)
        if taken.arrival is Arrival.NEW and taken.question is not None:
            wake()
            if taken.question.kind is not Kind.UNASKED:
                greet(taken.question)
        if taken.arrival in {Arrival.DUPLICATE, Arrival.WITHDRAWN}:
            return await ack()
        return await next_()

    async def on_anything_else() -> None:
        """An event without a listener is not acknowledged, so Slack would repeat it."""

    for kind in dict.fromkeys(
        s.type for s in SUBSCRIPTIONS if s.type in {"app_mention", "message"}
    ):
        app.event(kind)(on_anything_else)
    app.event(re.compile(".*"))(on_anything_else)
