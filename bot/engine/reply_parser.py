"""Parse a model's reply while it streams in: sentences and their evidence."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from bot.errors import AnswererError
from bot.types import Evidence, Sentence

_NOT_FOUND = re.compile(r"[*_`\"'\s]*NOT FOUND[*_`\"'.\s]*")
_LINE = re.compile(r"[\s*>-]*(SENTENCE|EVIDENCE)\**\s*:\**\s*(.*)")
_QUOTATION = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "‘": "’"}


class ReplyReader:
    r"""Parses a reply in the answer prompt's line format; each sentence is returned once complete.

    A line of any other kind becomes a sentence without evidence, which the check will remove, so
    a reply in free prose counts as said but not supported. NOT FOUND alone is not a sentence.

    >>> reader = ReplyReader()
    >>> reader.feed("SENTENCE: It costs 3 euros.\nEVIDENCE: k7q2mz | fee: 3 eu")
    []
    >>> [sentence.text for sentence in reader.feed("ros\nSENTENCE: It")]
    []
    >>> [sentence.text for sentence in reader.feed(" is due on Monday.\n")]
    ['It costs 3 euros.']
    """

    def __init__(self) -> None:
        self._all: list[str] = []
        self._line = ""
        self._open: Sentence | None = None

    def feed(self, text: str) -> list[Sentence]:
        """Read the next part of the reply; return the sentences that it completes."""
        self._all.append(text)
        *whole, self._line = (self._line + text).split("\n")
        lines = [line for part in whole for line in part.splitlines()]
        return [done for line in lines for done in self._read(line)]

    def end(self) -> list[Sentence]:
        """Return the sentences completed by the end of the reply.

        Raises:
            AnswererError: If the reply was empty.
        """
        reply = "".join(self._all)
        if not reply.strip():
            raise AnswererError("the reply is empty")
        if _NOT_FOUND.fullmatch(reply):
            return []
        done = [one for line in self._line.splitlines() for one in self._read(line)]
        last, self._line, self._open = self._open, "", None
        return done if last is None else [*done, last]

    def _read(self, line: str) -> list[Sentence]:
        """Return the sentence before this line if the line begins a new one."""
        if not line.strip():
            return []
        match = _LINE.fullmatch(line)
        kind, rest = (match[1], match[2].strip()) if match else ("", line.strip())
        before = self._open
        if kind == "EVIDENCE" and before is not None:
            evidence = (*before.evidence, _evidence(rest))
            self._open = Sentence(text=before.text, evidence=evidence)
            return []
        self._open = Sentence(text=rest, evidence=())
        return [] if before is None else [before]


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


def parse_draft(reply: str) -> tuple[Sentence, ...]:
    r"""Return the sentences of a complete reply.

    Raises:
        AnswererError: If the reply is empty.

    >>> parse_draft("SENTENCE: It costs 3 euros.\nEVIDENCE: k7q2mz | fee: 3 euros")[0].evidence
    (Evidence(passage_id='k7q2mz', quote='fee: 3 euros'),)
    """
    reader = ReplyReader()
    return (*reader.feed(reply), *reader.end())


def _evidence(rest: str) -> Evidence:
    passage_id, _, quote = rest.partition("|")
    quote = quote.strip()
    if len(quote) > 1 and _QUOTATION.get(quote[0]) == quote[-1]:
        quote = quote[1:-1].strip()
    return Evidence(passage_id=passage_id.strip(" `*[](){}<>").lower(), quote=quote)
