"""The chat endpoint of OpenAI's protocol: existing clients ask Footnote as if it were a model.

https://platform.openai.com/docs/api-reference/chat describes it. Citations are numbers in the
text, a list below it, and the field `citations`, which other models do not have.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response, StreamingResponse

from footnote_qa.bot.json_output import citation_json
from footnote_qa.bot.safe_text import clean
from footnote_qa.bot.state import Scope, StoredAnswer
from footnote_qa.bot.types import Answer, Status, Turn
from footnote_qa.bot.web.answer_html import words_of
from footnote_qa.bot.web.api.calls import (
    Call,
    CallError,
    call,
    error_json,
    failed,
    known_error,
    sse,
)
from footnote_qa.bot.web.api.shapes import MAX_TURNS
from footnote_qa.bot.web.asking import HISTORY, Asked, answer_to, ask, new_id

MODEL: Final = "footnote"
_MAX_CHARS: Final = 200_000
Json = dict[str, Any]


class ContentPart(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="ignore")

    type: str
    text: str = ""


class ChatMessage(BaseModel):
    """A message; `system` and `developer` are accepted and have no effect."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """Its words."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    """Options of a stream."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A request for a completion; parameters of sampling have no effect."""

    model_config = ConfigDict(extra="ignore")

    model: str = MODEL
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=10 * MAX_TURNS)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None


@call(Scope.ASK)
async def on_chat(called: Call) -> Response:
    """Answer the last message of a conversation, as an OpenAI model would."""
    given = await called.body(ChatRequest)
    if given.model != MODEL:
        message = f"the model {given.model[:100]!r} does not exist: use {MODEL!r}"
        raise CallError(404, "model_not_found", message, param="model")
    asked = _asked(called, given)
    called.take_turn()
    head = _Head()
    if given.stream:
        with_usage = given.stream_options is not None and given.stream_options.include_usage
        events = _events(called, asked, head, with_usage=with_usage)
        return StreamingResponse(events, media_type="text/event-stream")
    stored = await answer_to(called.site, asked)
    if stored.answer.status is Status.FAILED:
        return failed(CallError(500, "no_answer", stored.answer.message))
    said = {"role": "assistant", "content": content_of(stored.answer), "refusal": None}
    choice = {"index": 0, "message": said, "finish_reason": "stop", "logprobs": None}
    return JSONResponse(
        {
            **head.object("chat.completion"),
            "choices": [choice],
            "usage": _usage(stored.answer),
            **_more(stored),
        }
    )


@call(Scope.ASK)
async def on_models(called: Call) -> Response:
    """List the models: there is one."""
    return JSONResponse({"object": "list", "data": [await _model(called)]})


@call(Scope.ASK)
async def on_model(called: Call) -> Response:
    """Describe a model."""
    name = str(called.request.path_params["model"])
    if name != MODEL:
        raise CallError(404, "model_not_found", f"the model {name[:100]!r} does not exist")
    return JSONResponse(await _model(called))


async def _model(called: Call) -> Json:
    opened = await called.opened()
    created = int(opened.index.generation.manifest.created_at.timestamp())
    return {"id": MODEL, "object": "model", "created": created, "owned_by": "footnote"}


def _asked(called: Call, given: ChatRequest) -> Asked:
    """Return the last message as a question, with the earlier ones as its history."""
    said = [one for one in given.messages if one.role in {"user", "assistant"}]
    question = clean(said[-1].text).strip() if said and said[-1].role == "user" else ""
    most = called.site.settings.max_question_chars
    if not question or len(question) > most:
        message = f"messages: the last one must be of the user, with 1 to {most} characters"
        raise CallError(400, "invalid_messages", message, param="messages")
    if sum(len(one.text) for one in said) > _MAX_CHARS:
        message = f"messages: send at most {_MAX_CHARS} characters"
        raise CallError(400, "invalid_messages", message, param="messages")
    return Asked(
        text=question,
        conversation=new_id(),
        viewer=called.viewer,
        channel=called.channel,
        history=_turns(said[:-1]),
    )


def _turns(messages: Sequence[ChatMessage]) -> tuple[Turn, ...]:
    last = [one for one in messages if one.text.strip()][-2 * HISTORY :]
    return tuple(Turn(role=one.role, text=_without_sources(one.text)) for one in last)


SOURCES: Final = "\n\nSources:\n"


def _without_sources(text: str) -> str:
    """Return an earlier answer without the list of sources that was sent below it."""
    return text.partition(SOURCES)[0]


def content_of(answer: Answer) -> str:
    """Return an answer with the list of its sources, or the sentence that says why not."""
    return _text(answer) + _sources(answer)


def _text(answer: Answer) -> str:
    return answer.text.strip() or answer.message


def _sources(answer: Answer) -> str:
    """Return the list of sources below an answer; "" if there are none."""
    if not answer.citations:
        return ""
    lines = [
        f"[{one.label}] {clean(one.title)}{f', page {one.page}' if one.page else ''}:"
        f" “{words_of(one.quote)}”{f' {one.url}' if one.url else ''}"
        for one in answer.citations
    ]
    return SOURCES + "\n".join(lines)


def _more(stored: StoredAnswer) -> Json:
    """Return what other models do not have: the citations, and how the question ended."""
    answer = stored.answer
    about = {"id": stored.id, "status": str(answer.status), "generation": answer.generation}
    return {"citations": [citation_json(one) for one in answer.citations], "footnote": about}


def _usage(answer: Answer) -> Json:
    usage = answer.usage
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }


class _Head:
    """The fields that all objects of one reply share."""

    def __init__(self) -> None:
        self._id = f"chatcmpl-{new_id()}"
        self._created = int(time.time())

    def object(self, kind: str) -> Json:
        """Return the beginning of an object."""
        return {"id": self._id, "object": kind, "created": self._created, "model": MODEL}

    def chunk(self, delta: Json, *, finish: str | None = None, more: Json | None = None) -> bytes:
        """Return one event of a stream."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return sse({**self.object("chat.completion.chunk"), "choices": [choice], **(more or {})})


async def _events(
    called: Call, asked: Asked, head: _Head, *, with_usage: bool
) -> AsyncIterator[bytes]:
    """Yield the chunks of a completion."""
    yield head.chunk({"role": "assistant", "content": ""})
    sent = ""
    try:
        async with aclosing(ask(called.site, asked)) as events:
            async for event in events:
                if isinstance(event, str):
                    sent += event
                    yield head.chunk({"content": event})
                elif isinstance(event, StoredAnswer):
                    for one in _last(event, head, sent, with_usage=with_usage):
                        yield one
    except Exception as error:  # noqa: BLE001 - the outermost edge of a stream
        yield sse(error_json(known_error(error)))
    yield b"data: [DONE]\n\n"


def _last(stored: StoredAnswer, head: _Head, sent: str, *, with_usage: bool) -> list[bytes]:
    """Return the last chunks: what was not sent yet, the sources, and the end."""
    answer = stored.answer
    if answer.status is Status.FAILED:
        return [sse(error_json(CallError(500, "no_answer", answer.message)))]
    left = _sources(answer) if sent else content_of(answer)
    chunks = [head.chunk({"content": left})] if left else []
    chunks.append(head.chunk({}, finish="stop", more=_more(stored)))
    if with_usage:
        usage = {**head.object("chat.completion.chunk"), "choices": [], "usage": _usage(answer)}
        chunks.append(sse(usage))
    return chunks
