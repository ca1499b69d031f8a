"""Feedback buttons and the dialog that shows a quote in context."""

import asyncio
import logging

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
from footnote_qa.bot.slack.messages import elements, texts, views
from footnote_qa.bot.state import Rating

log = logging.getLogger(__name__)


def register(app: AsyncApp, deps: Dependencies) -> None:
    """Register the feedback buttons, their dialog, and the list of quotes."""
    app.action(elements.FEEDBACK)(bound(deps, _on_rate))
    app.view(views.REASON)(bound(deps, _on_explain))
    app.action(elements.QUOTE)(bound(deps, _on_show_quote))


async def _on_rate(deps: Dependencies, ack: Ack, body: Body) -> None:
    value, _, question_id = str(body["actions"][0]["value"]).partition(":")
    user = user_of(body)
    kept = await asyncio.to_thread(deps.kept, question_id, body)
    if kept is None or value not in set(Rating):
        await ack()
        await deps.tell(body, tr(texts.FORGOTTEN))
        return
    rating = Rating(value)
    # Saved before the click is acknowledged: if that fails, the person sees the failure.
    await asyncio.to_thread(deps.records.rate, question_id, user, rating)
    await ack()
    log.info("answer rated", extra={"question_id": question_id, "rating": value})
    if rating is Rating.DOWN:
        await deps.open(body, views.reason_view(question_id))


async def _on_explain(deps: Dependencies, ack: Ack, body: Body) -> None:
    given = views.values(body["view"])
    reason = (given["reason"].get("selected_option") or {}).get("value") or ""
    comment = given["comment"].get("value") or ""
    question_id = str(body["view"]["private_metadata"])
    await asyncio.to_thread(
        deps.records.explain, question_id, user_of(body), reason=reason, comment=comment
    )
    await ack()


async def _on_show_quote(deps: Dependencies, ack: Ack, body: Body) -> None:
    await ack()
    number, _, question_id = str(body["actions"][0]["selected_option"]["value"]).partition(":")
    kept = await asyncio.to_thread(deps.kept, question_id, body)
    if kept is None or int(number) >= len(kept.answer.citations):
        await deps.tell(body, tr(texts.FORGOTTEN))
        return
    citation = kept.answer.citations[int(number)]
    audience = await deps.audiences.of(channel_of(body), kept.user)
    excerpt = None
    if deps.library is not None:
        excerpt = await asyncio.to_thread(deps.library.excerpt, citation, audience)
    await deps.open(body, views.quote_view(citation, excerpt))
