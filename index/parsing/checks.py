"""Limits of the text that a parser may return."""

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.types import Parsed, ProblemKind

MAX_TEXT_CHARS = 20_000_000


def checked(parsed: Parsed) -> Parsed:
    """Return *parsed* if it has text, and not too much; raises `UnreadableDocumentError`."""
    if not parsed.text.strip():
        raise UnreadableDocumentError(ProblemKind.EMPTY, "there is no text in it")
    if len(parsed.text) > MAX_TEXT_CHARS:
        raise UnreadableDocumentError(
            ProblemKind.TOO_BIG,
            f"its text has {len(parsed.text):,} characters, at most {MAX_TEXT_CHARS:,} are taken;"
            " split it",
        )
    return parsed
