"""A draft's claims become checked, renumbered citations; what is not supported is removed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.claims import contradicts, denied_before, missing_numbers
from bot.errors import AnswererError
from bot.quotes import is_long_enough, places
from bot.types import Citation, Evidence, Sentence, ShownPassage
from index.types import Chunk

_NOT_FOUND = re.compile(r"[*_`\"'\s]*NOT FOUND[*_`\"'.\s]*")
_LINE = re.compile(r"[\s*>-]*(SENTENCE|EVIDENCE)\**\s*:\**\s*(.*)")
_QUOTATION = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "‘": "’"}
_OPEN, _CLOSE = r"[\[［【〔〚⟦]", r"[\]］】〕〛⟧]"
# Brackets around nothing but numbers and what joins them: a reader would take them for a label
_NUMBERED = re.compile(rf"\s*{_OPEN}[\s\d¹²³⁰-⁹^#,;.:†‡–—-]*{_CLOSE}")
# Brackets around what an opaque id looks like: six characters, at least one of them a digit
_BRACKETED_ID = re.compile(rf"\s*{_OPEN}\s*(?=[a-z]*[2-7])[a-z2-7]{{6}}\s*{_CLOSE}")
_STOP = re.compile(r"[.!?…。！？]+[\"'”’»)]*$")


class Reason(StrEnum):
    """Why a sentence of a draft is not shown."""

    EMPTY = "empty"
    NO_EVIDENCE = "no_evidence"
    QUOTE_NOT_FOUND = "quote_not_found"  # in none of the passages that were shown
    QUOTE_TOO_SHORT = "quote_too_short"
    QUOTE_CUT = "quote_cut"  # a negation before it was left out
    NUMBER = "number"  # it is in the sentence and not in the evidence
    NEGATION = "negation"  # one denies what the other says


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A sentence that did not survive."""

    sentence: Sentence
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is left of a draft.

    Attributes:
        text: The sentences that survived, each with its labels; "" if none did.
        citations: In order of their labels.
        removed: The other sentences, in reading order.
    """

    text: str
    citations: tuple[Citation, ...]
    removed: tuple[Removed, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A quote in the text of a chunk."""

    chunk: Chunk
    start: int
    end: int

    @property
    def quote(self) -> str:
        return self.chunk.text[self.start : self.end]


def parse_draft(reply: str) -> tuple[Sentence, ...]:
    r"""Return the sentences of a reply in the form that the answer prompt asks for.

    A line of any other kind becomes a sentence without evidence, which `check` will remove: a
    reply in free prose is something said and not supported. NOT FOUND alone is no sentence.

    Raises:
        AnswererError: If the reply is empty.

    >>> parse_draft("SENTENCE: It costs 3 euros.\nEVIDENCE: k7q2mz | fee: 3 euros")[0].evidence
    (Evidence(passage_id='k7q2mz', quote='fee: 3 euros'),)
    """
    if not reply.strip():
        raise AnswererError("the model replied with nothing")
    if _NOT_FOUND.fullmatch(reply):
        return ()
    sentences: list[Sentence] = []
    for line in filter(str.strip, reply.splitlines()):
        kind, rest = _read_line(line)
        if kind == "EVIDENCE" and sentences:
            last = sentences.pop()
            sentences.append(Sentence(text=last.text, evidence=(*last.evidence, _evidence(rest))))
        else:
            sentences.append(Sentence(text=rest, evidence=()))
    return tuple(sentences)


