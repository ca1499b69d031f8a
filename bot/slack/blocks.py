"""Answers become messages; every word of a document stands where Slack reads no mark-up."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from bot.plain import path_below, plain
from bot.slack import sentences
from bot.slack.text import clean, defuse, inert, safe_url, shorten
from bot.types import Answer, Citation, Status
from index.types import Passage

Block: TypeAlias = dict[str, object]

LIMITS: Final = {
    "blocks": 50,  # Slack's, for one message
    "block_chars": 3000,  # Slack's, for a section; kept for every block
    "message_chars": 12_000,  # Slack's, over all blocks
    "fallback_chars": 3900,  # Slack advises 4,000
    # Ours: even if every other character had to be made inert, all of it fits in a message.
    "answer_chars": 4500,
    "sources_chars": 3000,
    "remark_chars": 300,
    "sources": 60,
    "title_chars": 120,
    "place_chars": 100,
    "quote_chars": 200,
}

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?:\s*\[\d+\])*(?=\s)|\n")
_STEPS = ((60, "minute", 60), (24, "hour", 3600), (30, "day", 86400), (12, "month", 2_629_800))
_YEAR_S = 31_557_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is posted.

    Attributes:
        text: Escaped for Slack; shown in notifications, and alone if there are no blocks.
        blocks: What is shown.
    """

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A citation or a passage, as the list under an answer shows it."""

    mark: str
    title: str
    place: str
    quote: str
    url: str | None


def note(sentence: str) -> Message:
    """Say one of the fixed sentences, which hold nothing that Slack would read as mark-up."""
    return Message(text=sentence)


def answer_message(answer: Answer, *, now: datetime) -> Message:
    """Show an answer with its sources, or say why there is none.

    Args:
        answer: What the engine found.
        now: In UTC; ages are counted to it.
    """
    if answer.status is Status.FAILED:
        return note(sentences.FAILED.format(reference=defuse(answer.reference)))
    if answer.status is Status.ANSWERED:
        sources = [_cited(citation, now) for citation in answer.citations]
        footer = _footer(answer, now)
        return _message(answer.text, heading=sentences.SOURCES, sources=sources, footer=footer)
    nearest = [_passage(passage, now) for passage in answer.nearest]
    return _message(
        answer.message or sentences.NOT_FOUND,
        heading=sentences.NEAREST,
        sources=nearest,
        footer=_footer(answer, now),
    )


def _message(text: str, *, heading: str, sources: Sequence[_Source], footer: list[str]) -> Message:
    whole = clean(text).strip() or sentences.NOT_FOUND
    said = cut_at_sentence(whole, LIMITS["answer_chars"])
    remarks = ([sentences.CUT] if said != whole else []) + footer
    blocks = [_rich_text([_section(_text(piece))]) for piece in _pieces(said)]
    blocks += _source_blocks(heading, sources)
    if remarks:
        blocks.append(_context(remarks))
    return Message(text=_fallback(said, heading, sources), blocks=tuple(blocks))


def cut_at_sentence(text: str, max_chars: int) -> str:
    """Keep at most *max_chars* of *text*, up to the end of a sentence if one is there.

    >>> cut_at_sentence("One is here [1]. Two is there [2].", 20)
    'One is here [1].'
    """
    if len(text) <= max_chars:
        return text
    ends = [found.end() for found in _SENTENCE_END.finditer(text, 0, max_chars + 1)]
    fitting = [end for end in ends if end <= max_chars]
    if fitting:
        return text[: fitting[-1]].rstrip()
    return (text[:max_chars].rpartition(" ")[0] or text[:max_chars]).rstrip()


def ago(then: datetime, now: datetime) -> str:
    """Say how long ago something was.

    >>> from datetime import UTC
    >>> ago(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    '2 days ago'
    """
    seconds = max(0.0, (now - then).total_seconds())
    for count, unit, unit_s in _STEPS:
        n = int(seconds // unit_s)
        if n < count:
            return _counted(n, unit) if n or unit != "minute" else "just now"
    return _counted(int(seconds // _YEAR_S) or 1, "year")


def _counted(n: int, unit: str) -> str:
    return f"{n or 1} {unit}{'s' if n > 1 else ''} ago"


def _pieces(text: str) -> list[str]:
    pieces = []
    rest = text
    while rest:
        # Half of the room: making text inert lengthens it.
        piece = cut_at_sentence(rest, LIMITS["block_chars"] // 2)
        pieces.append(piece)
        rest = rest[len(piece) :].lstrip()
    return pieces


def _source_blocks(heading: str, sources: Sequence[_Source]) -> list[Block]:
    shown = sources[: LIMITS["sources"]]
    if not shown:
        return []
    room = min(LIMITS["sources_chars"] // len(shown), LIMITS["block_chars"])
    groups: list[list[Block]] = [[_section(_text(heading, bold=True))]]
    chars = 0
    for source in shown:
        elements, length = _source_elements(source, room)
        if chars + length > LIMITS["block_chars"] // 2:
            groups.append([])
            chars = 0
        groups[-1] += elements
        chars += length
    if len(sources) > len(shown):
        groups[-1].append(_section(_text(f"… and {len(sources) - len(shown)} more")))
    return [_rich_text(group) for group in groups]


def _source_elements(source: _Source, room: int) -> tuple[list[Block], int]:
    title = shorten(source.title, min(LIMITS["title_chars"], max(16, room // 3)))
    place = shorten(source.place, min(LIMITS["place_chars"], room // 4))
    quote = shorten(source.quote, min(LIMITS["quote_chars"], room // 3))
    named = _link(source.url, title) if source.url else _text(title, bold=True)
    where = [_text(f" · {place}")] if place else []
    elements = [_section(_text(source.mark), named, *where)]
    if quote:
        elements.append({"type": "rich_text_quote", "elements": [_text(quote)]})
    return elements, len(title) + len(place) + len(quote)


def _cited(citation: Citation, now: datetime) -> _Source:
    return _Source(
        mark=f"[{citation.label}] ",
        title=_title(citation.title, citation.document),
        place=_place(
            citation.page,
            path_below(citation.title, citation.heading),
            _changed(citation.modified_at, now),
        ),
        quote=clean(plain(citation.quote)),
        url=safe_url(citation.url),
    )


def _passage(passage: Passage, now: datetime) -> _Source:
    chunk = passage.chunk
    return _Source(
        mark="• ",
        title=_title(chunk.title, chunk.document),
        place=_place(
            chunk.page,
            path_below(chunk.title, chunk.heading),
            _changed(chunk.modified_at, now),
        ),
        quote=clean(plain(chunk.text)),
        url=safe_url(chunk.url),
    )


def _title(title: str, document: str) -> str:
    # A link without words would show its address instead.
    return clean(title).strip() or clean(document).strip() or "document"


def _place(page: int | None, heading: Sequence[str], changed: str) -> str:
    # What stands last is what may be cut.
    parts = [] if page is None else [f"page {page}"]
    parts += [changed] if changed else []
    return " · ".join([*parts, " › ".join(clean(name) for name in heading)]).removesuffix(" · ")


def _changed(at: datetime | None, now: datetime) -> str:
    return "" if at is None else f"changed {at:%Y-%m-%d} ({ago(at, now)})"


def _footer(answer: Answer, now: datetime) -> list[str]:
    remark = clean(answer.message).strip() if answer.status is Status.ANSWERED else ""
    beside = [remark] if remark else []
    if not answer.generation:
        return beside
    built = "" if answer.indexed_at is None else f", built {ago(answer.indexed_at, now)}"
    stamp = "" if answer.indexed_at is None else f" ({answer.indexed_at:%Y-%m-%d %H:%M} UTC)"
    return [*beside, f"Index {answer.generation}{built}{stamp}"]


def _fallback(said: str, heading: str, sources: Sequence[_Source]) -> str:
    """The answer for notifications and for clients that show no blocks, sources included."""
    names = [source.mark + shorten(source.title, 40) for source in sources[: LIMITS["sources"]]]
    listed = defuse(f"\n{heading}: " + "; ".join(names)) if names else ""
    room = max(LIMITS["fallback_chars"] - len(listed), 400)
    head = said
    while len(defuse(head)) > room:
        head = cut_at_sentence(head, len(head) * 3 // 4)
    return defuse(head) + listed


def _rich_text(elements: Iterable[Block]) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def _text(text: str, *, bold: bool = False) -> Block:
    element: Block = {"type": "text", "text": inert(text)}
    return element | {"style": {"bold": True}} if bold else element


def _link(url: str, text: str) -> Block:
    return {"type": "link", "url": url, "text": inert(text)}


def _context(remarks: Iterable[str]) -> Block:
    shown = [inert(shorten(clean(remark), LIMITS["remark_chars"])) for remark in remarks]
    return {
        "type": "context",
        "elements": [{"type": "plain_text", "text": text, "emoji": False} for text in shown],
    }
