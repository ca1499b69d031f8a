"""Hand a question to a person, and save their approved reply as a document."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from slack_bolt.async_app import AsyncApp

from footnote_qa.bot.languages import tr
from footnote_qa.bot.slack.features.dependencies import (
    Ack,
    Body,
    Dependencies,
    bound,
    channel_of,
    user_of,
)
from footnote_qa.bot.slack.manifest import THIS_IS_IT
from footnote_qa.bot.slack.messages import (
    Message,
    defuse,
    elements,
    question_text,
    rich_text_block,
    section,
    texts,
    views,
    words,
)
from footnote_qa.bot.slack.outbound import CALL_ERRORS, change, failure, marked, say
from footnote_qa.bot.state import (
    Approved,
    Received,
    StoredAnswer,
    approve,
    close,
    open_for,
    withdraw,
)
from footnote_qa.index.audience import both

log = logging.getLogger(__name__)


def register(app: AsyncApp, deps: Dependencies) -> None:
    """Register the buttons and the shortcut of a hand-off."""
    app.action(elements.ASK_PERSON)(bound(deps, _on_ask_person))
    app.action(elements.RESOLVED)(bound(deps, _on_resolved))
    app.shortcut(THIS_IS_IT)(bound(deps, _on_this_is_it))
    app.view(views.APPROVE)(bound(deps, _on_save))


async def _on_ask_person(deps: Dependencies, ack: Ack, body: Body) -> None:
    await ack()
    kept = await asyncio.to_thread(deps.kept, str(body["actions"][0]["value"]), body)
    if kept is None:
        await deps.tell(body, tr(texts.FORGOTTEN))
        return
    helper = await asyncio.to_thread(deps.channels.helper, kept.channel, kept.question)
    if not helper:
        await deps.tell(body, tr(texts.NO_HELPER))
    else:
        await _hand_off(deps, kept, helper=helper, asked_by=user_of(body))


async def _on_resolved(deps: Dependencies, ack: Ack, body: Body) -> None:
    await ack()
    question_id, user = str(body["actions"][0]["value"]), user_of(body)
    database = deps.store.database
    if await asyncio.to_thread(close, database, question_id, by=user):
        person = await deps.people.person(user)
        said = tr(texts.SETTLED).format(name=person.name or tr("a colleague"))
        await _replace(deps, body, said)


async def _on_this_is_it(deps: Dependencies, ack: Ack, body: Body) -> None:
    await ack()
    channel, message = channel_of(body), body["message"]
    if channel.startswith("D"):
        await deps.tell(body, tr(texts.NOT_HERE))
    elif not await deps.may_decide(channel, user_of(body)):
        await deps.tell(body, tr(texts.NOT_A_HELPER))
    else:
        thread_ts = str(message.get("thread_ts") or message["ts"])
        question = await asyncio.to_thread(_question, deps, channel, thread_ts)
        answer = question_text(str(message.get("text") or ""), "")
        data = {
            "channel": channel,
            "ts": message["ts"],
            "thread_ts": thread_ts,
            "author": message.get("user") or "",
        }
        readers = (await asyncio.to_thread(deps.channels.rules, channel)).audience
        if (await _audience(deps, channel, thread_ts))[0] != tuple(sorted(readers)):
            readers |= {tr(texts.READERS_OF_SOURCES)}
        view = views.approve_view(
            json.dumps(data),
            question=question,
            answer=answer,
            audience=readers,
        )
        await deps.open(body, view)


async def _on_save(deps: Dependencies, ack: Ack, body: Body) -> None:
    data = json.loads(body["view"]["private_metadata"])
    if not await deps.may_decide(data["channel"], user_of(body)):
        await ack(response_action="errors", errors={"answer": tr(texts.NOT_A_HELPER)})
        return
    approved = await _approved(deps, body, data)
    await asyncio.to_thread(approve, deps.store.database, deps.answers, approved)
    await ack()
    said = tr(texts.APPROVED) if deps.answers_are_indexed else tr(texts.APPROVED_ONLY)
    await deps.tell({"channel": {"id": data["channel"]}, **body}, said)


def _question(deps: Dependencies, channel: str, thread_ts: str) -> str:
    place = Received(
        event_id="", team=deps.team, channel=channel, ts="", thread_ts=thread_ts, user="", text=""
    )
    turns = deps.records.turns(place, limit=1)
    return turns[0].text if turns else ""


async def _approved(deps: Dependencies, body: Body, data: dict[str, Any]) -> Approved:
    given = views.values(body["view"])
    author = await deps.people.person(data["author"])
    approver = await deps.people.person(user_of(body))
    audience, cited = await _audience(deps, data["channel"], data.get("thread_ts") or "")
    return Approved(
        team=deps.team,
        channel=data["channel"],
        ts=data["ts"],
        question=given["question"].get("value") or "",
        answer=given["answer"].get("value") or "",
        author=data["author"],
        author_name=author.name,
        approver=user_of(body),
        approver_name=approver.name,
        audience=audience,
        at=datetime.now(UTC),
        built_on=tuple(cited),
    )


async def _audience(
    deps: Dependencies, channel: str, thread_ts: str
) -> tuple[tuple[str, ...], list[tuple[str, str | None]]]:
    """Return who may read an answer of this thread, and the documents that it may repeat."""
    rules = await asyncio.to_thread(deps.channels.rules, channel)
    cited = await asyncio.to_thread(_cited, deps, channel, thread_ts)
    audience = tuple(sorted(rules.audience))
    if deps.library is None or not cited:
        return audience, cited
    # What was said in the thread may be only for those who may see its documents
    shown = await asyncio.to_thread(deps.library.audience_of, [one for one, _ in cited])
    return both(audience, shown) if shown else audience, cited


_CITING: Final = 20
"""Answers of a thread whose documents an approved answer may repeat."""


def _cited(deps: Dependencies, channel: str, thread_ts: str) -> list[tuple[str, str | None]]:
    """Return the documents that the answers of a thread cite, each with its address."""
    place = Received(
        event_id="", team=deps.team, channel=channel, ts="", thread_ts=thread_ts, user="", text=""
    )
    answers = [turn.answer for turn in deps.records.turns(place, limit=_CITING) if turn.answer]
    pairs = [(one.document, one.url) for answer in answers for one in answer.citations]
    return list(dict.fromkeys(pairs))


async def _hand_off(deps: Dependencies, kept: StoredAnswer, *, helper: str, asked_by: str) -> None:
    database = deps.store.database
    if not await asyncio.to_thread(open_for, database, kept.id, helper=helper, asked_by=asked_by):
        return  # somebody clicked before
    # The only message that is meant to ping somebody: the person in the channel's settings.
    asks = section({"type": "user", "user_id": helper}, words(f" {tr(texts.HANDED_OFF)}"))
    message = Message(
        text=f"<@{helper}> {tr(texts.HANDED_OFF)}",
        blocks=(rich_text_block([asks]), elements.resolved(kept.id)),
    )
    try:
        await say(
            deps.clients.posts,
            kept.channel,
            message,
            thread_ts=kept.thread_ts,
            metadata=marked(f"handoff:{kept.id}"),
        )
    except CALL_ERRORS as error:
        log.warning("nobody asked", extra={"question_id": kept.id, "code": failure(error).code})
        await asyncio.to_thread(withdraw, database, kept.id)


async def _replace(deps: Dependencies, body: Body, said: str) -> None:
    message = Message(text=defuse(said), blocks=(rich_text_block([section(words(said))]),))
    channel, ts = channel_of(body), str(body["container"]["message_ts"])
    try:
        await change(deps.clients.posts, channel, message, ts=ts)
    except CALL_ERRORS as error:
        log.info("message not replaced", extra={"code": failure(error).code})
