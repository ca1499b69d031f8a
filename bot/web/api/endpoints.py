"""The endpoints under /api/v1: ask, search, documents, feedback, builds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Final

from starlette.responses import JSONResponse, Response, StreamingResponse

from footnote_qa.bot.json_output import answer_json, generation_json, search_json, time_json
from footnote_qa.bot.safe_text import clean
from footnote_qa.bot.state import Rating, Scope, StoredAnswer
from footnote_qa.bot.trace import Step
from footnote_qa.bot.types import Turn
from footnote_qa.bot.web.api.calls import Call, CallError, call, error_json, known_error, sse
from footnote_qa.bot.web.api.shapes import AskRequest, FeedbackRequest, SearchRequest
from footnote_qa.bot.web.asking import Asked, answer_to, ask, doing, new_id
from footnote_qa.bot.web.seeing import document_for
from footnote_qa.bot.web.viewers import Viewer
from footnote_qa.index.storage import Generation, IndexDirectory

PAGE: Final = 100
MOST_LISTED: Final = 1000
Json = dict[str, object]


@call(Scope.ASK)
async def on_ask(called: Call) -> Response:
    """Answer a question from the documents, with a checked citation for every sentence."""
    given = await called.body(AskRequest)
    asked = await asked_of(called, given)
    wants_events = "text/event-stream" in called.request.headers.get("accept", "")
    if given.stream or wants_events:
        return StreamingResponse(_events(called, asked), media_type="text/event-stream")
    return JSONResponse(reply_json(await answer_to(called.site, asked)))


async def asked_of(called: Call, given: AskRequest) -> Asked:
    """Return the question of a call; raises `CallError`."""
    text = clean(given.question).strip()
    most = called.site.settings.max_question_chars
    if not text or len(text) > most:
        message = f"question: use 1 to {most} characters that can be seen"
        raise CallError(422, "invalid_question", message, param="question")
    called.take_turn()
    history = None
    if given.history is not None:
        history = tuple(Turn(role=one.role, text=one.content) for one in given.history)
    asked = Asked(
        text=text,
        conversation=given.conversation or new_id(),
        viewer=called.viewer,
        channel=called.channel,
        history=history,
        language=given.language,
    )
    if given.conversation and not await asyncio.to_thread(_is_known, called, asked):
        message = "there is no such conversation of this key"
        raise CallError(404, "no_conversation", message, param="conversation")
    return asked


def _is_known(called: Call, asked: Asked) -> bool:
    return bool(called.site.answers.in_thread(asked.received, limit=1))


def reply_json(stored: StoredAnswer) -> Json:
    """Return a stored answer as the API shows it."""
    return {"id": stored.id, "conversation": stored.thread_ts, **answer_json(stored.answer)}


async def _events(called: Call, asked: Asked) -> AsyncIterator[bytes]:
    """Yield the events of an answer; the last one is `answer` or `error`."""
    yield sse({"text": "Reading the documents…"}, name="step")
    try:
        async with aclosing(ask(called.site, asked)) as events:
            async for event in events:
                if isinstance(event, Step):
                    yield sse({"text": clean(doing(event))}, name="step")
                elif isinstance(event, str):
                    yield sse({"text": event}, name="text")
                else:
                    yield sse(reply_json(event), name="answer")
    except Exception as error:  # noqa: BLE001 - the outermost edge of a stream
        yield sse(error_json(known_error(error)), name="error")


@call(Scope.SEARCH)
async def on_search(called: Call) -> Response:
    """Find the passages that fit best, in the documents' own words."""
    given = await called.body(SearchRequest)
    if len(given.query) > called.site.settings.max_question_chars:
        raise CallError(422, "invalid_query", "query: it is too long", param="query")
    called.take_turn()
    opened = await called.opened()
    found = await asyncio.to_thread(
        opened.index.search,
        clean(given.query),
        k=given.k,
        audience=called.viewer.audience,
        within=given.within,
    )
    return JSONResponse(search_json(found))


@call(Scope.DOCUMENTS)
async def on_documents(called: Call) -> Response:
    """List the documents that the key may see, in the order of their ids."""
    given = called.request.query_params
    limit = given.get("limit", str(PAGE))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MOST_LISTED):
        message = f"limit: use 1 to {MOST_LISTED}"
        raise CallError(422, "invalid_limit", message, param="limit")
    opened = await called.opened()
    generation = opened.index.generation
    return JSONResponse(
        await asyncio.to_thread(
            _listed, called.viewer, generation, after=given.get("after", ""), limit=int(limit)
        )
    )


def _listed(viewer: Viewer, generation: Generation, *, after: str, limit: int) -> Json:
    rows = [
        row
        for row in generation.passages.shown_rows()
        if row.status == "indexed" and row.document > after and viewer.sees(row.audience)
    ]
    return {
        "documents": [
            {
                "document": row.document,
                "title": row.title,
                "url": row.url,
                "modified_at": time_json(row.modified_at),
                "chunks": row.chunks,
            }
            for row in rows[:limit]
        ],
        "next": rows[limit - 1].document if len(rows) > limit else None,
        "generation": generation.manifest.generation,
    }


@call(Scope.DOCUMENTS)
async def on_document(called: Call) -> Response:
    """Read a document: its stored text, in which the offsets of citations count."""
    opened = await called.opened()
    generation = opened.index.generation
    name = str(called.request.path_params["document"])
    found = await asyncio.to_thread(document_for, called.viewer, name, generation)
    if found is None:
        raise CallError(404, "no_document", "there is no such document that this key may see")
    return JSONResponse(
        {
            "document": found.document,
            "title": found.title,
            "url": found.url,
            "modified_at": time_json(found.modified_at),
            "text": found.text,
            "generation": generation.manifest.generation,
        }
    )


@call(Scope.FEEDBACK)
async def on_feedback(called: Call) -> Response:
    """Rate an answer that was given to this key; a second rating replaces the first."""
    given = await called.body(FeedbackRequest)
    stored = await asyncio.to_thread(called.site.answers.kept, given.id)
    if stored is None or stored.user != called.channel:
        raise CallError(404, "no_answer", "there is no such answer of this key", param="id")
    await asyncio.to_thread(_rate, called, given)
    return JSONResponse({"id": given.id, "rating": given.rating})


def _rate(called: Call, given: FeedbackRequest) -> None:
    answers = called.site.answers
    answers.rate(given.id, called.channel, Rating(given.rating))
    if given.reason or given.comment:
        reason, comment = clean(given.reason), clean(given.comment)
        answers.explain(given.id, called.channel, reason=reason, comment=comment)


@call(Scope.BUILDS)
async def on_builds(called: Call) -> Response:
    """List the generations of the index with the results of their gates."""
    opened = await called.opened()
    root = opened.index.generation.folder.parent
    return JSONResponse({"generations": await asyncio.to_thread(_generations, root)})


def _generations(root: Path) -> list[Json]:
    directory = IndexDirectory(root)
    served, readable = directory.current(), directory.readable()
    return [
        generation_json(name, readable.get(name), live=name == served) for name in directory.names()
    ]


@call(Scope.BUILDS)
async def on_status(called: Call) -> Response:
    """Describe the generation in use, and what changed in the documents since."""
    opened = await called.opened()
    manifest = opened.index.generation.manifest
    return JSONResponse(
        {
            "generation": manifest.generation,
            "created_at": time_json(manifest.created_at),
            "documents": manifest.documents,
            "chunks": manifest.chunks,
            "model": manifest.model,
            "lexical_only": manifest.lexical_only,
            "stale": called.site.stale(),
        }
    )
