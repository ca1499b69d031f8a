"""Dependencies shared by all Slack event handlers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footnote_qa.bot.languages import speak
from footnote_qa.bot.slack.documents import DocumentCatalog
from footnote_qa.bot.slack.feature_plugins import Feature
from footnote_qa.bot.slack.inbound import Audiences, Inbox, People
from footnote_qa.bot.slack.messages import note
from footnote_qa.bot.slack.outbound import CALL_ERRORS, Clients, failure, whisper
from footnote_qa.bot.state import (
    AnswerRepository,
    ChannelRepository,
    QuestionRepository,
    StoredAnswer,
)

log = logging.getLogger(__name__)

Body = Mapping[str, Any]
Ack = Callable[..., Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """Everything that an event handler needs.

    Attributes:
        team: The workspace that the token belongs to.
        library: Facts about the documents; None if there are none.
        answers: Folder of the approved answers.
        answers_are_indexed: Whether that folder is one of the sources.
        wake: Notifies the dispatcher that a question was stored.
        status: The bot's status, in lines for administrators.
        prompts: Suggested questions for the messages tab.
        guests: How guests and people of other companies are treated: refuse, ignore or answer.
        features: What plug-ins add.
    """

    team: str
    clients: Clients
    store: QuestionRepository
    inbox: Inbox
    records: AnswerRepository
    channels: ChannelRepository
    people: People
    audiences: Audiences
    library: DocumentCatalog | None
    answers: Path
    answers_are_indexed: bool
    wake: Callable[[], None]
    status: Callable[[], list[str]] = list
    prompts: tuple[str, ...] = ()
    guests: str = "refuse"
    features: tuple[Feature, ...] = ()

    def kept(self, question_id: str, body: Body) -> StoredAnswer | None:
        """Return an answer, if it was given in the place of the click."""
        kept = self.records.kept(question_id)
        is_there = kept is not None and (kept.team, kept.channel) == (self.team, channel_of(body))
        return kept if is_there else None

    async def tell(self, body: Body, sentence: str) -> None:
        """Send a message to the person who clicked; a failure is only logged."""
        try:
            await whisper(
                self.clients.posts,
                channel_of(body),
                note(sentence),
                user=user_of(body),
                thread_ts=thread_of(body),
            )
        except CALL_ERRORS as error:
            log.info("private note not posted", extra={"code": failure(error).code})

    async def open(self, body: Body, view: Mapping[str, object]) -> None:
        """Open a dialog; Slack allows this only within three seconds after the click."""
        try:
            await self.clients.posts.views_open(trigger_id=str(body["trigger_id"]), view=dict(view))
        except CALL_ERRORS as error:
            log.warning("window not opened", extra={"code": failure(error).code})

    async def speak_to(self, user: str) -> None:
        """Use the language of a person from here on in this event."""
        speak(await self.people.locale(user))

    async def may_decide(self, channel: str, user: str) -> bool:
        """Return whether *user* is a person to ask in a channel, or a workspace administrator."""
        if user in await asyncio.to_thread(self.channels.helpers, channel):
            return True
        return (await self.people.person(user)).is_admin


def channel_of(body: Body) -> str:
    """Return the channel of a click; "" if it has none."""
    return str((body.get("channel") or body.get("container") or {}).get("id") or "")


def user_of(body: Body) -> str:
    """Return who clicked."""
    return str(body["user"]["id"])


def thread_of(body: Body) -> str | None:
    """Return the thread of a click; None if it has none."""
    message = body.get("message") or {}
    return message.get("thread_ts") or None


def bound(
    deps: Dependencies, work: Callable[[Dependencies, Ack, Body], Awaitable[None]]
) -> Callable[..., Awaitable[None]]:
    """Return *work* as a function that Bolt can call by argument names."""

    async def listener(ack: Ack, body: dict[str, Any]) -> None:
        await deps.speak_to(user_of(body))
        await work(deps, ack, body)

    return listener


def bound_command(
    deps: Dependencies, work: Callable[[Dependencies, Ack, Body], Awaitable[None]]
) -> Callable[..., Awaitable[None]]:
    """Return *work* as a function that Bolt can call for a command."""

    async def listener(ack: Ack, command: dict[str, Any]) -> None:
        await deps.speak_to(str(command.get("user_id") or ""))
        await work(deps, ack, command)

    return listener


def bound_event(
    deps: Dependencies, work: Callable[[Dependencies, Body], Awaitable[None]]
) -> Callable[..., Awaitable[None]]:
    """Return *work* as a function that Bolt can call for an event."""

    async def listener(event: dict[str, Any]) -> None:
        await deps.speak_to(str(event.get("user") or ""))
        await work(deps, event)

    return listener
