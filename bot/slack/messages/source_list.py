"""The list of sources under an answer, with place, age and quote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from footnote_qa.bot.ages import ago
from footnote_qa.bot.citations import repeats
from footnote_qa.bot.languages import tr
from footnote_qa.bot.safe_text import clean, safe_url, shorten
from footnote_qa.bot.slack.messages.elements import (
    LIMITS,
    Block,
    link,
    rich_text_block,
    section,
    words,
)
from footnote_qa.bot.types import Citation
from footnote_qa.index.chunking import path_below, plain
from footnote_qa.index.types import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A citation or a passage, as the list under an answer shows it."""

    mark: str
    title: str
    place: str
    quote: str
    url: str | None


def source_blocks(heading: str, sources: Sequence[Source]) -> list[Block]:
    """Return *sources* as a list under a heading, in as few blocks as possible."""
    shown = sources[: LIMITS["sources"]]
    if not shown:
        return []
    room = min(LIMITS["sources_chars"] // len(shown), LIMITS["block_chars"])
    groups: list[list[Block]] = [[section(words(heading, bold=True))]]
    chars = 0
    for source in shown:
        elements, length = _source_elements(source, room)
        if chars + length > LIMITS["block_chars"] // 2:
            groups.append([])
            chars = 0
        groups[-1] += elements
        chars += length
    if len(sources) > len(shown):
        groups[-1].append(section(words(tr("… and {n} more").format(n=len(sources) - len(shown)))))
    return [rich_text_block(group) for group in groups]


def _source_elements(source: Source, room: int) -> tuple[list[Block], int]:
    title = shorten(source.title, min(LIMITS["title_chars"], max(16, room // 3)))
    place = shorten(source.place, min(LIMITS["place_chars"], room // 4))
    quote = shorten(source.quote, min(LIMITS["quote_chars"], room // 3))
    named = link(source.url, title) if source.url else words(title, bold=True)
    where = [words(f" · {place}")] if place else []
    elements = [section(words(source.mark), named, *where)]
    if quote:
        elements.append({"type": "rich_text_quote", "elements": [words(quote)]})
    return elements, len(title) + len(place) + len(quote)


def cited(citation: Citation, now: datetime, *, said: str, mark: str = "") -> Source:
    """Return a citation for the list, without its quote if *said* has the same words.

    Args:
        citation: The citation.
        now: In UTC.
        said: The text of the answer.
        mark: Who has verified the source; "" if nobody has.
    """
    return Source(
        mark=f"[{citation.label}] ",
        title=title_of(citation.title, citation.document),
        place=_place(
            citation.page,
            path_below(citation.title, citation.heading),
            mark or _changed(citation.modified_at, now),
        ),
        quote="" if repeats(said, citation.quote) else clean(plain(citation.quote)),
        url=safe_url(citation.url),
    )


def near(passage: Passage, now: datetime) -> Source:
    """Return a related passage for the list."""
    chunk = passage.chunk
    return Source(
        mark="• ",
        title=title_of(chunk.title, chunk.document),
        place=_place(
            chunk.page,
            path_below(chunk.title, chunk.heading),
            _changed(chunk.modified_at, now),
        ),
        quote=clean(plain(chunk.text)),
        url=safe_url(chunk.url),
    )


def title_of(title: str, document: str) -> str:
    """Return the title to show for a document."""
    # A link without text would show its URL instead.
    return clean(title).strip() or clean(document).strip() or tr("document")


def _place(page: int | None, heading: Sequence[str], changed: str) -> str:
    # The end is what may be cut off.
    parts = [] if page is None else [tr("page {n}").format(n=page)]
    parts += [changed] if changed else []
    return " · ".join([*parts, " › ".join(clean(name) for name in heading)]).removesuffix(" · ")


def _changed(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    return tr("changed {day} ({when})").format(day=f"{at:%Y-%m-%d}", when=ago(at, now))
