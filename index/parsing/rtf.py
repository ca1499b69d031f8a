"""Parse rich text (RTF) with striprtf: its words and the cells of its tables."""

import re
from itertools import groupby

from striprtf.striprtf import rtf_to_text

from index.errors import UnreadableDocumentError
from index.parsing.blocks import Blocks
from index.parsing.tables import tables
from index.parsing.text import clean
from index.types import Parsed, ProblemKind

_MAGIC = b"{\\rtf"
_TITLE = re.compile(r"\{\\title ([^{}]{1,500})\}")


def parse(content: bytes) -> Parsed:
    """Return the text of *content*. It has no headings: RTF marks only how large text looks.

    Raises:
        UnreadableDocumentError: BROKEN if it is not rich text.
    """
    if not content.lstrip().startswith(_MAGIC):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says rtf, the content is not; save it again"
        )
    # The format itself is ASCII; other letters are escaped, in the encoding that it names.
    source = content.decode("latin-1")
    title = _TITLE.search(source)
    blocks = Blocks()
    lines = clean(_plain(source)).split("\n")
    for is_row, group in groupby(filter(str.strip, lines), key=_is_row):
        for block in tables([line.split("|")[:-1] for line in group]) if is_row else group:
            blocks.add(block.strip())
    return blocks.parsed(_plain(f"{{\\rtf1\\ansi {title[1]}}}") if title else None)


def _is_row(line: str) -> bool:
    """Return whether a line is a table row, in which each cell ends with a bar."""
    return line.rstrip().endswith("|") and line.count("|") > 1


def _plain(source: str) -> str:
    # The library is not typed.
    return str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]
