"""Bytes of one file become text with its title, headings and pages."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import PurePosixPath
from typing import TypeAlias

from index.errors import UnreadableDocumentError
from index.parsing.signature import signature
from index.types import Parsed, ProblemKind

Parser: TypeAlias = Callable[[bytes], Parsed]

PARSER_VERSION = "1"
"""Changes whenever the text, title, headings or pages made of the same bytes would."""

MAX_TEXT_CHARS = 20_000_000

# A new format is one module with a `parse(content: bytes) -> Parsed`, and its suffixes here.
_FORMATS: Mapping[str, tuple[str, ...]] = {
    "markdown": (".md", ".markdown"),
    "text": (".txt", ".text"),
    "html": (".html", ".htm", ".xhtml"),
    "pdf": (".pdf",),
    "docx": (".docx",),
}
_FORMAT_OF: Mapping[str, str] = {
    suffix: name for name, suffixes in _FORMATS.items() for suffix in suffixes
}
_TEXTUAL = frozenset({"markdown", "text", "html"})

SUFFIXES: frozenset[str] = frozenset(_FORMAT_OF)


def parse(content: bytes, *, name: str) -> Parsed:
    """Return the text of *content*, read as the format that *name* and its first bytes tell.

    Raises:
        UnreadableDocumentError: With the class of the problem and what a person can do about it.
        MemoryError: If the limit of the process is reached.
    """
    named = _format_named(name)
    if not content.strip():
        raise UnreadableDocumentError(ProblemKind.EMPTY, "the file is empty")
    parser = _parser(_format_found(content, named))
    try:
        parsed = parser(content)
    except (UnreadableDocumentError, MemoryError):
        raise
    except RecursionError as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "its parts are nested too deeply; simplify it or save it anew"
        ) from error
    except Exception as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN,
            f"it cannot be read ({type(error).__name__}); open it and save it anew",
        ) from error
    return _checked(parsed)


def _format_named(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in _FORMAT_OF:
        what = f"{suffix} files are" if suffix else "a name without a suffix is"
        known = " ".join(suffix for suffixes in _FORMATS.values() for suffix in suffixes)
        raise UnreadableDocumentError(
            ProblemKind.UNSUPPORTED, f"{what} not supported; supported are {known}"
        )
    return _FORMAT_OF[suffix]


def _format_found(content: bytes, named: str) -> str:
    """Return the format whose signature *content* bears, else the one it is named for."""
    found = signature(content)
    if found is None or (found not in _FORMATS and named not in _TEXTUAL):
        return named
    if found not in _FORMATS:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, f"the name says {named}, the content is not: it is {found}"
        )
    return found


def _parser(name: str) -> Parser:
    # Imported when the first file needs it: most folders hold two or three formats.
    parser: Parser = import_module(f"{__name__}.{name}").parse
    return parser


def _checked(parsed: Parsed) -> Parsed:
    if not parsed.text.strip():
        raise UnreadableDocumentError(ProblemKind.EMPTY, "there is no text in it")
    if len(parsed.text) > MAX_TEXT_CHARS:
        raise UnreadableDocumentError(
            ProblemKind.TOO_BIG,
            f"its text has {len(parsed.text):,} characters, at most {MAX_TEXT_CHARS:,} are taken;"
            " split it",
        )
    return parsed
