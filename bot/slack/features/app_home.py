"""The App Home page, suggested prompts, and the dialog for channel settings."""

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from slack_bolt.async_app import AsyncApp

from footnote_qa.bot.languages import tr
from footnote_qa.bot.slack.documents import DocumentCatalog, Facts
from footnote_qa.bot.slack.features.additions import home_sections
from footnote_qa.bot.slack.features.dependencies import (
    Ack,
    Body,
    Dependencies,
    bound,
    bound_event,
    user_of,
)
from footnote_qa.bot.slack.inbound import Standing
from footnote_qa.bot.slack.messages import Block, Hello, ago, elements, inert, shorten, texts, views
from footnote_qa.bot.slack.outbound import CALL_ERRORS, failure
from footnote_qa.bot.state import Chosen
from footnote_qa.index.errors import IndexingError

log = logging.getLogger(__name__)

LAST: Final = 5
LANGUAGE: Final = re.compile(r"[\w() -]{0,40}")
"""A language name is put into the model's rules, so it may contain nothing but a name."""


def register(app: AsyncApp, deps: Dependencies) -> None:
    """Register the home page, the messages tab, and the dialog for a channel's settings."""
    app.event("app_home_opened")(bound_event(deps, _on_opened))
    app.action(elements.CHANNEL)(bound(deps, _on_choose))
    app.view(views.RULES)(bound(deps, _on_chosen))


async def _on_opened(deps: Dependencies, event: Mapping[str, Any]) -> None:
    user = str(event["user"])
    if event.get("tab") == "messages":
        await _suggest(deps, str(event["channel"]))
    elif event.get("tab") == "home":
        await _publish(deps, user)


async def _on_choose(deps: Dependencies, ack: Ack, body: Body) -> None:
    await ack()
    channel = str(body["actions"][0]["selected_conversation"])
    if (await deps.people.person(user_of(body))).is_admin:
        rules = await asyncio.to_thread(deps.channels.rules, channel)
        await deps.open(body, views.rules_view(channel, rules))


async def _on_chosen(deps: Dependencies, ack: Ack, body: Body) -> None:
    user = user_of(body)
    if not (await deps.people.person(user)).is_admin:
        await ack(response_action="errors", errors={"switches": tr(texts.ONLY_ADMINS)})
        return
    given = views.values(body["view"])
    if not LANGUAGE.fullmatch(given["language"].get("value") or ""):
        await ack(response_action="errors", errors={"language": tr(texts.NO_LANGUAGE)})
        return
    on = {option["value"] for option in given["switches"].get("selected_options") or ()}
    rules = Chosen(
        enabled="enabled" in on,
        follow_ups="follow_ups" in on,
        unasked="unasked" in on,
        helper=given["helper"].get("selected_user") or "",
        language=(given["language"].get("value") or "").strip(),
    )
    channel = str(body["view"]["private_metadata"])
    await asyncio.to_thread(deps.channels.choose, channel, rules, by=user)
    await ack()
    log.info("channel settings changed", extra={"channel": channel, "user": user})


async def _suggest(deps: Dependencies, channel: str) -> None:
    facts = await _facts(deps, frozenset())
    prompts = suggestions(deps.prompts, () if facts is None else facts.titles)
    if not prompts:
        return
    shown = [{"title": inert(shorten(p, 80)), "message": p} for p in prompts]
    try:
        await deps.clients.posts.assistant_threads_setSuggestedPrompts(
            channel_id=channel, title=tr(texts.PROMPTS_TITLE), prompts=shown
        )
    except CALL_ERRORS as error:
        log.info("nothing suggested", extra={"code": failure(error).code})


async def _publish(deps: Dependencies, user: str) -> None:
    person = await deps.people.person(user)
    now = datetime.now(UTC)
    is_member = person.standing is Standing.MEMBER
    audience = await deps.audiences.of("D", user) if is_member else frozenset[str]()
    facts = await _facts(deps, audience)
    mine = await asyncio.to_thread(deps.records.last_of, user, limit=LAST)
    admin = await _admin(deps, now) if person.is_admin else []
    may_use = is_member or (deps.guests == "answer" and person.standing is not Standing.APP)
    added = await home_sections(deps, user) if may_use else []
    view = views.home_view(facts, mine, now=now, more=[*views.added_blocks(added), *admin])
    try:
        await deps.clients.posts.views_publish(user_id=user, view=view)
    except CALL_ERRORS as error:
        log.warning("home not shown", extra={"code": failure(error).code})


async def _admin(deps: Dependencies, now: datetime) -> list[Block]:
    failing = await asyncio.to_thread(deps.records.unanswered, limit=LAST)
    # A Slack administrator need not be in every group: texts stay where they were asked.
    open_ones = [k for k in failing if not deps.channels.rules(k.channel).audience]
    public = [kept for kept in open_ones if not kept.channel.startswith("D")]
    status = [inert(line) for line in await asyncio.to_thread(deps.status)]
    return views.admin_blocks(status=status, failing=public, now=now)


async def _facts(deps: Dependencies, audience: frozenset[str]) -> Facts | None:
    if deps.library is None:
        return None
    try:
        return await asyncio.to_thread(deps.library.facts, audience)
    except IndexingError:
        log.warning("index not described")
        return None


MAX_PROMPTS: Final = 4
TITLES_SHOWN: Final = 6


def suggestions(prompts: Sequence[str], titles: Iterable[str]) -> tuple[str, ...]:
    """Return suggested questions: first from the settings, then from the documents' titles.

    >>> suggestions(["How many days of leave?"], ["Parking"])
    ('How many days of leave?', 'What does “Parking” say?')
    """
    about = [tr("What does “{title}” say?").format(title=shorten(title, 60)) for title in titles]
    return (*prompts, *about)[:MAX_PROMPTS]


def hello(library: DocumentCatalog, prompts: Sequence[str]) -> Hello:
    """Return the greeting of the `footnote slack try` page, which may show every document."""
    try:
        facts = library.facts(None)
    except IndexingError:
        return Hello(words=tr(texts.HOME_NO_INDEX))
    count = f"{len(facts.titles)} document{'s' if len(facts.titles) != 1 else ''}"
    built = ago(facts.created_at, datetime.now(UTC))
    some = ", ".join(f"“{shorten(title, 60)}”" for title in facts.titles[:TITLES_SHOWN])
    among = "among them" if len(facts.titles) > TITLES_SHOWN else "namely"
    known = f"I know {count}, {among} {some}" if some else "I know no documents yet"
    words = f"{tr(texts.HINT)}\n{known} (index {facts.generation}, built {built})."
    return Hello(words=words, prompts=tuple(prompts))
