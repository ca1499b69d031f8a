"""The pages to look things up: passages with filters, the list of documents, one document."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from footnote_qa.bot.languages import N_, tr
from footnote_qa.bot.safe_text import clean, safe_url
from footnote_qa.bot.web.answer_html import document_html
from footnote_qa.bot.web.cards import near
from footnote_qa.bot.web.pages.asking import FAST, LONG
from footnote_qa.bot.web.seeing import document_for
from footnote_qa.bot.web.visits import NOT_FOUND, RefusedError, Visit, page
from footnote_qa.index.search import reading_note
from footnote_qa.index.storage import Within

SHOWN: Final = 20
LOOKED_AT: Final = 200
"""How many passages are counted."""
AGES: Final[Mapping[str, tuple[str, timedelta]]] = {
    "week": (N_("changed in the last week"), timedelta(days=7)),
    "month": (N_("changed in the last month"), timedelta(days=31)),
    "year": (N_("changed in the last year"), timedelta(days=366)),
}


def routes() -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route("/search", _search),
        Route("/documents", _documents),
        Route("/documents/{document:path}", _document),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The passages that are wanted.

    Attributes:
        source: Name of a source; "" for all.
        kind: Suffix of a file, such as "pdf"; "" for all.
        age: A key of `AGES`; "" for all.
    """

    source: str = ""
    kind: str = ""
    age: str = ""

    def within(self, now: datetime) -> Within:
        """Return the documents that may be found."""
        since = now - AGES[self.age][1] if self.age in AGES else None
        return Within(source=self.source, suffix=self.kind, changed_since=since)


def kind_of(document: str) -> str:
    """Return the suffix of a document, without its dot; "" if it has none.

    >>> kind_of("hr/Leave.PDF"), kind_of("README")
    ('pdf', '')
    """
    return PurePosixPath(document).suffix.removeprefix(".").lower()


@page()
async def _search(visit: Visit) -> Response:
    given = visit.request.query_params
    text = clean(given.get("q", "")).strip()
    most = visit.site.settings.max_question_chars
    if len(text) > most:
        raise RefusedError(413, N_("The search is too long"), tr(LONG).format(most=most))
    if text and (wait_s := visit.site.asks.wait_s(f"search:{visit.session.id}")):
        raise RefusedError(429, N_("Too many searches"), tr(FAST).format(seconds=wait_s))
    filters = Filters(
        source=given.get("source", ""), kind=given.get("type", ""), age=given.get("age", "")
    )
    opened = await visit.opened()
    generation = opened.index.generation
    rows = await asyncio.to_thread(_visible_rows, visit)
    values: dict[str, object] = {"passages": [], "note": "", "left_out": 0, "ms": 0.0}
    if text:
        found = await asyncio.to_thread(
            opened.index.search,
            text,
            k=LOOKED_AT,
            audience=visit.viewer.audience,
            within=filters.within(datetime.now(UTC)),
        )
        values = {
            "passages": [near(one) for one in found.passages[:SHOWN]],
            "note": reading_note(found),
            "left_out": max(0, len(found.passages) - SHOWN),
            "ms": found.ms,
        }
    return visit.page(
        "search_part.html" if visit.is_partial else "search.html",
        text=text,
        filters=filters,
        kinds=_choices(rows, lambda row: kind_of(row.document)),
        sources=_sources(visit, rows),
        ages={name: tr(words) for name, (words, _) in AGES.items()},
        generation=generation.manifest.generation,
        **values,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document in a list."""

    document: str
    title: str
    modified_at: datetime | None
    chunks: int


def _visible_rows(visit: Visit) -> list[Listed]:
    passages = visit.site.backend.opened().index.generation.passages
    return [
        Listed(
            document=row.document,
            title=clean(row.title) or clean(row.document),
            modified_at=row.modified_at,
            chunks=row.chunks,
        )
        for row in passages.shown_rows()
        if row.status == "indexed" and visit.viewer.sees(row.audience)
    ]


def _choices(rows: Sequence[Listed], of: Callable[[Listed], str]) -> list[str]:
    return sorted({of(row) for row in rows} - {""})


def _sources(visit: Visit, rows: Sequence[Listed]) -> list[str]:
    """Return the names with which documents begin; none if there is one source only."""
    specs = visit.site.backend.opened().index.generation.manifest.sources
    if len(specs) < 2:  # noqa: PLR2004 - only several sources have a name in front
        return []
    return _choices(rows, lambda row: row.document.partition("/")[0])


@page()
async def _documents(visit: Visit) -> Response:
    wanted = clean(visit.request.query_params.get("q", "")).strip().casefold()
    await visit.opened()
    rows = await asyncio.to_thread(_visible_rows, visit)
    shown = [
        row for row in rows if wanted in row.title.casefold() or wanted in row.document.casefold()
    ]
    shown.sort(key=lambda row: row.title.casefold())
    return visit.page(
        "documents_part.html" if visit.is_partial else "documents.html",
        rows=shown,
        count=len(rows),
        text=visit.request.query_params.get("q", ""),
    )


@page()
async def _document(visit: Visit) -> Response:
    opened = await visit.opened()
    name = str(visit.request.path_params["document"])
    generation = opened.index.generation
    found = await asyncio.to_thread(document_for, visit.viewer, name, generation)
    if found is None:
        raise RefusedError(*NOT_FOUND)
    place = _place(visit.request.query_params, len(found.text))
    return visit.page(
        "document_part.html" if visit.is_partial else "document.html",
        document=found,
        title=clean(found.title) or clean(found.document),
        html=await asyncio.to_thread(document_html, found.text, place),
        url=safe_url(found.url),
        generation=generation.manifest.generation,
    )


def _place(given: Mapping[str, str], most: int) -> tuple[int, int] | None:
    """Return the place that an address names; None if it names none in the document.

    >>> _place({"start": "3", "end": "9"}, 9), _place({"start": "3", "end": "99"}, 9)
    ((3, 9), None)
    """
    start, end = given.get("start", ""), given.get("end", "")
    if not (start.isascii() and start.isdigit() and end.isascii() and end.isdigit()):
        return None
    place = (int(start[:12]), int(end[:12]))
    return place if place[0] < place[1] <= most else None
