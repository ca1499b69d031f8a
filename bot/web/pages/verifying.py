"""Verify an answer: it becomes a document with a name, a date and a day to review it."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from footnote_qa.bot.languages import N_, tr
from footnote_qa.bot.safe_text import clean
from footnote_qa.bot.state import (
    Approved,
    ApprovedAnswer,
    approve,
    review_verified,
    verified_answers,
    withdraw_verified,
)
from footnote_qa.bot.types import LABEL
from footnote_qa.bot.web.asking import WEB
from footnote_qa.bot.web.viewers import Role
from footnote_qa.bot.web.visits import NOT_FOUND, RefusedError, Visit, page
from footnote_qa.index.storage import Generation

MAX_CHARS: Final = 8000
REVIEW_DAYS: Final = 180
_MOST_YEARS: Final = 5 * 366
_SPACE_BEFORE: Final = re.compile(r"[ \t]+(?=[.,;:!?])")


def routes() -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route("/owners/verified", _verify, methods=["POST"]),
        Route("/owners/verified/{file}/review", _review, methods=["POST"]),
        Route("/owners/verified/{file}/withdraw", _withdraw, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRow:
    """A verified answer in the list of owners.

    Attributes:
        is_due: Whether its day of review has come.
        changed: Titles or names of documents that changed since, or are gone.
        is_indexed: Whether answers can cite it already.
    """

    answer: ApprovedAnswer
    is_due: bool
    changed: tuple[str, ...]
    is_indexed: bool

    @property
    def is_out_of_date(self) -> bool:
        """Whether an owner has to look at it."""
        return self.is_due or bool(self.changed)


def verified_rows(visit: Visit) -> list[VerifiedRow]:
    """Return the verified answers, those to look at first."""
    generation = visit.site.backend.opened().index.generation
    known = {row.document: row.sha256 for row in generation.passages.shown_rows()}
    files = {document.rpartition("/")[2] for document in known}
    today = datetime.now(UTC).date()
    rows = [
        VerifiedRow(
            answer=one,
            is_due=one.review_on <= today,
            changed=tuple(name for name, sha in one.quoted.items() if known.get(name) != sha),
            is_indexed=one.file in files,
        )
        for one in verified_answers(visit.site.answers.database)
    ]
    return sorted(rows, key=lambda row: (not row.is_out_of_date, row.answer.review_on))


@page(Role.OWNER)
async def _verify(visit: Visit) -> Response:
    await asyncio.to_thread(_verified, visit)
    if visit.is_partial:
        where = tr("The next build takes it up.")
        if not visit.site.answers_are_indexed:
            where = tr("Add the folder {folder} to [[sources]], then build.").format(
                folder=visit.site.answers_folder
            )
        return visit.page("done.html", words=tr("The answer is verified."), where=where)
    return RedirectResponse("/owners", status_code=303)


def _verified(visit: Visit) -> None:
    form = visit.form
    stored = visit.site.answers.kept(form.get("id", ""))
    if stored is None:
        raise RefusedError(*NOT_FOUND)
    question = clean(form.get("question", "")).strip()[:MAX_CHARS]
    answer = without_numbers(clean(form.get("answer", "")).strip()[:MAX_CHARS])
    if not question or not answer:
        raise RefusedError(400, N_("The answer is missing"), N_("Go back and write it."))
    generation = visit.site.backend.opened().index.generation
    quoted = _quoted(generation, {one.document for one in stored.answer.citations})
    # Another text for the same question replaces the earlier one: its place is the question's id
    approved = Approved(
        team=WEB,
        channel=WEB,
        ts=stored.id,
        question=question,
        answer=answer,
        author=visit.viewer.user,
        author_name=visit.viewer.name,
        approver=visit.viewer.user,
        approver_name=visit.viewer.name,
        audience=_groups(visit, generation, quoted),
        at=datetime.now(UTC),
        built_on=tuple(dict.fromkeys((one.document, one.url) for one in stored.answer.citations)),
        review_on=_review_day(form.get("review_on", "")),
        quoted=quoted,
    )
    approve(visit.site.answers.database, visit.site.answers_folder, approved)


def without_numbers(text: str) -> str:
    """Return an answer without the numbers of its citations, which mean nothing in a document.

    >>> without_numbers("Thirty days [1]. Ask [2][3].")
    'Thirty days. Ask.'
    """
    return _SPACE_BEFORE.sub("", LABEL.sub("", text)).strip()


def _quoted(generation: Generation, names: set[str]) -> dict[str, str]:
    found = ((name, generation.passages.document(name)) for name in sorted(names))
    return {name: document.sha256 for name, document in found if document is not None}


def _groups(visit: Visit, generation: Generation, quoted: Mapping[str, str]) -> tuple[str, ...]:
    """Return who may read the new document; raises `RefusedError`.

    An answer that quotes a document of some groups must not be shown to others: each group that is
    named has to be one of that document's.
    """
    given = re.split(r"[,;\n]", clean(visit.form.get("groups", "")))
    groups = tuple(dict.fromkeys(one.strip() for one in given if one.strip()))
    if any(not re.fullmatch(r"[\w. -]+", one) for one in groups):
        raise RefusedError(
            400, N_("A group has odd characters"), N_("Use letters, digits, . and -.")
        )
    mine = visit.viewer.audience
    if mine is not None and not set(groups) <= mine:
        raise RefusedError(400, N_("You are not in that group"), N_("Name groups that you are in."))
    for name in quoted:
        document = generation.passages.document(name)
        allowed = set(document.audience) if document is not None else set()
        if allowed and not (groups and set(groups) <= allowed):
            words = tr("It quotes a document for {groups}: name some of these.").format(
                groups=", ".join(sorted(allowed))
            )
            raise RefusedError(400, N_("Too many people could read it"), words)
    return groups


def _review_day(given: str) -> date:
    """Return the day of the next review; raises `RefusedError`."""
    today = datetime.now(UTC).date()
    if not given:
        return today + timedelta(days=REVIEW_DAYS)
    try:
        day = date.fromisoformat(given)
    except ValueError as error:
        raise RefusedError(
            400, N_("The date can't be read"), N_("Write it as 2027-03-31.")
        ) from error
    if not today < day <= today + timedelta(days=_MOST_YEARS):
        raise RefusedError(
            400, N_("The date is too far"), N_("Choose a day in the next five years.")
        )
    return day


@page(Role.OWNER)
async def _review(visit: Visit) -> Response:
    if not await asyncio.to_thread(_reviewed, visit):
        raise RefusedError(*NOT_FOUND)
    return RedirectResponse("/owners", status_code=303)


def _reviewed(visit: Visit) -> bool:
    file = str(visit.request.path_params["file"])
    database = visit.site.answers.database
    known = {one.file: one for one in verified_answers(database)}
    if file not in known:
        return False
    generation = visit.site.backend.opened().index.generation
    reviewed = Approved(
        team=WEB,
        channel=WEB,
        ts="",
        question="",
        answer="",
        author="",
        author_name="",
        approver=visit.viewer.user,
        approver_name=visit.viewer.name,
        audience=(),
        at=datetime.now(UTC),
        review_on=_review_day(visit.form.get("review_on", "")),
        quoted=_quoted(generation, set(known[file].quoted)),
    )
    folder = visit.site.answers_folder
    return review_verified(database, folder, file, reviewed=reviewed)


@page(Role.OWNER)
async def _withdraw(visit: Visit) -> Response:
    file = str(visit.request.path_params["file"])
    folder = visit.site.answers_folder
    done = await asyncio.to_thread(withdraw_verified, visit.site.answers.database, folder, file)
    if not done:
        raise RefusedError(*NOT_FOUND)
    return RedirectResponse("/owners", status_code=303)
