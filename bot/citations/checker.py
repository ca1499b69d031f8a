"""Check a draft's sentences against the passages, drop unsupported ones and number citations."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from bot.citations.claims import (
    contradicts,
    covered,
    denied_before,
    foreign,
    missing_names,
    missing_numbers,
)
from bot.citations.layout import joined, tidied, with_labels
from bot.citations.quotes import fold, is_long_enough, places, run
from bot.types import Citation, Evidence, Sentence, ShownPassage
from index.chunking import split_sentences as sentences_of
from index.chunking import stems_of
from index.types import Chunk, Section

Proves = Callable[[str, str], bool]
"""Whether the second text, evidence, supports the first one, a sentence of the answer."""

_NUMBERING = re.compile(r"^[ ]*\d{1,3}[.)](?=[ ])", re.MULTILINE)
_RECITED = 3
_BETTER = 0.2
"""If another sentence of the passages shares this much more of the words, it is cited instead."""

_OPEN, _CLOSE = r"[\[［【〔〚⟦]", r"[\]］】〕〛⟧]"
# Brackets that contain only numbers and separators: a reader would take them for a label
_NUMBERED = re.compile(rf"\s*{_OPEN}[\s\d¹²³⁰-⁹^#,;.:†‡–—-]*{_CLOSE}")
# Brackets that contain something like an opaque id: six characters, at least one of them a digit
_BRACKETED_ID = re.compile(rf"\s*{_OPEN}\s*(?=[a-z]*[2-7])[a-z2-7]{{6}}\s*{_CLOSE}")
# Text that a chat reacts to: pings and links in Slack's form, links and images in Markdown
_SLACK_LINK = re.compile(r"<(?:https?:|mailto:)[^>|]*\|([^>]*)>", re.IGNORECASE)
_SLACK_CONTROL = re.compile(r"<([!@#][^>]*)>")
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\s*(?:\([^()]*\)|\[[^\[\]]*\])")
_URL = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\b(?:javascript|data|mailto):)[^\s<>]+", re.I
)


class Reason(StrEnum):
    """Why a sentence of a draft is not shown."""

    EMPTY = "empty"
    NO_EVIDENCE = "no_evidence"
    QUOTE_NOT_FOUND = "quote_not_found"  # in none of the passages that were shown
    QUOTE_TOO_SHORT = "quote_too_short"
    QUOTE_CUT = "quote_cut"  # a negation before it was left out
    NUMBER = "number"  # it is in the sentence but not in the evidence
    NAME = "name"  # as above, and not in the cited passage either
    NEGATION = "negation"  # one denies what the other says
    LINK = "link"  # a URL that is not in the evidence
    NOT_PROVEN = "not_proven"  # the evidence is there, but says something else


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A sentence that was removed."""

    sentence: Sentence
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A draft after the check.

    Attributes:
        text: The sentences that were kept, each with its labels; "" if none was.
        citations: In order of their labels.
        removed: The other sentences, in reading order.
    """

    text: str
    citations: tuple[Citation, ...]
    removed: tuple[Removed, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A quote in the text of a section."""

    section: Section
    start: int
    end: int

    @property
    def chunk(self) -> Chunk:
        return self.section.chunk

    @property
    def quote(self) -> str:
        return self.chunk.text[self.start : self.end]


def check(
    sentences: Sequence[Sentence], shown: Sequence[ShownPassage], proves: Proves | None = None
) -> Checked:
    """Check a complete draft with `Checker`: keep and cite what the shown passages support."""
    checker = Checker(shown, proves)
    for sentence in sentences:
        checker.add(sentence)
    return checker.checked