def _read_line(line: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    return (match[1], match[2].strip()) if match else ("", line.strip())


def _evidence(rest: str) -> Evidence:
    passage_id, _, quote = rest.partition("|")
    quote = quote.strip()
    if len(quote) > 1 and _QUOTATION.get(quote[0]) == quote[-1]:
        quote = quote[1:-1].strip()
    return Evidence(passage_id=passage_id.strip(" `*[](){}<>").lower(), quote=quote)


def check(sentences: Sequence[Sentence], shown: Sequence[ShownPassage]) -> Checked:
    """Keep what the shown passages support, and cite it.

    A sentence survives if at least one of its quotes stands in a passage that was shown, word for
    word after `quotes.fold`, and says enough (12 characters, 3 words, or a whole line or cell), and
    if the sentence's numbers and negations are in these quotes. A quote under a wrong or invented
    id is cited from the passage in which it stands. Numbers may also come from the title and the
    headings of the cited passage, since the reader sees those beside the quote; the rest of the
    passage proves nothing that was not quoted.

    Labels are numbered 1, 2, 3 in order of use, one for each span, and stand before the full stop.
    """
    labels: dict[tuple[str, int, int], Citation] = {}
    told: list[str] = []
    removed: list[Removed] = []
    for sentence in sentences:
        text = _without_labels(sentence.text, shown)
        found, reason = _supported(text, sentence.evidence, shown)
        if reason is not None:
            removed.append(Removed(sentence=sentence, reason=reason))
            continue
        cited = dict.fromkeys(_label(one, labels) for one in found)
        told.append(_with_labels(text, "".join(f"[{label}]" for label in cited)))
    return Checked(text=_joined(told), citations=tuple(labels.values()), removed=tuple(removed))


def _supported(
    text: str, evidence: Sequence[Evidence], shown: Sequence[ShownPassage]
) -> tuple[list[_Found], Reason | None]:
    """Return the quotes that hold, or why the sentence cannot be shown."""
    if not re.search(r"\w", text):
        return [], Reason.EMPTY
    held: list[_Found] = []
    reason = Reason.NO_EVIDENCE
    for one in evidence:
        place = _locate(one, shown)
        if isinstance(place, Reason):
            reason = place
        else:
            held.append(place)
    return (held, _claim_beyond(text, held)) if held else ([], reason)


def _claim_beyond(text: str, found: Sequence[_Found]) -> Reason | None:
    quotes = "\n".join(one.quote for one in found)
    beside = "\n".join("\n".join((one.chunk.title, *one.chunk.heading)) for one in found)
    if missing_numbers(text, f"{quotes}\n{beside}"):
        return Reason.NUMBER
    return Reason.NEGATION if contradicts(text, quotes) else None


def _locate(evidence: Evidence, shown: Sequence[ShownPassage]) -> _Found | Reason:
    """Return the first place where the quote stands and may be cited, or why there is none."""
    reason = Reason.QUOTE_NOT_FOUND
    # The passage that was named comes first, then the others, best first
    for one in sorted(shown, key=lambda s: s.id != evidence.passage_id):
        chunk = one.passage.chunk
        for start, end in places(evidence.quote, chunk.text):
            if not is_long_enough(chunk.text, start, end):
                reason = Reason.QUOTE_TOO_SHORT
            elif denied_before(chunk.text, start):
                reason = Reason.QUOTE_CUT
            else:
                return _Found(chunk, start, end)
    return reason


def _label(found: _Found, labels: dict[tuple[str, int, int], Citation]) -> int:
    """Return the label of this span, giving it the next one if it has none."""
    chunk = found.chunk
    start, end = chunk.start + found.start, chunk.start + found.end
    citation = labels.setdefault(
        (chunk.document, start, end),
        Citation(
            label=len(labels) + 1,
            document=chunk.document,
            title=chunk.title,
            page=chunk.page,
            heading=chunk.heading,
            start=start,
            end=end,
            quote=found.quote,
            url=chunk.url,
            modified_at=chunk.modified_at,
        ),
    )
    return citation.label


def _without_labels(text: str, shown: Sequence[ShownPassage]) -> str:
    """Return the sentence without anything that could pass as one of our labels or ids."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    text = "\n".join(line for line in lines if line)
    ids = "|".join(re.escape(one.id) for one in shown)
    patterns = [re.compile(rf"\s*[(\[]?\b(?:{ids})\b[)\]]?")] if shown else []
    patterns += [_BRACKETED_ID, _NUMBERED]
    before = None
    while before != text:  # taking out an inner pair can make the outer one a label
        before = text
        for pattern in patterns:
            text = pattern.sub("", text)
    return text.strip()


def _with_labels(text: str, labels: str) -> str:
    stop = _STOP.search(text)
    at = stop.start() if stop else len(text)
    return f"{text[:at].rstrip()} {labels}{text[at:]}"


def _joined(told: Sequence[str]) -> str:
    """Join sentences with a space, or with a line break where one of them has lines of its own."""
    return "".join(_pieces(told))


def _pieces(told: Sequence[str]) -> Iterator[str]:
    for at, text in enumerate(told):
        if at:
            yield "\n" if "\n" in told[at - 1] + text else " "
        yield text
