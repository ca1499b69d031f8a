"""Slash command, message shortcut, and the buttons to ask again, to choose and to share."""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from slack_bolt.async_app import AsyncApp

from footnote_qa.bot.languages import tr
from footnote_qa.bot.slack.features.channel_commands import WORDS
from footnote_qa.bot.slack.features.dependencies import (
    Ack,
    Body,
    Dependencies,
    bound,
    bound_command,
    channel_of,
    user_of,
)
from footnote_qa.bot.slack.inbound import Arrival
from footnote_qa.bot.slack.manifest import ASK_ABOUT, COMMAND
from footnote_qa.bot.slack.messages import (
    Frame,
    Message,
    answer_message,
    defuse,
    elements,
    note,
    rich_text_block,
    section,
    texts,
    words,
)
from footnote_qa.bot.slack.outbound import CALL_ERRORS, Fault, change, failure, marked, say
from footnote_qa.bot.state import Kind, Received, StoredAnswer, marks_of

log = logging.getLogger(__name__)


def register(app: AsyncApp, deps: Dependencies) -> None:
    """Register the command, the shortcut, and the buttons that ask again, choose or share."""
    app.command(COMMAND)(bound_command(deps, _on_ask))
    app.shortcut(ASK_ABOUT)(bound(deps, _on_ask_about))
    app.action(elements.AGAIN)(bound(deps, _on_again))
    app.action(re.compile(rf"^{elements.CHOICE}_\d+$"))(bound(deps, _on_choose))
    app.action(elements.SHARE)(bound(deps, _on_share))


async def _on_ask(deps: Dependencies, ack: Ack, command: Mapping[str, Any]) -> None:
    given = str(command.get("text") or "").split()
    work = WORDS.get(" ".join(given).casefold())
    if work is not None and command.get("team_id") == deps.team:
        await work(deps, ack, command)
        return
    question = commanded(command, deps.team)
    if question is None:
        await ack(text=tr(texts.EMPTY_COMMAND), response_type="ephemeral")
        return
    await deps.inbox.keep(question)
    await ack(text=tr(texts.ASKING), response_type="ephemeral")
    deps.wake()


async def _on_ask_about(deps: Dependencies, ack: Ack, body: Body) -> None:
    await deps.inbox.keep(pointed_at(body, deps.team))
    await ack()
    deps.wake()


async def _on_again(deps: Dependencies, ack: Ack, body: Body) -> None:
    question = await asyncio.to_thread(_again, deps, body)
    if question is None:
        await ack()
        await deps.tell(body, tr(texts.FORGOTTEN))
        return
    arrival = await deps.inbox.keep(question)
    await ack()
    deps.wake()
    if arrival is Arrival.NEW and not question.response_url:
        await _replace(deps, body, note(tr(texts.ASKED_AGAIN)))


async def _on_choose(deps: Dependencies, ack: Ack, body: Body) -> None:
    """Ask the completed question that a button stands for, once for each question back."""
    at, _, question_id = str(body["actions"][0]["value"]).partition(":")
    kept = await asyncio.to_thread(deps.kept, question_id, body)
    if kept is None or int(at) >= len(kept.answer.choices):
        await ack()
        await deps.tell(body, tr(texts.FORGOTTEN))
        return
    choice = kept.answer.choices[int(at)]
    question = replace(
        _anew(_of_answer(kept), body),
        event_id=f"choice:{question_id}",  # a second click is a duplicate, also on another button
        text=defuse(choice.question),  # as Slack would send it
    )
    arrival = await deps.inbox.keep(question)
    await ack()
    deps.wake()
    if arrival is Arrival.NEW and not question.response_url:
        chosen = texts.CHOSEN.format(question=kept.question, label=choice.label)
        await _replace(deps, body, note(defuse(chosen)))


async def _on_share(deps: Dependencies, ack: Ack, body: Body) -> None:
    await ack()
    question_id = str(body["actions"][0]["value"])
    kept = await asyncio.to_thread(deps.kept, question_id, body)
    if kept is None:
        await deps.tell(body, tr(texts.FORGOTTEN))
    elif kept.user != user_of(body):
        await deps.tell(body, tr(texts.NOT_YOURS))
    elif await asyncio.to_thread(deps.records.share, question_id):
        await deps.tell(body, await _share(deps, kept))


