"""Commands, entries in the menu of messages, and home sections that plug-ins add.

A plug-in returns words, and Footnote writes them: to the one person who used it, as plain text. A
question that it asks goes the way of /ask-docs, with the audience of that person in that place.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import uuid4

from slack_bolt.async_app import AsyncApp

from footnote_qa.bot.languages import tr
from footnote_qa.bot.slack.feature_plugins import Feature, FeatureBusyError
from footnote_qa.bot.slack.features.commands import commanded
from footnote_qa.bot.slack.features.dependencies import (
    Ack,
    Body,
    Dependencies,
    channel_of,
    user_of,
)
from footnote_qa.bot.slack.inbound import Standing
from footnote_qa.bot.slack.messages import (
    Message,
    defuse,
    question_text,
    rich_text_block,
    section,
    shorten,
    texts,
    words,
)
from footnote_qa.bot.slack.outbound import CALL_ERRORS, failure, reply_privately
from footnote_qa.index.errors import IndexingError
from footnote_qa.index.types import Passage
from footnote_qa.plugins.slack_contracts import SlackCall, SlackReply

log = logging.getLogger(__name__)

REPLY_TIMEOUT_S: Final = 20.0
HOME_TIMEOUT_S: Final = 2.0
MAX_CHARS: Final = 1400
"""Of a reply or a section: even if every other character had to be made inert, it fits."""

MOST_PASSAGES: Final = 20
_MAX_QUESTION_CHARS: Final = 4000

Search = Callable[[str, int], list[Passage]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """A use of a command or of the menu, in the form in which Slack sends commands."""

    user: str
    channel: str
    text: str
    command: Mapping[str, str]


def register(app: AsyncApp, deps: Dependencies) -> None:
    """Register the command and the entry in the menu of messages of each feature."""
    for feature in deps.features:
        if feature.command:
            app.command(feature.command)(_command_listener(deps, feature))
        if feature.shortcut:
            app.shortcut(feature.shortcut)(_shortcut_listener(deps, feature))


def _command_listener(deps: Dependencies, feature: Feature) -> Callable[..., Any]:
    async def listener(ack: Ack, command: dict[str, Any]) -> None:
        await ack()
        use = _Use(
            user=str(command["user_id"]),
            channel=str(command["channel_id"]),
            text=question_text(str(command.get("text") or ""), ""),
            command={key: str(value) for key, value in command.items()},
        )
        await _serve(deps, feature, use)

    return listener


def _shortcut_listener(deps: Dependencies, feature: Feature) -> Callable[..., Any]:
    async def listener(ack: Ack, body: dict[str, Any]) -> None:
        await ack()
        use = _Use(
            user=user_of(body),
            channel=channel_of(body),
            text=question_text(str(body["message"].get("text") or ""), ""),
            command=_as_command(body),
        )
        await _serve(deps, feature, use)

    return listener


def _as_command(body: Body) -> dict[str, str]:
    return {
        "team_id": str((body.get("team") or {}).get("id")),
        "channel_id": channel_of(body),
        "user_id": user_of(body),
        "trigger_id": str(body["trigger_id"]),
        "response_url": str(body["response_url"]),
    }


async def _serve(deps: Dependencies, feature: Feature, use: _Use) -> None:
    if use.command.get("team_id") != deps.team:
        return
    await deps.speak_to(use.user)
    refusal = await _refusal(deps, use)
    if refusal is not None:
        await _tell(deps, use, refusal)
        return
    call = SlackCall(
        user=use.user,
        channel=use.channel,
        text=use.text,
        search=await search_for(deps, use.channel, use.user),
    )
    try:
        reply = await feature.call(partial(_reply, feature, call), timeout_s=REPLY_TIMEOUT_S)
    except FeatureBusyError:
        await _tell(deps, use, tr(texts.BUSY))
        return
    except (Exception, SystemExit):
        reference = uuid4().hex[:12]
        details = {"feature": feature.name, "reference": reference}
        log.exception("slack feature failed", extra=details)
        await _tell(deps, use, tr(texts.FAILED).format(reference=reference))
        return
    if reply.text.strip():
        await _tell(deps, use, reply.text)
    if question := commanded({**use.command, "text": defuse(reply.question)}, deps.team):
        await deps.inbox.keep(question)
        deps.wake()


def _reply(feature: Feature, call: SlackCall) -> SlackReply:
    reply: object = feature.plugin.reply(call)
    if isinstance(reply, SlackReply) and isinstance(reply.text + reply.question, str):
        return reply
    raise TypeError(f"{feature.name}: reply returned {type(reply).__name__}, not SlackReply")


async def _refusal(deps: Dependencies, use: _Use) -> str | None:
    """Return why the person gets nothing, "" to say nothing; None if they may use it."""
    standing = (await deps.people.person(use.user)).standing
    if standing is Standing.APP:
        return ""
    if standing in {Standing.GUEST, Standing.EXTERNAL} and deps.guests != "answer":
        return "" if deps.guests == "ignore" else tr(texts.GUEST)
    rules = await asyncio.to_thread(deps.channels.rules, use.channel)
    return None if rules.enabled else tr(texts.OFF)


async def search_for(deps: Dependencies, channel: str, user: str) -> Search:
    """Return a search in the documents that a person may see in a place."""
    is_member = (await deps.people.person(user)).standing is Standing.MEMBER
    audience = await deps.audiences.of(channel, user) if is_member else frozenset[str]()

    def search(question: str, k: int = 5) -> list[Passage]:
        if deps.library is None:
            return []
        text, most = question[:_MAX_QUESTION_CHARS], max(1, min(k, MOST_PASSAGES))
        try:
            return deps.library.search(text, k=most, audience=audience)
        except IndexingError:
            log.warning("no search for a feature", exc_info=True)
            return []

    return search


async def home_sections(deps: Dependencies, user: str) -> list[tuple[str, str]]:
    """Return title and text of each feature's section of a person's home tab."""
    if not deps.features:
        return []
    search = await search_for(deps, "D", user)
    call = SlackCall(user=user, channel="", text="", search=search)
    told = await asyncio.gather(*(_home(feature, call) for feature in deps.features))
    sections = zip(deps.features, told, strict=True)
    return [(one.title, _cut(text)) for one, text in sections if text.strip()]


async def _home(feature: Feature, call: SlackCall) -> str:
    try:
        told: object = await feature.call(
            partial(feature.plugin.home, call), timeout_s=HOME_TIMEOUT_S
        )
    except (Exception, SystemExit):
        log.warning("no section of a slack feature", extra={"feature": feature.name}, exc_info=True)
        return ""
    return told if isinstance(told, str) else ""


async def _tell(deps: Dependencies, use: _Use, said: str) -> None:
    """Show words to the person who used a feature; a failure is only logged."""
    if not said:
        return
    cut = _cut(said)
    message = Message(text=defuse(cut), blocks=(rich_text_block([section(words(cut))]),))
    try:
        await reply_privately(deps.clients, use.command["response_url"], message)
    except CALL_ERRORS as error:
        log.warning("no reply of a slack feature", extra={"code": failure(error).code})


def _cut(text: str) -> str:
    """Return a text in its lines, or in one line if it is too long."""
    return text if len(text) <= MAX_CHARS else shorten(text, MAX_CHARS)