class Checker:
    """Checks sentences one after the other and keeps those that the shown passages support.

    A sentence is kept if

    * at least one of its quotes is in a shown passage, word for word after `quotes.fold` or as one
      long run of its words, and is long enough (12 characters, 3 words, or a full line or cell);
    * its numbers, names and negations are in these quotes;
    * and the quotes prove it.

    A quote under a wrong or invented id is cited from the passage that contains it. A sentence
    whose quotes do not prove it is cited with a sentence of the shown passages that does. Numbers
    may also come from the title, the headings and the date of the cited passage, because the
    reader sees them beside the quote, and names from all of it. Otherwise text that was not quoted
    proves nothing.

    Labels are numbered 1, 2, 3 in order of use, one for each span, before the full stop.

    Args:
        shown: The passages that the answerer saw.
        proves: Compares the meaning of a sentence and its evidence; None compares words only.
    """

    def __init__(self, shown: Sequence[ShownPassage], proves: Proves | None = None) -> None:
        self._shown = shown
        self._proves = proves
        self._labels: dict[tuple[str, int, int], Citation] = {}
        self._told: dict[str, str] = {}
        self._removed: list[Removed] = []

    def add(self, sentence: Sentence) -> str | None:
        """Return *sentence* with its labels; None if it is removed or was said before."""
        text = inert(sentence.text, self._shown)
        key = fold(text).text.strip(" .!?…")
        if key in self._told:
            return None  # passages overlap and repeat each other; an answer should not
        found, reason = self._supported(text, sentence.evidence)
        if reason is not None:
            self._removed.append(Removed(sentence=sentence, reason=reason))
            return None
        cited = dict.fromkeys(_label(one, self._labels) for one in found)
        self._told[key] = with_labels(text, "".join(f"[{label}]" for label in cited))
        return self._told[key]

    @property
    def checked(self) -> Checked:
        """The draft as checked so far."""
        return Checked(
            text=joined(list(self._told.values())),
            citations=tuple(self._labels.values()),
            removed=tuple(self._removed),
        )

    def _supported(
        self, text: str, evidence: Sequence[Evidence]
    ) -> tuple[list[_Found], Reason | None]:
        """Return the quotes that support the sentence, or the reason to remove it."""
        if not re.search(r"\w", text):
            return [], Reason.EMPTY
        held: list[_Found] = []
        reason = Reason.NO_EVIDENCE
        for one in evidence:
            place = _locate(one, self._shown)
            if isinstance(place, Reason):
                reason = place
            else:
                held.append(place)
        if not held:
            return [], reason
        beyond = self._beyond(text, held)
        if beyond and len(held) > 1:
            # Two quotes can contradict the sentence although one of them alone supports it
            enough = [one for one in held if self._beyond(text, [one]) is None]
            held, beyond = (enough[:1], None) if enough else (held, beyond)
        if self._proves is None:
            return held, beyond
        least = 0.0 if beyond is Reason.NOT_PROVEN else _BETTER
        other = self._better(text, held, least=least)
        return ([other], None) if other else (held, beyond)

    def _better(self, text: str, held: Sequence[_Found], *, least: float) -> _Found | None:
        """Return the sentence of the passages that proves *text* better than *held* does.

        Args:
            text: A sentence of the answer.
            held: Its evidence so far.
            least: How much more of the words the other sentence must have.
        """
        own = "\n".join(f"{one.quote}\n{_beside(one.chunk)}" for one in held)
        least += covered(text, own) or 0.0
        for cover, found in self._candidates(text):
            if cover < least:
                return None
            beyond = self._beyond(text, [found])
            if beyond is None:
                return found
            if beyond is Reason.NEGATION:
                return None  # the passages deny it
        return None

    def _beyond(self, text: str, found: Sequence[_Found]) -> Reason | None:
        """Return the kind of claim in *text* that its evidence lacks; None if it lacks none."""
        quotes = "\n".join(one.quote for one in found)
        beside = "\n".join(_beside(one.chunk) for one in found)
        if any(match.group().rstrip(".,;:!?)'\"") not in quotes for match in _URL.finditer(text)):
            return Reason.LINK
        is_own = _are_own_words(text, [one.quote for one in found])
        numbered = _NUMBERING.sub("", text)
        if not is_own and _is_missing(missing_numbers, numbered, quotes, beside=beside):
            return Reason.NUMBER
        if contradicts(text, quotes):
            return Reason.NEGATION
        return None if is_own else self._unproven(text, found, evidence=(quotes, beside))

    def _unproven(
        self, text: str, found: Sequence[_Found], *, evidence: tuple[str, str]
    ) -> Reason | None:
        """Return why an answerer's own words do not follow from its evidence."""
        quotes, beside = evidence
        texts = "\n".join(one.chunk.text for one in found)
        if _is_missing(missing_names, text, texts, beside=beside):
            return Reason.NAME
        # A quote alone is often too short to detect its language
        abroad = all(foreign(text, one.chunk.text) for one in found)
        if self._proves and not abroad and not self._proves(text, f"{quotes}\n{beside}"):
            return Reason.NOT_PROVEN
        return None

    def _candidates(self, text: str) -> list[tuple[float, _Found]]:
        """Return the sentences of the passages that share most words with *text*, best first."""
        said = stems_of(text)
        scored = [
            (sum(stem in known for stem in said) / len(said), found)
            for known, found in self._sentences
            if not known.isdisjoint(said)
        ]
        return sorted(scored, key=lambda one: -one[0])[:_RECITED]

    @cached_property
    def _sentences(self) -> list[tuple[frozenset[str], _Found]]:
        """The sentences of all passages, with their words and the words beside them."""
        return [
            (
                frozenset(stems_of(f"{chunk.text[start:end]}\n{_beside(chunk)}")),
                _Found(section, start, end),
            )
            for section, chunk in ((one.section, one.section.chunk) for one in self._shown)
            for start, end in sentences_of(chunk.text)
            if is_long_enough(chunk.text, start, end)
        ]


