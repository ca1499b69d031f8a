"""The pages for owners of documents: questions without an answer, answers thought wrong, usage."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from footnote_qa.bot.languages import N_, tr
from footnote_qa.bot.safe_text import clean
from footnote_qa.bot.state import StoredAnswer, complaints_about
from footnote_qa.bot.types import Answer, Status
from footnote_qa.bot.web.cards import card_of, near
from footnote_qa.bot.web.cases import NewCase
from footnote_qa.bot.web.overview import Gap, Overview, Week
from footnote_qa.bot.web.pages.verifying import verified_rows
from footnote_qa.bot.web.plots import bars, spark
from footnote_qa.bot.web.seeing import seen_by
from footnote_qa.bot.web.viewers import Role
from footnote_qa.bot.web.visits import NOT_FOUND, RefusedError, Visit, page

GAPS: Final = 30
WRONG: Final = 20
NEAREST: Final = 3
MAX_QUESTION_CHARS: Final = 4000
MAX_ANSWERS: Final = 10


def routes() -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route("/owners", _overview),
        Route("/owners/gaps/{id}", _gap),
        Route("/owners/answers/{id}", _answer),
        Route("/owners/cases", _case, methods=["POST"]),
    ]


async def _counted(visit: Visit) -> Overview:
    opened = await visit.opened()
    model = opened.index.generation.manifest.fingerprint
    return await asyncio.to_thread(visit.site.overviews.overview, model, datetime.now(UTC))


@page(Role.OWNER)
async def _overview(visit: Visit) -> Response:
    counted = await _counted(visit)
    return visit.page(
        "owners.html",
        gaps=[(gap, _spark(gap)) for gap in counted.gaps[:GAPS]],
        more=max(0, len(counted.gaps) - GAPS),
        ungrouped=counted.ungrouped,
        wrong=counted.wrong[:WRONG],
        weeks=counted.weeks,
        plots=_plots(counted.weeks),
        last=counted.weeks[-1],
        verified=await asyncio.to_thread(verified_rows, visit),
        answers_are_indexed=visit.site.answers_are_indexed,
    )


def _spark(gap: Gap) -> Markup:
    counts = ", ".join(map(str, gap.weeks))
    return spark(
        gap.weeks, name=f"Times asked in each of the last {len(gap.weeks)} weeks: {counts}"
    )


def _plots(weeks: Sequence[Week]) -> list[tuple[str, Markup]]:
    days = [tr("week of {day}").format(day=f"{week.begins:%Y-%m-%d}") for week in weeks]
    places = [
        ", ".join(f"{count} {place}" for place, count in sorted(week.places.items())) or tr("none")
        for week in weeks
    ]
    shares = [100 * week.refusal_share for week in weeks]
    shown = (
        (tr("Questions"), [float(week.asked) for week in weeks], places),
        (tr("Without an answer, in %"), shares, [f"{share:.0f} %" for share in shares]),
        (
            tr("Time of half of the answers, in s"),
            [week.median_ms / 1000 for week in weeks],
            [
                tr("{half} s, 95 % in {most} s").format(
                    half=f"{week.median_ms / 1000:.1f}", most=f"{week.slow_ms / 1000:.1f}"
                )
                for week in weeks
            ],
        ),
    )
    return [
        (
            name,
            bars(values, name=tr("{name} by week").format(name=name), names=_titled(days, words)),
        )
        for name, values, words in shown
    ]


def _titled(days: Sequence[str], words: Sequence[str]) -> list[str]:
    return [f"{day}: {word}" for day, word in zip(days, words, strict=True)]


@page(Role.OWNER)
async def _gap(visit: Visit) -> Response:
    counted = await _counted(visit)
    wanted = str(visit.request.path_params["id"])
    found = [gap for gap in counted.gaps if wanted in {row.id for row in gap.rows}]
    if not found:
        raise RefusedError(*NOT_FOUND)
    opened = await visit.opened()
    nearest = await asyncio.to_thread(
        opened.index.search, found[0].question, k=NEAREST, audience=visit.viewer.audience
    )
    wordings = list(dict.fromkeys(clean(row.question) for row in found[0].rows))
    return visit.page(
        "gap.html",
        gap=found[0],
        question=clean(found[0].question),
        plot=_spark(found[0]),
        wordings=wordings,
        nearest=[near(one) for one in nearest.passages],
        answer="",
        groups=(),
        case_file=visit.site.case_file,
        question_id=found[0].id,
        answerable=True,
    )


@page(Role.OWNER)
async def _answer(visit: Visit) -> Response:
    stored = await asyncio.to_thread(_stored, visit, str(visit.request.path_params["id"]))
    opened = await visit.opened()
    generation = opened.index.generation
    seen = await asyncio.to_thread(seen_for_owner, visit, stored)
    reasons = await asyncio.to_thread(complaints_about, visit.site.answers.database, stored.id)
    quoted = {one.document for one in seen.citations} if seen else set[str]()
    groups: set[str] = set()
    for name in quoted:
        document = await asyncio.to_thread(generation.passages.document, name)
        groups |= set(document.audience) if document else set()
    return visit.page(
        "owner_answer.html",
        card=card_of(stored, seen, is_mine=False),
        question=clean(stored.question),
        reasons=reasons,
        answer="" if seen is None else seen.text.strip(),
        groups=sorted(groups),
        case_file=visit.site.case_file,
        question_id=stored.id,
        answerable=stored.answer.status is Status.ANSWERED,
    )


def _stored(visit: Visit, id_: str) -> StoredAnswer:
    stored = visit.site.answers.kept(id_)
    if stored is None:
        raise RefusedError(*NOT_FOUND)
    return stored


def seen_for_owner(visit: Visit, stored: StoredAnswer) -> Answer | None:
    """Return an answer as an owner may see it; its remark too if they see every document."""
    generation = visit.site.backend.opened().index.generation
    sees_all = visit.viewer.audience is None
    return seen_by(visit.viewer, stored.answer, generation, is_asker=sees_all)


@page(Role.OWNER)
async def _case(visit: Visit) -> Response:
    stored = await asyncio.to_thread(_stored, visit, visit.form.get("id", ""))
    question = clean(visit.form.get("question", "")).strip()[:MAX_QUESTION_CHARS]
    if not question:
        raise RefusedError(400, N_("The question is missing"), N_("Go back and write it."))
    said = [clean(one).strip() for one in visit.form.get("answers", "").splitlines()]
    answers = tuple(dict.fromkeys(one for one in said if one))[:MAX_ANSWERS]
    answerable = visit.form.get("answerable") == "1"
    seen = await asyncio.to_thread(seen_for_owner, visit, stored)
    right = visit.form.get("places") == "1" and answerable and seen is not None
    case = NewCase(
        id=f"web-{stored.id}",
        question=question,
        answers=answers if answerable else (),
        answerable=answerable,
        citations=seen.citations if right and seen is not None else (),
    )
    is_new = await asyncio.to_thread(visit.site.add_case, case)
    said_words = tr("It is a test case now.") if is_new else tr("It was a test case already.")
    if visit.is_partial:
        return visit.page("done.html", words=said_words, where=visit.site.case_file)
    return RedirectResponse("/owners", status_code=303)
