"""Parse the bytes of one file into text with its title, headings and pages."""

from collections.abc import Callable
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.extras import install
from footnote_qa.index.parsing.checks import MAX_TEXT_CHARS, checked
from footnote_qa.index.parsing.formats import (
    FORMAT_OF,
    FORMAT_OF_NAME,
    FORMATS,
    MAIL_SUFFIXES,
    RECOGNISED,
    SAVE_AS,
    SUFFIXES,
    TEXTUAL,
    WRITTEN,
)
from footnote_qa.index.parsing.left_out import is_generated, is_left_out, what_it_is
from footnote_qa.index.parsing.page_numbers import page_numbers
from footnote_qa.index.parsing.plugins import chosen_plugins, identity
from footnote_qa.index.parsing.signature import signature
from footnote_qa.index.types import Parsed, ProblemKind

if TYPE_CHECKING:
    from footnote_qa.index.parsing.mails import Attachment
    from footnote_qa.index.parsing.ocr_pages import Recognised

__all__ = [
    "MAIL_SUFFIXES",
    "MAX_TEXT_CHARS",
    "PARSER_VERSION",
    "SUFFIXES",
    "Parser",
    "attachments",
    "child",
    "chosen_plugins",
    "identity",
    "is_left_out",
    "ocr_engines",
    "ocr_pages",
    "page_numbers",
    "parse",
]

Parser: TypeAlias = Callable[[bytes], Parsed]

PARSER_VERSION = "6"
"""Changes whenever the same bytes would give another text, title, headings or pages."""


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
    kind = _format(content, name)
    parser = _parser(kind)
    try:
        if kind in RECOGNISED:
            parsed = parser(content, recognised)
        else:
            parsed = parser(content, name) if kind == "code" else parser(content)
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
    return parsed if parsed.wanted else checked(parsed)


def attachments(content: bytes, *, name: str) -> "list[Attachment]":
    """Return the files attached to a mail that can be read; raises `UnreadableDocumentError`."""
    kind = _format(content, name)
    module = import_module(f"{__name__}.{kind}")
    if kind not in {FORMAT_OF[suffix] for suffix in MAIL_SUFFIXES}:
        return []
    try:
        found: list[Attachment] = module.attachments(content)
    except (UnreadableDocumentError, MemoryError):
        raise
    except Exception as error:  # the mail itself is read anyway, or has its problem
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, f"its attached files cannot be read ({type(error).__name__})"
        ) from error
    return [one for one in found if PurePosixPath(one.name).suffix.lower() in SUFFIXES]


def _format(content: bytes, name: str) -> str:
    """Return the format of *content*; raises `UnreadableDocumentError`."""
    path = PurePosixPath(name.lower())
    named = FORMAT_OF.get(path.suffix) or FORMAT_OF_NAME.get(path.name)
    found = signature(content) if named is not None or path.suffix in SAVE_AS else None
    # A file called .doc is often HTML or rich text, whatever its name says.
    if is_generated(name):
        raise _left_out(name)
    if named is None and found not in FORMATS:
        raise _left_out(name) if is_left_out(name) else _unsupported(path.suffix)
    if not content.strip():
        raise UnreadableDocumentError(ProblemKind.EMPTY, "the file is empty")
    if found == "html" and named in WRITTEN:
        return str(named)
    return _format_found(found, named)


def _left_out(name: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(ProblemKind.LEFT_OUT, f"{what_it_is(name)} hold no text to read")


def _unsupported(suffix: str) -> UnreadableDocumentError:
    what = f"{suffix} files are" if suffix else "a name without a suffix is"
    if suffix in SAVE_AS:
        advice = f"save it as {SAVE_AS[suffix]}"
    else:
        advice = "save it as PDF or Markdown, or as .txt if it is plain text, or exclude it"
    return UnreadableDocumentError(ProblemKind.UNSUPPORTED, f"{what} not supported; {advice}")


def _format_found(found: str | None, named: str | None) -> str:
    """Return the format that the signature of the content shows, else the one its name says."""
    if found is not None and found in FORMATS:
        return found
    if named is None or (found is not None and named in TEXTUAL):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, f"the name says {named}, the content is not: it is {found}"
        )
    return named


def _parser(name: str) -> Callable[..., Parsed]:
    # Imported when the first file needs it: most folders hold only two or three formats.
    try:
        parser: Callable[..., Parsed] = import_module(f"{__name__}.{name}").parse
    except ModuleNotFoundError as error:
        how = install("office" if name == "pptx" else "tesseract")
        raise UnreadableDocumentError(
            ProblemKind.UNSUPPORTED, f"{name} files need a package that is not installed: {how}"
        ) from error
    return parser
