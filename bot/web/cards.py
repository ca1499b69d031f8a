"""Prepare an answer for a page: its HTML, its sources and its buttons."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote as in_url

from markupsafe import Markup

from footnote_qa.bot.languages import N_, remark, tr
from footnote_qa.bot.safe_text import clean, safe_url
from footnote_qa.bot.state import Rating, StoredAnswer
from footnote_qa.bot.types import Answer, Citation, Status
from footnote_qa.bot.web.answer_html import answer_html, words_of
from footnote_qa.index.chunking import path_below
from footnote_qa.index.types import Passage

_HIDDEN: Final = N_(
    "This answer quotes a document that is no longer in the index, or that you may not see. "
    "Ask again for an answer from today's documents."
)
_NOTES: Final = {
    Status.NOT_FOUND: N_("Not in the documents"),
    Status.UNSUPPORTED: N_("No answer"),
    Status.FAILED: N_("No answer"),
    Status.CLARIFY: N_("What do you mean?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source of an answer, or a passage, as a page lists it.

    Attributes:
        label: Its number; None for a passage that is not cited.
        where: Page and headings.
        text: Its words.
        address: The page that shows them in their context.
        url: Where the document itself is; None if it has no address.
        is_verified: Whether the document is an answer that an owner has verified.
    """

    label: int | None
    title: str
    where: str
    text: str
    address: str
    url: str | None
    modified_at: datetime | None
    is_verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An answer on a page.

    Attributes:
        id: Of the question.
        html: The answer; empty if there is none.
        heading: Says that there is no answer; "" if there is one.
        is_mine: Whether the viewer asked it.
        is_hidden: Whether the viewer may not see it.
        rating: The viewer's own; None if they gave none.
    """

    id: str
    question: str
    answer: Answer | None
    html: Markup
    heading: str
    note: str
    sources: Sequence[SourceRow]
    nearest: Sequence[SourceRow]
    is_mine: bool
    is_hidden: bool
    is_shared: bool
    rating: Rating | None


def card_of(
    stored: StoredAnswer,
    seen: Answer | None,
    *,
    is_mine: bool,
    rating: Rating | None = None,
    verified: Collection[str] = (),
) -> Card:
    """Return the card of a stored answer.

    Args:
        stored: As it was stored.
        seen: What the viewer may see of it; None if nothing.
        is_mine: Whether the viewer asked it.
        rating: The viewer's own.
        verified: Files of the answers that owners have verified.
    """
    answered = seen is not None and seen.status in {Status.ANSWERED, Status.CHAT}
    return Card(
        id=stored.id,
        question=clean(stored.question),
        answer=seen,
        html=_html(stored.id, seen) if seen is not None and answered else Markup(),
        heading="" if answered else _heading(seen),
        note=tr(_HIDDEN) if seen is None else _note(seen),
        sources=[_cited(stored.id, one, verified) for one in seen.citations] if seen else [],
        nearest=[near(one) for one in seen.nearest] if seen else [],
        is_mine=is_mine,
        is_hidden=seen is None,
        is_shared=stored.is_shared,
        rating=rating,
    )


def _heading(seen: Answer | None) -> str:
    if seen is None:
        return tr("Not shown")
    known = _NOTES.get(seen.status)
    return tr(known) if known else ""


def _note(answer: Answer) -> str:
    return "" if answer.status is Status.CHAT else clean(remark(answer.message))


def _html(question_id: str, answer: Answer) -> Markup:
    known = {citation.label for citation in answer.citations}

    def refer(label: int) -> str | None:
        return source_address(question_id, label) if label in known else None

    return answer_html(answer.text, answer.highlights, refer=refer)


def source_address(question_id: str, label: int) -> str:
    """Return the address of the page that shows a source of an answer."""
    return f"/answers/{in_url(question_id, safe='')}/sources/{label}"


def document_address(document: str, place: tuple[int, int] | None = None) -> str:
    """Return the address of a document's page, at a place in it."""
    query = "" if place is None else f"?start={place[0]}&end={place[1]}#quote"
    return f"/documents/{in_url(document)}{query}"


def _cited(question_id: str, citation: Citation, verified: Collection[str]) -> SourceRow:
    return SourceRow(
        label=citation.label,
        title=clean(citation.title) or clean(citation.document),
        where=_where(citation.page, citation.title, citation.heading),
        text=words_of(citation.quote),
        address=source_address(question_id, citation.label),
        url=safe_url(citation.url),
        modified_at=citation.modified_at,
        is_verified=citation.document.rpartition("/")[2] in verified,
    )


def near(passage: Passage) -> SourceRow:
    """Return a passage as a page lists it."""
    chunk = passage.chunk
    return SourceRow(
        label=None,
        title=clean(chunk.title) or clean(chunk.document),
        where=_where(chunk.page, chunk.title, chunk.heading),
        text=words_of(chunk.text),
        address=document_address(chunk.document, (chunk.start, chunk.end)),
        url=safe_url(chunk.url),
        modified_at=chunk.modified_at,
    )


def _where(page: int | None, title: str, heading: Sequence[str]) -> str:
    below = " › ".join(clean(name) for name in path_below(title, heading))
    return " · ".join(filter(None, [tr("page {n}").format(n=page) if page else "", below]))


def markdown_of(card: Card) -> str:
    """Return an answer and its sources as Markdown."""
    answer = card.answer
    said = answer.text.strip() if answer is not None and card.html else card.note
    lines = [f"**{card.question}**", "", said, ""]
    lines += [
        f"{row.label}. {row.title}{f' ({row.where})' if row.where else ''}: “{_one_line(row.text)}”"
        for row in card.sources
    ]
    return clean("\n".join(lines)).strip() + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())
