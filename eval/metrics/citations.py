"""Citation metrics: do citations point to the evidence, and do quotes support the statements?"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from footnote_qa.bot.types import Citation
from footnote_qa.eval.metrics.answers import normalise
from footnote_qa.eval.types import Place

HELD = 0.6
"""Share of a statement's words that must be in its quotes for them to support it."""


class Labelled(Protocol):
    """An object with a label in an answer."""

    @property
    def label(self) -> int:
        """The number in brackets."""
        ...


TextOf = Callable[[str], str | None]

_LABELS = re.compile(r"(?:\s?\[\d+\])+")
_LABEL = re.compile(r"\s?\[(\d+)\]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def place_hit(citations: Sequence[Citation], relevant: Sequence[Place]) -> float:
    """1 if a citation points to a relevant place (document, page, heading), else 0."""
    return float(any(_is_at(citation, place) for citation in citations for place in relevant))


def quote_verbatim(citations: Sequence[Citation], text_of: TextOf) -> float:
    """1 if every quote is exactly the stored text of its span, else 0."""
    return float(all(_is_verbatim(citation, text_of(citation.document)) for citation in citations))


def citation_precision(
    citations: Sequence[Citation], relevant: Sequence[Place], text_of: TextOf | None
) -> float | None:
    """Share of citations that are evidence: their span overlaps a relevant place.

    `precision = citations on evidence / citations`. After ALCE's citation precision (Gao et al.,
    "Enabling Large Language Models to Generate Text with Citations", 2023, section 3.3), in which
    an entailment model judges a complete passage; here a person has marked the evidence, and a
    span is compared with it. If the place is marked by a span, or by words in the stored text, the
    citation's span must overlap it; if only by page, heading or document, it must be inside. None
    without citations or without a marked place.
    """
    if not citations or not relevant:
        return None
    on_evidence = [any(_overlaps(c, place, text_of) for place in relevant) for c in citations]
    return sum(on_evidence) / len(citations)


def citation_recall(text: str, citations: Sequence[Citation]) -> float | None:
    """Share of statements that are supported by the quotes cited for them.

    `recall = supported statements / statements`. A statement is the text up to and including a
    group of labels; words after the last group are an unsupported statement. After ALCE's citation
    recall (as above), with a repeatable rule in place of its entailment model: the quotes must
    contain every number of the statement and at least 60 % of its other words after `normalise`.
    None if nothing is said.

    >>> citation_recall("It costs 3 euros.", [])
    0.0
    """
    quotes = {str(citation.label): citation.quote for citation in citations}
    held = [_holds(" ".join(cited), said) for said, cited in _statements(text, quotes)]
    return sum(held) / len(held) if held else None


def share_held(said: str, quotes: str) -> float:
    """Share of the words of *said* that are in *quotes*, after `normalise`; 1 without words.

    >>> share_held("the fee is high", "A fee is due.")
    0.6666666666666666
    """
    words = [word for word in normalise(said).split() if not word.isdigit()]
    known = set(normalise(quotes).split())
    return sum(word in known for word in words) / len(words) if words else 1.0


def without_labels(text: str, citations: Sequence[Labelled]) -> str:
    """Return *text* without the labels of *citations*; other numbers in brackets stay."""
    labels = {str(citation.label) for citation in citations}
    return _LABEL.sub(lambda found: "" if found[1] in labels else found[0], text)


def _statements(text: str, quotes: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    begin = 0
    for group in _LABELS.finditer(text):
        cited = [quotes[label] for label in _LABEL.findall(group[0]) if label in quotes]
        if not cited:
            continue  # a number in brackets that is not a label, such as a form number
        yield text[begin : group.start()], cited
        begin = group.end()
    if normalise(text[begin:]):
        yield text[begin:], []


def _holds(quotes: str, said: str) -> bool:
    if not set(_NUMBER.findall(said)) <= set(_NUMBER.findall(quotes)):
        return False
    return bool(quotes) and share_held(said, quotes) >= HELD


def _is_verbatim(citation: Citation, text: str | None) -> bool:
    return text is not None and text[citation.start : citation.end] == citation.quote != ""


def _overlaps(citation: Citation, place: Place, text_of: TextOf | None) -> bool:
    if not _is_at(citation, place):
        return False
    spans = list(_spans(place, text_of))
    return not spans or any(citation.start < end and start < citation.end for start, end in spans)


def _spans(place: Place, text_of: TextOf | None) -> Iterator[tuple[int, int]]:
    if place.start is not None and place.end is not None:
        yield place.start, place.end
    elif place.quote and text_of:
        text = text_of(place.document) or ""
        pattern = r"\s+".join(map(re.escape, place.quote.split()))
        yield from (found.span() for found in re.finditer(pattern, text))


def _is_at(citation: Citation, place: Place) -> bool:
    if citation.document != place.document or place.page not in {None, citation.page}:
        return False
    depth = len(place.heading)
    starts = range(len(citation.heading) - depth + 1)
    return any(citation.heading[start : start + depth] == place.heading for start in starts)