def _are_own_words(text: str, quotes: Sequence[str]) -> bool:
    """Return whether every line of *text* is in one of its quotes, word for word."""
    known = [fold(quote).text for quote in quotes]
    lines = [fold(_NUMBERING.sub("", line)).text.strip(" .:;") for line in text.split("\n")]
    return all(any(line in quote for quote in known) for line in lines if line)


def _is_missing(
    missing: Callable[[str, str], frozenset[str]], text: str, evidence: str, *, beside: str
) -> bool:
    """Return whether *text* has something that is neither in its evidence nor beside it."""
    if not missing(text, f"{evidence}\n{beside}"):
        return False
    # Folded too: markup inside a word or a number, as in "1*0*", is not shown
    return bool(missing(text, f"{fold(evidence).text}\n{beside}"))


def _beside(chunk: Chunk) -> str:
    """Return the text that the reader sees beside a quote of *chunk*."""
    date = [] if chunk.modified_at is None else [chunk.modified_at.date().isoformat()]
    return "\n".join((chunk.title, *chunk.heading, *date))


def _locate(evidence: Evidence, shown: Sequence[ShownPassage]) -> _Found | Reason:
    """Return the first place where the quote occurs and may be cited, or why there is none."""
    reason = Reason.QUOTE_NOT_FOUND
    # The named passage comes first, then the others, best first
    ordered = sorted(shown, key=lambda s: s.id != evidence.passage_id)
    for find in (places, run):
        for section in (one.section for one in ordered):
            chunk = section.chunk
            for start, end in find(evidence.quote, chunk.text):
                if not is_long_enough(chunk.text, start, end):
                    reason = Reason.QUOTE_TOO_SHORT
                elif denied_before(chunk.text, start):
                    reason = Reason.QUOTE_CUT
                else:
                    return _Found(section, start, end)
    return reason


def _label(found: _Found, labels: dict[tuple[str, int, int], Citation]) -> int:
    """Return the label of this span; a new span gets the next number."""
    chunk, part = found.chunk, found.section.part_at(found.start)
    start, end = chunk.start + found.start, chunk.start + found.end
    citation = labels.setdefault(
        (chunk.document, start, end),
        Citation(
            label=len(labels) + 1,
            document=chunk.document,
            title=chunk.title,
            page=part.page,
            heading=part.heading,
            start=start,
            end=end,
            quote=found.quote,
            url=chunk.url,
            modified_at=chunk.modified_at,
        ),
    )
    return citation.label


def inert(text: str, shown: Sequence[ShownPassage]) -> str:
    """Return the sentence without anything that could pass as one of our labels or ids.

    Words that a chat would turn into a ping, a link or an image are shown as text and do
    nothing.
    """
    text = "\n".join(tidied(text.splitlines()))
    ids = "|".join(re.escape(one.id) for one in shown)
    labels = [re.compile(rf"\s*[(\[]?\b(?:{ids})\b[)\]]?")] if shown else []
    labels += [_BRACKETED_ID, _NUMBERED]
    before = None
    while before != text:  # removing an inner pair can turn the outer one into a label or a link
        before = text
        for pattern in labels:
            text = pattern.sub("", text)
        for pattern in (_SLACK_LINK, _SLACK_CONTROL, _MARKDOWN_LINK):
            text = pattern.sub(r"\1", text)
    return text.strip()
