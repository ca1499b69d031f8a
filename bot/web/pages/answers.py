"""The pages of one answer: itself, its sources, its Markdown; rate it and share it."""

import asyncio
from typing import Final

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from footnote_qa.bot.safe_text import clean, safe_url
from footnote_qa.bot.state import Rating, StoredAnswer
from footnote_qa.bot.web.asking import WEB
from footnote_qa.bot.web.cards import Card, document_address, markdown_of
from footnote_qa.bot.web.excerpts import excerpt_of
from footnote_qa.bot.web.pages.asking import card
from footnote_qa.bot.web.seeing import place_of, seen_by
from footnote_qa.bot.web.visits import NOT_FOUND, RefusedError, Visit, page

REASONS: Final = ("wrong", "incomplete", "outdated", "not the answer to this question")
MAX_COMMENT_CHARS: Final = 2000


def routes() -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route("/answers/{id}", _answer),
        Route("/answers/{id}/markdown", _markdown),
        Route("/answers/{id}/sources/{label:int}", _source),
        Route("/answers/{id}/rate", _rate, methods=["POST"]),
        Route("/answers/{id}/explain", _explain, methods=["POST"]),
        Route("/answers/{id}/share", _share, methods=["POST"]),
    ]


def stored_for(visit: Visit) -> StoredAnswer:
    """Return the answer of an address, if the viewer asked it or it was shared with them.

    Raises:
        RefusedError: There is none, or it is somebody else's; the page does not say which.
    """
    stored = visit.site.answers.kept(str(visit.request.path_params["id"]))
    is_web = stored is not None and stored.team == WEB
    if stored is None or not is_web:
        raise RefusedError(*NOT_FOUND)
    if stored.user != visit.viewer.user and not stored.is_shared:
        raise RefusedError(*NOT_FOUND)
    return stored


def card_for(visit: Visit) -> Card:
    """Return the card of an answer's address; raises `RefusedError`."""
    return card(visit, stored_for(visit))


@page()
async def _answer(visit: Visit) -> Response:
    shown = await asyncio.to_thread(card_for, visit)
    if shown.is_hidden and not shown.is_mine:
        raise RefusedError(*NOT_FOUND)
    return visit.page("answer.html", card=shown, is_last=False)


@page()
async def _markdown(visit: Visit) -> Response:
    shown = await asyncio.to_thread(card_for, visit)
    if shown.is_hidden:
        raise RefusedError(*NOT_FOUND)
    return Response(markdown_of(shown), media_type="text/markdown; charset=utf-8")


@page()
async def _source(visit: Visit) -> Response:
    stored = await asyncio.to_thread(stored_for, visit)
    label = int(visit.request.path_params["label"])
    return await asyncio.to_thread(_shown_source, visit, stored, label)


def _shown_source(visit: Visit, stored: StoredAnswer, label: int) -> Response:
    generation = visit.site.backend.opened().index.generation
    is_mine = stored.user == visit.viewer.user
    seen = seen_by(visit.viewer, stored.answer, generation, is_asker=is_mine)
    cited = [one for one in seen.citations if one.label == label] if seen else []
    found = place_of(visit.viewer, cited[0], generation) if cited else None
    if found is None:
        raise RefusedError(*NOT_FOUND)
    place = None
    if found.start is not None:
        place = (found.start, found.start + len(cited[0].quote))
    return visit.page(
        "source_part.html" if visit.is_partial else "source.html",
        label=label,
        title=clean(cited[0].title) or cited[0].document,
        citation=cited[0],
        found=found,
        excerpt=None if place is None else excerpt_of(found.document.text, place),
        document_page=document_address(found.document.document, place),
        url=safe_url(found.document.url),
        answer_id=stored.id,
        generation=generation.manifest.generation,
    )


@page()
async def _rate(visit: Visit) -> Response:
    stored = await asyncio.to_thread(stored_for, visit)
    value = visit.form.get("rating", "")
    if value not in set(Rating):
        raise RefusedError(*NOT_FOUND)
    rating = Rating(value)
    await asyncio.to_thread(visit.site.answers.rate, stored.id, visit.viewer.user, rating)
    return await _changed(visit)


@page()
async def _explain(visit: Visit) -> Response:
    stored = await asyncio.to_thread(stored_for, visit)
    reason = visit.form.get("reason", "")
    await asyncio.to_thread(
        visit.site.answers.explain,
        stored.id,
        visit.viewer.user,
        reason=reason if reason in REASONS else "",
        comment=clean(visit.form.get("comment", ""))[:MAX_COMMENT_CHARS].strip(),
    )
    return await _changed(visit, thanked=True)


@page()
async def _share(visit: Visit) -> Response:
    stored = await asyncio.to_thread(stored_for, visit)
    if stored.user != visit.viewer.user:
        raise RefusedError(*NOT_FOUND)
    back = visit.form.get("back") == "1"
    await asyncio.to_thread(visit.site.answers.share, stored.id, taken_back=back)
    return await _changed(visit)


async def _changed(visit: Visit, *, thanked: bool = False) -> Response:
    """Show the buttons of an answer again, or its page if the browser runs no script."""
    shown = await asyncio.to_thread(card_for, visit)
    if visit.is_partial:
        return visit.page("buttons.html", card=shown, thanked=thanked)
    return RedirectResponse(f"/answers/{shown.id}", status_code=303)
