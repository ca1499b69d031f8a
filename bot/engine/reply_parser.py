"""Parse a model's reply while it streams in: the parts of the answer and their evidence."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from footnote_qa.bot.engine.citation_markers import without_markers
from footnote_qa.bot.engine.further_requests import RequestFilter
from footnote_qa.bot.engine.markdown_reader import MarkdownReader
from footnote_qa.bot.errors import AnswererError
from footnote_qa.bot.types import Evidence, Sentence

_NOT_FOUND = re.compile(r"[*_`\"'\s]*NOT FOUND[*_`\"'.\s]*")
_HIDDEN = re.compile(r"<(think|thinking|reasoning|scratchpad)>.*?(?:</\1>|\Z)", re.DOTALL | re.I)
_HIDDEN_ENDS = re.compile(r"</(?:think|thinking|reasoning|scratchpad)>", re.IGNORECASE)
_MOST_TAG_CHARS = 13
# A fence that may hold the complete reply, and one or an object that may be a reply in JSON
_OUTER = re.compile(
    r"\s*(`{3,}|~{3,})[ \t]*(?:markdown|md|text|plaintext|txt)?[ \t]*\n", re.IGNORECASE
)
_OBJECT = re.compile(r"^[ \t]*(?:\{|`{3,}[ \t]*json\b)", re.MULTILINE | re.IGNORECASE)
_UNCLEAR = ("`", "~", "{")


class ReplyReader:
    r"""Parses a reply in Markdown, and what small models make of that form.

    A model's thoughts (`<think>`) are left out, a fence around the complete reply is opened, and a
    JSON object is read for its text. NOT FOUND alone is no part. Lines that ask for a search or a
    document are no parts either.

    Args:
        passages: How many passages the model was shown.

    Attributes:
        requests: What it asks for.

    >>> reader = ReplyReader(passages=2)
    >>> [part.text for part in reader.feed("<think>1 or 2?</think>It is 3 euros [1]. It is due in")]
    ['It is 3 euros.']
    >>> [part.text for part in [*reader.feed(" May."), *reader.end()]]
    ['It is due in May.']
    """

    def __init__(self, passages: int) -> None:
        self.requests = RequestFilter()
        self._markdown = MarkdownReader(passages)
        self._passages = passages
        self._is_empty = True
        self._hidden = ""  # what may be or become a thought
        self._waiting = ""  # a beginning that is not clear yet, or a reply to be read completely
        self._is_whole = False

    def feed(self, text: str) -> list[Sentence]:
        """Read the next part of the reply; return the parts of the answer that it completes."""
        self._is_empty = self._is_empty and not text.strip()
        self._hidden = _without_thoughts(self._hidden + text)
        shown, self._hidden = _before_tag(self._hidden)
        return _stated(self._read(self.requests.feed(shown)))

    def end(self) -> list[Sentence]:
        """Return the parts completed by the end of the reply.

        Raises:
            AnswererError: If the reply was empty.
        """
        if self._is_empty:
            raise AnswererError("the reply is empty")
        rest = self.requests.feed(_HIDDEN.sub("", self._hidden)) + self.requests.end()
        parts = self._read(rest)
        rest, self._waiting = self._waiting, ""
        if self._is_whole or rest.lstrip().startswith(_UNCLEAR):
            read = answer_in(rest)
            if isinstance(read, tuple):
                return _stated([*parts, *read])
            rest = read if read is not None else _opened(rest, self._passages)
        parts += [*self._markdown.feed(rest), *self._markdown.end()]
        return _stated(parts)

    def _read(self, text: str) -> list[Sentence]:
        self._waiting += text
        if self._is_whole or not self._waiting.strip():
            return []
        if self._waiting.lstrip().startswith(_UNCLEAR) and "\n" not in self._waiting.lstrip():
            return []
        begins = _OBJECT.search(self._waiting)
        if begins or (_OUTER.match(self._waiting) and self._markdown.is_unread):
            self._is_whole = True
            at = begins.start() if begins else 0
            before, self._waiting = self._waiting[:at], self._waiting[at:]
            return self._markdown.feed(before)
        ready, self._waiting = self._waiting, ""
        last = ready.rpartition("\n")[2]
        if last.lstrip().startswith(_UNCLEAR):  # the beginning of a line that may be an object
            ready, self._waiting = ready[: len(ready) - len(last)], last
        return self._markdown.feed(ready)


def _stated(parts: Sequence[Sentence]) -> list[Sentence]:
    return [one for one in parts if not _NOT_FOUND.fullmatch(one.text)]


def _without_thoughts(text: str) -> str:
    """Return *text* without the thoughts that have ended."""
    closed = _HIDDEN_ENDS.search(text)
    if not closed:
        return text
    kept = _HIDDEN.sub("", text) if _HIDDEN.search(text) else text
    return _HIDDEN_ENDS.sub("", kept)


def _before_tag(text: str) -> tuple[str, str]:
    """Return what can be shown of *text*, and what may be or become a thought.

    >>> _before_tag("a <b, c <think")
    ('a <b, c ', '<think')
    """
    opened = _HIDDEN.search(text)
    if opened:
        return text[: opened.start()], text[opened.start() :]
    at = text.rfind("<", max(0, len(text) - _MOST_TAG_CHARS))
    if at >= 0 and any(tag.startswith(text[at:].lower()) for tag in _TAGS):
        return text[:at], text[at:]
    return text, ""


_TAGS = tuple(
    f"<{slash}{name}>"
    for name in ("think", "thinking", "reasoning", "scratchpad")
    for slash in ("", "/")
)


def _opened(text: str, passages: int) -> str:
    """Return the Markdown in a fence around a complete reply; code stays in its fence."""
    fence = _OUTER.match(text)
    if fence is None:
        return text
    inner, closed, after = text[fence.end() :].rpartition(f"\n{fence[1]}")
    inner = inner if closed else after
    is_named = "m" in text[: fence.end()].lower()
    if is_named or (without_markers(inner, most=passages)[1] and not after.strip()):
        return f"{inner}\n{after}" if closed else inner
    return text


def answer_in(text: str) -> str | tuple[Sentence, ...] | None:
    r"""Return the answer in a reply that is, or ends with, a JSON object; None if it has none.

    >>> answer_in('```json\n{"answer": "It is 3 euros [1]."}\n```')
    'It is 3 euros [1].'
    """
    at = text.find("{")
    try:
        made, _ = _DECODER.raw_decode(text[at:]) if at >= 0 else (None, 0)
    except (ValueError, RecursionError):
        return None
    if not isinstance(made, dict):
        return None
    listed = made.get("sentences")
    if isinstance(listed, list):
        return tuple(_sentence(one) for one in listed if isinstance(one, dict))
    words = next((made[key] for key in _ANSWER_KEYS if isinstance(made.get(key), str)), None)
    return None if words is None else str(words)


_ANSWER_KEYS = ("answer", "response", "reply", "text", "content", "result")


class JsonReader:
    r"""Parses a reply that is a JSON object of `SCHEMA`; each sentence is returned once complete.

    Anything else counts as said but not supported, like free prose.

    >>> reader = JsonReader()
    >>> reader.feed('{"sentences": [{"text": "It is 3.", "evidence": [{"id": "k7q2mz"')
    []
    >>> [one.text for one in reader.feed(', "quote": "fee: 3"}]}, {"text')]
    ['It is 3.']
    """

    def __init__(self) -> None:
        self._rest = ""
        self._is_empty = True
        self._opened = False

    def feed(self, text: str) -> list[Sentence]:
        """Read the next part of the reply; return the sentences that it completes."""
        self._is_empty = self._is_empty and not text.strip()
        self._rest += text
        if not self._opened:
            match = _SENTENCES.search(self._rest)
            if match is None:
                return []
            self._opened, self._rest = True, self._rest[match.end() :]
        return list(self._whole())

    def end(self) -> list[Sentence]:
        """Return the sentences completed by the end of the reply.

        Raises:
            AnswererError: If the reply was empty, or is not a complete object.
        """
        if self._is_empty:
            raise AnswererError("the reply is empty")
        if self._opened and not _CLOSING.fullmatch(self._rest):
            raise AnswererError("the reply is not the requested object")
        if self._opened or _NOT_FOUND.fullmatch(self._rest):
            return []
        return [Sentence(text=self._rest.strip(), evidence=())]

    def _whole(self) -> Iterator[Sentence]:
        """Yield the complete entries, and keep the text after them."""
        while True:
            rest = self._rest.lstrip(" \t\r\n,")
            if not rest.startswith("{"):
                return
            try:
                entry, end = _DECODER.raw_decode(rest)
            except (ValueError, RecursionError):
                return  # not complete yet; `end` reports a reply that never becomes complete
            self._rest = rest[end:]
            yield _sentence(entry)


_SENTENCES = re.compile(r'\{\s*"sentences"\s*:\s*\[')
_CLOSING = re.compile(r"\s*\]\s*\}\s*(?:```\s*)?")
_DECODER = json.JSONDecoder()


def _sentence(entry: Mapping[str, object]) -> Sentence:
    claimed = entry.get("evidence")
    evidence = (
        [one for one in claimed if isinstance(one, dict)] if isinstance(claimed, list) else []
    )
    return Sentence(
        text=str(entry.get("text", "")),
        evidence=tuple(
            Evidence(
                passage_id=str(one.get("id", "")).strip().lower(), quote=str(one.get("quote", ""))
            )
            for one in evidence
        ),
    )


def _object_of(properties: Mapping[str, object]) -> dict[str, object]:
    """Return the schema of an object with exactly these properties, in the form providers need."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
_EVIDENCE = _object_of({"id": _TEXT, "quote": _TEXT})
SCHEMA: Final = _object_of(
    {
        "sentences": {
            "type": "array",
            "items": _object_of({"text": _TEXT, "evidence": {"type": "array", "items": _EVIDENCE}}),
        }
    }
)


def parse_draft(reply: str, passages: int = 99) -> tuple[Sentence, ...]:
    r"""Return the parts of a complete reply.

    Raises:
        AnswererError: If the reply is empty.

    >>> [one.evidence for one in parse_draft("It costs 3 euros [2].")]
    [(Evidence(passage_id='2', quote=''),)]
    """
    reader = ReplyReader(passages)
    return (*reader.feed(reply), *reader.end())