def commanded(command: Mapping[str, Any], team: str) -> Received | None:
    """Read the question behind a command; None if there is none, or it is another workspace's."""
    text = str(command.get("text") or "").strip()
    if not text or command.get("team_id") != team:
        return None
    trigger = str(command["trigger_id"])
    return Received(
        event_id=f"command:{trigger}",
        team=team,
        channel=str(command["channel_id"]),
        ts=f"command:{trigger}",
        thread_ts=f"command:{trigger}",
        user=str(command["user_id"]),
        text=text,
        kind=Kind.COMMAND,
        response_url=str(command["response_url"]),
    )


def pointed_at(body: Body, team: str) -> Received:
    """Read the question in somebody else's message."""
    message, channel = body["message"], str(body["channel"]["id"])
    return Received(
        # Only the first person to use the shortcut on a message gets it answered.
        event_id=f"shortcut:{channel}:{message['ts']}",
        team=team,
        channel=channel,
        ts=str(body["action_ts"]),
        thread_ts=str(message.get("thread_ts") or message["ts"]),
        user=user_of(body),
        text=str(message.get("text") or ""),
        kind=Kind.SHORTCUT,
    )


def _again(deps: Dependencies, body: Body) -> Received | None:
    action = body["actions"][0]
    question_id = str(action["value"])
    kept = deps.records.kept(question_id)
    earlier = deps.store.words(question_id) or (_of_answer(kept) if kept else None)
    if earlier is None or (earlier.team, earlier.channel) != (deps.team, channel_of(body)):
        return None
    place = str((body.get("container") or {}).get("message_ts") or action["action_ts"])
    # A second click is a duplicate
    return replace(_anew(earlier, body), event_id=f"again:{question_id}:{place}")


def _anew(earlier: Received, body: Body) -> Received:
    """Return a question as asked again by a click."""
    action = body["actions"][0]
    is_private = earlier.kind is Kind.COMMAND
    return replace(
        earlier,
        ts=f"command:{action['action_ts']}" if is_private else str(action["action_ts"]),
        user=user_of(body),
        kind=Kind.COMMAND if is_private else Kind.AGAIN,
        response_url=str(body["response_url"]) if is_private else "",
    )


def _of_answer(kept: StoredAnswer) -> Received:
    is_private = kept.thread_ts.startswith("command:")
    return Received(
        event_id="",
        team=kept.team,
        channel=kept.channel,
        ts="",
        thread_ts=kept.thread_ts,
        user=kept.user,
        text=defuse(kept.question),  # as Slack would send it
        kind=Kind.COMMAND if is_private else Kind.AGAIN,
    )


async def _replace(deps: Dependencies, body: Body, message: Message) -> None:
    channel, ts = channel_of(body), str(body["container"]["message_ts"])
    try:
        await change(deps.clients.posts, channel, message, ts=ts)
    except CALL_ERRORS as error:
        log.info("message not replaced", extra={"code": failure(error).code})


async def _share(deps: Dependencies, kept: StoredAnswer) -> str:
    """Post a private answer in its channel; return the message for the person who asked."""
    person = await deps.people.person(kept.user)
    marks = await asyncio.to_thread(marks_of, deps.records.database)
    frame = Frame(now=datetime.now(UTC), question_id=kept.id, marks=marks)
    answer = answer_message(kept.answer, frame)
    asked = tr("{name} asked: {question}").format(
        name=person.name or tr("Somebody"), question=kept.question
    )
    head = rich_text_block([section(words(asked, bold=True))])
    message = replace(answer, text=f"{defuse(asked)}\n{answer.text}", blocks=(head, *answer.blocks))
    metadata = marked(f"shared:{kept.id}")
    try:
        await say(deps.clients.posts, kept.channel, message, metadata=metadata)
    except CALL_ERRORS as error:
        failed = failure(error)
        log.info("answer not shared", extra={"question_id": kept.id, "code": failed.code})
        if failed.fault is not Fault.UNSURE:  # else it may have been posted
            await asyncio.to_thread(deps.records.share, kept.id, taken_back=True)
        return tr(texts.NOT_SHARED)
    return tr(texts.SHARED)
