"""Check again which stored answers and documents a person may see."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from footnote_qa.bot.types import Answer, Citation
from footnote_qa.bot.web.viewers import Viewer
from footnote_qa.index.types import Document

if TYPE_CHECKING:
    from footnote_qa.index.storage import Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The place of a quote in a document as it is now.

    Attributes:
        document: With its text.
        start: Where the quote is; None if the document does not have it any more.
        has_moved: Whether it is elsewhere than when the answer was given.
    """

    document: Document
    start: int | None
    has_moved: bool


def document_for(viewer: Viewer, name: str, generation: "Generation") -> Document | None:
    """Return a document of the generation; None if there is none that *viewer* may see."""
    found = generation.passages.document(name)
    return found if found is not None and viewer.sees(found.audience) else None


def may_see(viewer: Viewer, answer: Answer, generation: "Generation") -> bool:
    """Return whether *viewer* may see all documents that an answer was made from.

    A document that is no longer in the index has no permissions any more, so nobody may.
    """
    names = {citation.document for citation in answer.citations}
    return all(document_for(viewer, name, generation) is not None for name in names)


def seen_by(
    viewer: Viewer, answer: Answer, generation: "Generation", *, is_asker: bool
) -> Answer | None:
    """Return an answer as *viewer* may see it; None if they may not see it at all.

    To others than the person who asked, only what has a source is shown: the remark beside an
    answer may name documents of the asker's.
    """
    if not may_see(viewer, answer, generation):
        return None
    names = {passage.chunk.document for passage in answer.nearest}
    visible = {name for name in names if document_for(viewer, name, generation) is not None}
    nearest = tuple(one for one in answer.nearest if one.chunk.document in visible)
    seen = replace(answer, nearest=nearest)
    return seen if is_asker else replace(seen, message="", choices=(), trace=())


def place_of(viewer: Viewer, citation: Citation, generation: "Generation") -> Found | None:
    """Return where the quote of a citation is now; None if *viewer* may not see its document."""
    document = document_for(viewer, citation.document, generation)
    if document is None:
        return None
    if document.text[citation.start : citation.end] == citation.quote:
        return Found(document=document, start=citation.start, has_moved=False)
    starts = _all_starts(document.text, citation.quote)
    nearest = min(starts, key=lambda start: abs(start - citation.start), default=None)
    return Found(document=document, start=nearest, has_moved=True)


def _all_starts(text: str, quote: str) -> Iterable[int]:
    at = text.find(quote) if quote else -1
    while at >= 0:
        yield at
        at = text.find(quote, at + 1)
