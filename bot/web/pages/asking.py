"""The pages to ask: a new conversation, an earlier one, and the stream of an answer."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from footnote_qa.bot.languages import N_, tr
from footnote_qa.bot.safe_text import clean
from footnote_qa.bot.state import StoredAnswer, rating_of, verified_answers
from footnote_qa.bot.trace import Step
from footnote_qa.bot.web.answer_html import answer_html
from footnote_qa.bot.web.asking import WEB, Asked, answer_to, ask, doing, new_id
from footnote_qa.bot.web.cards import Card, card_of
from footnote_qa.bot.web.seeing import seen_by
from footnote_qa.bot.web.visits import NOT_FOUND, RefusedError, Visit, page
from footnote_qa.index.errors import IndexingError

log = logging.getLogger(__name__)

TURNS: Final = 50
PAST: Final = 20
_EVENT_STREAM: Final = "text/event-stream"
EMPTY: Final = (
    400,
    N_("There is no question"),
    N_("Type a question, such as: Who approves a trip?"),
)
LONG: Final = N_("Ask in at most {most} characters.")
FAST: Final = N_("Wait {seconds:.0f} seconds, and ask again.")
LATE: Final = N_("The answer took too long. Ask again, or ask for less.")
NO_INDEX: Final = N_(
    "The index can't be used right now. Whoever runs Footnote finds the reason with"
)
FAILED: Final = N_(
    "Something went wrong. Try again; if it keeps failing, tell whoever runs Footnote."
)


def routes() -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route("/", _new, name="ask"),
        Route("/ask", _ask, methods=["POST"]),
        Route("/c/{conversation}", _conversation),
    ]


@page()
async def _new(visit: Visit) -> Response:
    opened = await visit.opened()
    manifest = opened.index.generation.manifest
    return visit.page(
        "ask.html",
        cards=[],
        conversation="",
        past=await asyncio.to_thread(past_of, visit),
        manifest=manifest,
        stale=visit.site.stale(),
        prompts=visit.site.settings.prompts,
        asked=visit.request.query_params.get("q", ""),
    )


@page()
async def _conversation(visit: Visit) -> Response:
    conversation = str(visit.request.path_params["conversation"])
    opened = await visit.opened()
    cards = await asyncio.to_thread(_cards, visit, conversation)
    if not cards:
        raise RefusedError(*NOT_FOUND)
    return visit.page(
        "ask.html",
        cards=cards,
        conversation=conversation,
        past=await asyncio.to_thread(past_of, visit),
        manifest=opened.index.generation.manifest,
        stale=visit.site.stale(),
        prompts=(),
        asked="",
    )


@page()
async def _ask(visit: Visit) -> Response:
    asked = await _asked(visit)
    if is_stream(visit.request):
        return StreamingResponse(
            _stream(visit, asked),
            media_type=_EVENT_STREAM,
            headers={"X-Accel-Buffering": "no"},
        )
    await answer_to(visit.site, asked)
    return RedirectResponse(f"/c/{asked.conversation}#last", status_code=303)


async def _asked(visit: Visit) -> Asked:
    """Return the question of a form; raises `RefusedError`."""
    text = clean(visit.form.get("question", "")).strip()
    if not text:
        raise RefusedError(*EMPTY)
    most = visit.site.settings.max_question_chars
    if len(text) > most:
        raise RefusedError(413, N_("The question is too long"), tr(LONG).format(most=most))
    if wait_s := visit.site.asks.wait_s(visit.session.id):
        raise RefusedError(429, N_("Too many questions"), tr(FAST).format(seconds=wait_s))
    conversation = visit.form.get("conversation", "")
    if conversation and not await asyncio.to_thread(_is_own, visit, conversation):
        raise RefusedError(*NOT_FOUND)
    return Asked(text=text, conversation=conversation or new_id(), viewer=visit.viewer)


def _is_own(visit: Visit, conversation: str) -> bool:
    stored = _stored(visit, conversation)
    return bool(stored) and all(one.user == visit.viewer.user for one in stored)


def _stored(visit: Visit, conversation: str) -> list[StoredAnswer]:
    asked = Asked(text="", conversation=conversation, viewer=visit.viewer)
    return visit.site.answers.in_thread(asked.received, limit=TURNS)


def _cards(visit: Visit, conversation: str) -> list[Card]:
    """Return the viewer's own answers of a conversation, oldest first."""
    stored = reversed(_stored(visit, conversation))
    return [card(visit, one) for one in stored if one.user == visit.viewer.user]


def card(visit: Visit, stored: StoredAnswer) -> Card:
    """Return the card of an answer as the viewer may see it."""
    generation = visit.site.backend.opened().index.generation
    is_mine = stored.user == visit.viewer.user
    seen = seen_by(visit.viewer, stored.answer, generation, is_asker=is_mine)
    rating = rating_of(visit.site.answers.database, stored.id, visit.viewer.user)
    verified = {one.file for one in verified_answers(visit.site.answers.database)}
    return card_of(stored, seen, is_mine=is_mine, rating=rating, verified=verified)


def past_of(visit: Visit) -> Sequence[StoredAnswer]:
    """Return the first question of each of the viewer's last conversations, newest first."""
    asked = Asked(text="", conversation="", viewer=visit.viewer, channel=WEB)
    found = visit.site.answers.of_person(asked.received, limit=PAST * 4)
    first = {one.thread_ts: one for one in found}  # the last one met is the oldest
    return list(first.values())[:PAST]


def event(name: str, **values: object) -> bytes:
    r"""Return an event of a stream, as the HTML standard describes it.

    >>> event("step", text="one")
    b'event: step\ndata: {"text": "one"}\n\n'
    """
    return f"event: {name}\ndata: {json.dumps(values)}\n\n".encode()


async def _stream(visit: Visit, asked: Asked) -> AsyncIterator[bytes]:
    """Yield the events of an answer; the last one is `answer` or `problem`."""
    yield event("step", text=tr("Reading the documents…"))
    try:
        async with aclosing(_events(visit, asked)) as events:
            async for told in events:
                yield told
    except TimeoutError:
        yield event("problem", html=_problem(visit, tr(LATE)))
    except IndexingError:
        log.warning("index unusable", exc_info=True)
        yield event("problem", html=_problem(visit, f"{tr(NO_INDEX)} footnote doctor."))
    except Exception:
        log.exception("question failed")
        yield event("problem", html=_problem(visit, tr(FAILED)))


async def _events(visit: Visit, asked: Asked) -> AsyncGenerator[bytes]:
    text = ""
    async with aclosing(ask(visit.site, asked)) as events:
        async for told in events:
            if isinstance(told, Step):
                yield event("step", text=clean(doing(told)))
            elif isinstance(told, str):
                text += told
                yield event("text", html=answer_html(text, refer=lambda _: ""))
            else:
                shown = await asyncio.to_thread(card, visit, told)
                html = visit.html("card.html", card=shown, is_last=True)
                yield event("answer", html=html, id=told.id, conversation=asked.conversation)


def _problem(visit: Visit, message: str) -> str:
    return visit.html("problem_part.html", title=tr("No answer"), message=message, status=503)


def is_stream(request: Request) -> bool:
    """Return whether a client asks for events."""
    return _EVENT_STREAM in request.headers.get("accept", "")
