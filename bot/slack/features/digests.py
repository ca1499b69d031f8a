"""The weekly digest of a channel, sent to those who asked for it."""

import asyncio
import logging
from datetime import datetime

from footnote_qa.bot.languages import speak, tr
from footnote_qa.bot.slack.features.dependencies import Dependencies
from footnote_qa.bot.slack.inbound import Standing
from footnote_qa.bot.slack.messages import (
    Message,
    defuse,
    rich_text_block,
    section,
    shorten,
    texts,
    words,
)
from footnote_qa.bot.slack.outbound import CALL_ERRORS, failure, say
from footnote_qa.bot.state import (
    WEEK_S,
    ChannelWeek,
    Digest,
    subscribe,
    take_due,
    unsubscribe,
    week_of,
)

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 3600.0
_QUESTION_CHARS = 200


async def send_digests(deps: Dependencies, now: datetime) -> None:
    """Send every digest that is due; one that Slack does not take is tried again in an hour."""
    database = deps.store.database
    for digest in await asyncio.to_thread(take_due, database, deps.team, now=now.timestamp()):
        later = now.timestamp() + AGAIN_AFTER_S
        may = await _may(deps, digest)
        if may is None:
            await asyncio.to_thread(subscribe, database, digest, next_at=later)
            continue
        if not may:
            await asyncio.to_thread(unsubscribe, database, digest)
            continue
        since = now.timestamp() - WEEK_S
        week = await asyncio.to_thread(week_of, database, digest, since=since)
        if not week.asked:
            continue
        try:
            await _send(deps, digest, week)
        except CALL_ERRORS as error:
            log.warning("digest not sent", extra={"code": failure(error).code})
            await asyncio.to_thread(subscribe, database, digest, next_at=later)


async def _may(deps: Dependencies, digest: Digest) -> bool | None:
    """Return whether the person still decides about the channel; None if Slack does not say."""
    if digest.user in await asyncio.to_thread(deps.channels.helpers, digest.channel):
        return True
    person = await deps.people.person(digest.user)
    return None if person.standing is Standing.UNKNOWN else person.is_admin


async def _send(deps: Dependencies, digest: Digest, week: ChannelWeek) -> None:
    person = await deps.people.person(digest.user)
    speak(person.locale)
    opened = await deps.clients.calls.conversations_open(users=digest.user)
    await say(deps.clients.posts, str(opened["channel"]["id"]), digest_message(digest, week))


def digest_message(digest: Digest, week: ChannelWeek) -> Message:
    """Return the digest of a week."""
    facts = [
        tr("Questions: {n}").format(n=week.asked),
        tr("Without an answer: {n}").format(n=week.gaps),
        tr("Thought not helpful: {n}").format(n=week.wrong),
    ]
    head = section(
        words(f"{tr(texts.DIGEST_HEAD)} ", bold=True),
        {"type": "channel", "channel_id": digest.channel},
    )
    elements = [head, _bullets(facts)]
    if week.questions:
        asked = [
            f"{shorten(question, _QUESTION_CHARS)}{f' ({count}×)' if count > 1 else ''}"
            for question, count in week.questions
        ]
        elements += [
            section(words("\n" + tr("The documents didn't answer:"), bold=True)),
            _bullets(asked),
        ]
    text = f"{tr(texts.DIGEST_HEAD)}: {', '.join(facts)}"
    return Message(text=defuse(text), blocks=(rich_text_block(elements),))


def _bullets(lines: list[str]) -> dict[str, object]:
    shown = [section(words(line)) for line in lines]
    return {"type": "rich_text_list", "style": "bullet", "elements": shown}
