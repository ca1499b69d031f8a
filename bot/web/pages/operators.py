"""The pages for operators: generations, what changed between two, roll back, problems, doctor."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from footnote_qa.bot.web.viewers import Role
from footnote_qa.bot.web.visits import NOT_FOUND, RefusedError, Visit, page
from footnote_qa.index.errors import IndexingError
from footnote_qa.index.storage import (
    PASSAGES,
    DocumentRow,
    IndexDirectory,
    Manifest,
    PassageReader,
)

log = logging.getLogger(__name__)

SHOWN: Final = 200


def routes() -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route("/operators", _overview),
        Route("/operators/doctor", _doctor),
        Route("/operators/generations/{name}", _generation),
        Route("/operators/rollback", _rollback, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRow:
    """A generation in the list; its manifest is None if it cannot be read."""

    name: str
    manifest: Manifest | None
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Documents that another generation has, lacks, or has with other text."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def is_none(self) -> bool:
        """Whether both have the same documents."""
        return not (self.added or self.changed or self.removed)


@page(Role.OPERATOR)
async def _overview(visit: Visit) -> Response:
    rows = await asyncio.to_thread(_rows, visit)
    problems = await asyncio.to_thread(_problems, visit)
    spending = await asyncio.to_thread(visit.site.operations.spending)
    return visit.page(
        "operators.html",
        rows=rows,
        problems=problems[:SHOWN],
        more=max(0, len(problems) - SHOWN),
        spending=list(spending),
        stale=visit.site.stale(),
    )


def _rows(visit: Visit) -> list[GenerationRow]:
    """Return the generations, newest first."""
    directory = visit.site.operations.directory()
    live, readable = directory.current(), directory.readable()
    return [
        GenerationRow(name=name, manifest=readable.get(name), is_live=name == live)
        for name in reversed(directory.names())
    ]


def _problems(visit: Visit) -> list[DocumentRow]:
    """Return the files that are not in the index in use, or not as they are now."""
    passages = visit.site.backend.opened().index.generation.passages
    return [row for row in passages.shown_rows() if row.status != "indexed" or row.kind is not None]


@page(Role.OPERATOR)
async def _doctor(visit: Visit) -> Response:
    findings = await asyncio.to_thread(visit.site.operations.examine)
    name = "doctor_part.html" if visit.is_partial else "doctor.html"
    return visit.page(name, findings=findings)


@page(Role.OPERATOR)
async def _generation(visit: Visit) -> Response:
    name = str(visit.request.path_params["name"])
    return await asyncio.to_thread(_shown, visit, name)


def _shown(visit: Visit, name: str) -> Response:
    directory = visit.site.operations.directory()
    rows = {row.name: row for row in _rows(visit)}
    if name not in rows:
        raise RefusedError(*NOT_FOUND)
    live = directory.current()
    return visit.page(
        "generation.html",
        row=rows[name],
        live=live,
        difference=None if live in {None, name} else _difference(directory, str(live), name),
        shown=SHOWN,
    )


def _difference(directory: IndexDirectory, live: str, other: str) -> Difference | None:
    """Return what changes if *other* is used instead of *live*; None if it cannot be read."""
    try:
        before, after = (_digests(directory, name) for name in (live, other))
    except IndexingError:
        return None
    return Difference(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(
            sorted(one for one in after.keys() & before.keys() if after[one] != before[one])
        ),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def _digests(directory: IndexDirectory, name: str) -> dict[str, str]:
    passages = PassageReader(directory.root / name / PASSAGES)
    try:
        rows: Sequence[DocumentRow] = passages.shown_rows()
    finally:
        passages.close()
    return {row.document: row.sha256 for row in rows if row.status == "indexed"}


@page(Role.OPERATOR)
async def _rollback(visit: Visit) -> Response:
    name = visit.form.get("generation", "")
    try:
        await asyncio.to_thread(_roll_back, visit, name)
    except IndexingError as error:
        raise RefusedError(409, "The index stays as it is", str(error)) from error
    log.warning("index rolled back", extra={"generation": name, "by": visit.viewer.user})
    return RedirectResponse("/operators", status_code=303)


def _roll_back(visit: Visit, name: str) -> None:
    directory = visit.site.operations.directory()
    if name not in directory.names():
        raise RefusedError(*NOT_FOUND)
    directory.rollback(name)
