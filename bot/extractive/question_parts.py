"""Split several questions in one message into parts."""

import re
from dataclasses import dataclass

from footnote_qa.index.chunking import stems_of

MOST_PARTS = 3

_ASKS = (
    "who|whom|what|when|where|which|why|how|is|are|do|does|can|may|must|should|will|"
    "wer|was|wann|wo|wie|warum|welche[rs]?|darf|kann|muss"
)
_LEANS = re.compile(
    r"\b(?:it|its|this|these|those|they|them|their|he|him|his|she|her|"
    r"es|er|sie|ihn|ihm|ihnen|ihre?[nrms]?|diese[nrms]?)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(rf"\b(?:{_ASKS})\b", re.IGNORECASE)
_PART = re.compile(rf"\?\s+(?=\w)|,?\s+(?:and|und)\s+(?=(?:{_ASKS})\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a message with several questions; both are empty if it asks only one.

    Attributes:
        alone: Parts that make sense without the others.
        leaning: Parts that lean on the one before: "and when does it expire?".
    """

    alone: tuple[str, ...] = ()
    leaning: tuple[str, ...] = ()


def parts_of(question: str) -> Parts:
    """Return the questions in a message.

    >>> parts = parts_of("What is a travel grant and when does it expire?")
    >>> parts.alone, parts.leaning
    (('What is a travel grant',), ('when does it expire?',))
    """
    pieces = [piece.strip() for piece in _PART.split(question) if piece.strip()][:MOST_PARTS]
    if len(pieces) == 1:
        return Parts()
    asking = [piece for piece in pieces if _ASKING.search(piece)]
    return Parts(
        alone=tuple(one for one in asking if not _LEANS.search(one) and len(stems_of(one)) > 1),
        leaning=tuple(one for one in asking[1:] if _LEANS.search(one)),
    )
