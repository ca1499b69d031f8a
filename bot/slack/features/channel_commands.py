"""/ask-docs settings, topics and digest: what a channel's people set without a file."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from slack_bolt.async_app import AsyncApp

from footnote_qa.bot.languages import tr
from footnote_qa.bot.slack.features.dependencies import (
    Ack,
    Body,
    Dependencies,
    bound,
    user_of,
)
from footnote_qa.bot.slack.messages import texts, views
from footnote_qa.bot.state import (
    MOST_TOPICS,
    Digest,
    Topic,
    listed,
    name_helper,
    next_monday,
    subscribe,
    topics_of,
    unsubscribe,
)

log = logging.getLogger(__name__)

Work = Callable[[Dependencies, Ack, Body], Awaitable[None]]


def register(app: AsyncApp, deps: Dependencies) -> None:
    """Register the dialog for the topics of a channel."""
    app.view(views.TOPICS)(bound(deps, _on_topic))


async def _on_settings(deps: Dependencies, ack: Ack, command: Body) -> None:
    channel, user = _place(command)
    if not (await deps.people.person(user)).is_admin:
        await _say(ack, tr(texts.ONLY_ADMINS))
        return
    await ack()
    rules = await asyncio.to_thread(deps.channels.rules, channel)
    await deps.open(command, views.rules_view(channel, rules))


async def _on_topics(deps: Dependencies, ack: Ack, command: Body) -> None:
    channel, user = _place(command)
    if not await _may(deps, ack, channel=channel, user=user):
        return
    await ack()
    topics = await asyncio.to_thread(topics_of, deps.store.database, deps.team, channel)
    named = [(one.words, (await deps.people.person(one.helper)).name or "…") for one in topics]
    await deps.open(command, views.topics_view(channel, named))


async def _on_topic(deps: Dependencies, ack: Ack, body: Body) -> None:
    channel, user = str(body["view"]["private_metadata"]), user_of(body)
    if not await deps.may_decide(channel, user):
        await ack(response_action="errors", errors={"words": tr(texts.NOT_A_HELPER)})
        return
    given = views.values(body["view"])
    topic = Topic(
        words=listed(given["words"].get("value") or ""),
        helper=given["helper"].get("selected_user") or "",
    )
    if fault := await asyncio.to_thread(_fault, deps, channel, topic):
        await ack(response_action="errors", errors={"words": fault})
        return
    await asyncio.to_thread(
        name_helper, deps.store.database, topic, team=deps.team, channel=channel, by=user
    )
    await ack()
    log.info("topic changed", extra={"channel": channel, "user": user})
    name = (await deps.people.person(topic.helper)).name if topic.helper else ""
    said = tr(texts.TOPIC_SAVED) if topic.helper else tr(texts.TOPIC_GONE)
    place = {"channel": {"id": channel}, **body}
    await deps.tell(place, said.format(words=topic.words, name=name or "…"))


def _fault(deps: Dependencies, channel: str, topic: Topic) -> str:
    """Return why a topic cannot be stored; "" if it can."""
    if not topic.words:
        return tr(texts.NO_TOPIC_WORDS)
    known = {one.words for one in topics_of(deps.store.database, deps.team, channel)}
    if topic.helper and topic.words not in known and len(known) >= MOST_TOPICS:
        return tr(texts.TOO_MANY_TOPICS).format(count=len(known))
    return ""


async def _on_digest(deps: Dependencies, ack: Ack, command: Body) -> None:
    channel, user = _place(command)
    if not await _may(deps, ack, channel=channel, user=user):
        return
    person = await deps.people.person(user)
    first = next_monday(datetime.now(UTC), offset_s=person.offset_s)
    digest = Digest(team=deps.team, channel=channel, user=user)
    await asyncio.to_thread(subscribe, deps.store.database, digest, next_at=first.timestamp())
    await _say(ack, tr(texts.DIGEST_ON))


async def _on_no_digest(deps: Dependencies, ack: Ack, command: Body) -> None:
    channel, user = _place(command)
    digest = Digest(team=deps.team, channel=channel, user=user)
    had = await asyncio.to_thread(unsubscribe, deps.store.database, digest)
    await _say(ack, tr(texts.DIGEST_OFF) if had else tr(texts.DIGEST_WAS_OFF))


async def _may(deps: Dependencies, ack: Ack, *, channel: str, user: str) -> bool:
    """Return whether somebody decides about a channel; if not, tell them."""
    if channel.startswith("D"):
        await _say(ack, tr(texts.NOT_HERE))
        return False
    if not await deps.may_decide(channel, user):
        await _say(ack, tr(texts.NOT_A_HELPER))
        return False
    return True


async def _say(ack: Ack, sentence: str) -> None:
    await ack(text=sentence, response_type="ephemeral")


def _place(command: Body) -> tuple[str, str]:
    return str(command["channel_id"]), str(command["user_id"])


WORDS: Final[Mapping[str, Work]] = {
    "settings": _on_settings,
    "topics": _on_topics,
    "digest": _on_digest,
    "digest on": _on_digest,
    "digest off": _on_no_digest,
}
"""What follows /ask-docs if it is not a question."""
