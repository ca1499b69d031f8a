"""Parse the bytes of one file into text with its title, headings and pages."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from index.errors import UnreadableDocumentError
from index.parsing.left_out import PICTURES, is_left_out, what_it_is
from index.parsing.page_numbers import page_numbers
from index.parsing.signature import signature
from index.types import Parsed, ProblemKind

if TYPE_CHECKING:
    from index.parsing.ocr_pages import Recognised

__all__ = [
    "MAX_TEXT_CHARS",
    "PARSER_VERSION",
    "SUFFIXES",
    "Parser",
    "child",
    "is_left_out",
    "ocr_engines",
    "ocr_pages",
    "page_numbers",
    "parse",
]

Parser: TypeAlias = Callable[[bytes], Parsed]

PARSER_VERSION = "4"
"""Changes whenever the same bytes would give another text, title, headings or pages."""

MAX_TEXT_CHARS = 20_000_000

# A new format is one module with a `parse(content: bytes) -> Parsed`, and its suffixes here.
_FORMATS: Mapping[str, tuple[str, ...]] = {
    "markdown": (".md", ".markdown"),
    "text": (".txt", ".text"),
    "rst": (".rst",),
    "html": (".html", ".htm", ".xhtml"),
    "pdf": (".pdf",),
    "docx": (".docx", ".docm"),
    "pptx": (".pptx", ".pptm"),
    "xlsx": (".xlsx", ".xlsm"),
    "odt": (".odt", ".ods", ".odp"),
    "rtf": (".rtf",),
    "csv": (".csv", ".tsv"),
    "json": (".json", ".jsonl", ".ndjson"),
    "eml": (".eml",),
    "epub": (".epub",),
    "ipynb": (".ipynb",),
    "image": tuple(sorted(PICTURES)),
}
_FORMAT_OF: Mapping[str, str] = {
    suffix: name for name, suffixes in _FORMATS.items() for suffix in suffixes
}
_RECOGNISED = frozenset({"pdf", "image"})  # their parsers take recognised pages
_TEXTUAL = frozenset({"markdown", "text", "rst", "html", "rtf", "csv", "json", "eml", "ipynb"})

# Older or related formats, and the format to save each of them as.
_SAVE_AS: Mapping[str, str] = {
    ".doc": "docx",
    ".dot": "docx",
    ".wpd": "docx",
    ".ppt": "pptx",
    ".pps": "pptx",
    ".ppsx": "pptx",
    ".key": "pptx",
    ".xls": "xlsx",
    ".xlsb": "xlsx",
    ".numbers": "xlsx",
    ".msg": "eml",
    ".pages": "docx",
    ".mobi": "epub",
}

SUFFIXES: frozenset[str] = frozenset(_FORMAT_OF)


def parse(content: bytes, *, name: str, recognised: "Recognised" = None) -> Parsed:
    """Return the text of *content*; its name and its first bytes decide the format.

    Args:
        content: The file.
        name: Its name.
        recognised: Pages that text recognition has read; None if it is off. Pages that are wanted
            but not among them are named in the result, which then has no text.

    Raises:
        UnreadableDocumentError: With the kind of problem and what a person can do about it.
        MemoryError: If the process reaches its memory limit.
    """
    parser = _chosen(content, name)
    try:
        parsed = _recognising(parser)(content, recognised)
    except (UnreadableDocumentError, MemoryError):
        raise
    except RecursionError as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "its parts are nested too deeply; simplify it or save it again"
        ) from error
    except Exception as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN,
            f"it cannot be read ({type(error).__name__}); open it and save it again",
        ) from error
    return parsed if parsed.wanted else _checked(parsed)


def _chosen(content: bytes, name: str) -> Parser:
    """Return the parser for *content*; raises `UnreadableDocumentError`."""
    suffix = PurePosixPath(name).suffix.lower()
    named = _FORMAT_OF.get(suffix)
    found = signature(content) if named is not None or suffix in _SAVE_AS else None
    # A file called .doc is often HTML or rich text, whatever its name says.
    if named is None and found not in _FORMATS:
        raise _left_out(name) if is_left_out(name) else _unsupported(suffix)
    if not content.strip():
        raise UnreadableDocumentError(ProblemKind.EMPTY, "the file is empty")
    return _parser(_format_found(found, named))


def _recognising(parser: Parser) -> "Callable[[bytes, Recognised], Parsed]":
    module = import_module(parser.__module__)
    if module.__name__.rpartition(".")[2] not in _RECOGNISED:
        return lambda content, _: parser(content)
    takes: Callable[[bytes, Recognised], Parsed] = module.parse
    return takes


def _left_out(name: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(ProblemKind.LEFT_OUT, f"{what_it_is(name)} hold no text to read")


def _unsupported(suffix: str) -> UnreadableDocumentError:
    what = f"{suffix} files are" if suffix else "a name without a suffix is"
    if suffix in _SAVE_AS:
        advice = f"save it as {_SAVE_AS[suffix]}"
    else:
        advice = "save it as PDF or Markdown, or as .txt if it is plain text, or exclude it"
    return UnreadableDocumentError(ProblemKind.UNSUPPORTED, f"{what} not supported; {advice}")


def _format_found(found: str | None, named: str | None) -> str:
    """Return the format that the signature of the content shows, else the one its name says."""
    if found is not None and found in _FORMATS:
        return found
    if named is None or (found is not None and named in _TEXTUAL):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, f"the name says {named}, the content is not: it is {found}"
        )
    return named


def _parser(name: str) -> Parser:
    # Imported when the first file needs it: most folders hold only two or three formats.
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
