"""The formats in which providers write a reply, complete or in parts: one `Wire` each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

INPUT_TOKENS, OUTPUT_TOKENS = 120, 17
JSON, EVENTS, JSON_LINES = "application/json", "text/event-stream", "application/x-ndjson"
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One format.

    Attributes:
        complete: The body of a complete reply, from its text and OpenAI's word for why it ended.
        parts: The same as the parts of a stream, as they are sent.
        streamed: What a stream is sent as.
        asked: The text of the last message of a request.
    """

    complete: Callable[[str, str | None], Json]
    parts: Callable[[str, str | None], list[str]]
    streamed: str
    asked: Callable[[Json], str]


def wire_of(path: str) -> Wire:
    """Return the format that is spoken at *path* of a server."""
    known: Mapping[str, Wire] = {
        "/messages": ANTHROPIC,
        ":generateContent": GOOGLE,
        ":streamGenerateContent": GOOGLE,
        "/converse": BEDROCK,
        "/api/chat": OLLAMA,
        "/chat/completions": OPENAI,
    }
    return next(wire for end, wire in known.items() if path.partition("?")[0].endswith(end))


def is_stream(path: str, sent: Json) -> bool:
    """Whether a request asks for a stream."""
    return bool(sent.get("stream")) or ":streamGenerateContent" in path


def _cut(text: str) -> list[str]:
    return [text[at : at + 12] for at in range(0, len(text), 12)]


def _content(sent: Json) -> str:
    content = sent["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


_USAGE = {
    "prompt_tokens": INPUT_TOKENS,
    "completion_tokens": OUTPUT_TOKENS,
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}
_HEAD: Json = {"id": "chatcmpl-1", "created": 1_760_000_000, "model": "scripted"}


def _openai_complete(text: str, finish: str | None) -> Json:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE}


def _openai_parts(text: str, finish: str | None) -> list[str]:
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": part} for part in _cut(text)]
    choices: list[list[Json]] = [
        [{"index": 0, "delta": delta, "finish_reason": None}] for delta in deltas
    ]
    choices.append([{"index": 0, "delta": {}, "finish_reason": finish}])
    head = _HEAD | {"object": "chat.completion.chunk"}
    events = [json.dumps({**head, "choices": choice}) for choice in choices]
    events.append(json.dumps(head | {"choices": [], "usage": _USAGE}))
    return [f"data: {event}\n\n" for event in [*events, "[DONE]"]]


OPENAI = Wire(complete=_openai_complete, parts=_openai_parts, streamed=EVENTS, asked=_content)

_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def _anthropic_complete(text: str, finish: str | None) -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": [{"type": "text", "text": text}],
        "stop_reason": _STOP_REASONS.get(finish or ""),
        "stop_sequence": None,
        "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS},
    }


def _anthropic_parts(text: str, finish: str | None) -> list[str]:
    whole = _anthropic_complete("", finish)
    start = whole | {"content": [], "stop_reason": None}
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events: list[Json] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": part},
            }
            for part in _cut(text)
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": whole["usage"]},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]


ANTHROPIC = Wire(
    complete=_anthropic_complete, parts=_anthropic_parts, streamed=EVENTS, asked=_content
)

_GOOGLE_REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


def _google_complete(text: str, finish: str | None) -> Json:
    candidate: Json = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = _GOOGLE_REASONS[finish]
    usage = {
        "promptTokenCount": INPUT_TOKENS,
        "candidatesTokenCount": OUTPUT_TOKENS,
        "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS,
    }
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted"}


def _google_parts(text: str, finish: str | None) -> list[str]:
    parts = _cut(text) or [""]
    made = [_google_complete(part, None) for part in parts[:-1]] + [
        _google_complete(parts[-1], finish)
    ]
    return [f"data: {json.dumps(part)}\r\n\r\n" for part in made]


def _google_asked(sent: Json) -> str:
    return "".join(part["text"] for part in sent["contents"][-1]["parts"])


GOOGLE = Wire(complete=_google_complete, parts=_google_parts, streamed=EVENTS, asked=_google_asked)

_BEDROCK_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "content_filter": "content_filtered",
}


def _bedrock_complete(text: str, finish: str | None) -> Json:
    reason = {} if finish is None else {"stopReason": _BEDROCK_REASONS[finish]}
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        **reason,
        "usage": {
            "inputTokens": INPUT_TOKENS,
            "outputTokens": OUTPUT_TOKENS,
            "totalTokens": INPUT_TOKENS + OUTPUT_TOKENS,
        },
        "metrics": {"latencyMs": 5},
    }


BEDROCK = Wire(complete=_bedrock_complete, parts=lambda *_: [], streamed=EVENTS, asked=_content)


def _ollama_complete(text: str, finish: str | None) -> Json:
    return {
        "model": "scripted",
        "created_at": "2026-03-01T09:30:00Z",
        "message": {"role": "assistant", "content": text},
        "done": True,
        **({} if finish is None else {"done_reason": finish}),
        "prompt_eval_count": INPUT_TOKENS,
        "eval_count": OUTPUT_TOKENS,
    }


def _ollama_parts(text: str, finish: str | None) -> list[str]:
    last = _ollama_complete("", finish)
    told = {"model": last["model"], "created_at": last["created_at"], "done": False}
    parts: list[Json] = [
        told | {"message": {"role": "assistant", "content": part}} for part in _cut(text)
    ]
    return [json.dumps(part) + "\n" for part in [*parts, last]]


OLLAMA = Wire(complete=_ollama_complete, parts=_ollama_parts, streamed=JSON_LINES, asked=_content)
