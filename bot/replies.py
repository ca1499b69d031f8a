"""A model's reply, read while it comes in: sentences and what they claim to rest on."""

import re

from bot.errors import AnswererError
from bot.types import Evidence, Sentence

_NOT_FOUND = re.compile(r"[*_`\"'\s]*NOT FOUND[*_`\"'.\s]*")
_LINE = re.compile(r"[\s*>-]*(SENTENCE|EVIDENCE)\**\s*:\**\s*(.*)")
_QUOTATION = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "‘": "’"}


class ReplyReader:
    r"""Sentences of a reply in the form that the answer prompt asks for, each once it is complete.

    A line of any other kind becomes a sentence without evidence, which the check will remove: a
    reply in free prose is something said and not supported. NOT FOUND alone is no sentence.

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
        """Take in the next part of the reply; returns the sentences that it completes."""
        self._all.append(text)
        *whole, self._line = (self._line + text).split("\n")
        lines = [line for part in whole for line in part.splitlines()]
        return [done for line in lines for done in self._read(line)]

    def end(self) -> list[Sentence]:
        """Return what the end of the reply completes.

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
        """Return the sentence before this line, if the line begins another one."""
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


def parse_draft(reply: str) -> tuple[Sentence, ...]:
    r"""Return the sentences of a whole reply.

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
