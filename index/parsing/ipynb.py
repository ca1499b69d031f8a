"""Parse Jupyter notebooks: their text, code and printed output."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeGuard

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import markdown
from footnote_qa.index.parsing.blocks import Blocks, fenced
from footnote_qa.index.parsing.text import decode
from footnote_qa.index.types import Parsed, ProblemKind

_MAX_OUTPUT_CHARS = 10_000
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

Cell = Mapping[str, object]


def parse(content: bytes) -> Parsed:
    """Return the cells of *content* in order, code and outputs between fences.

    Raises:
        UnreadableDocumentError: BROKEN if it is not a notebook.
    """
    try:
        notebook = json.loads(decode(content))
    except ValueError as error:
        raise _no_notebook() from error
    if not _is_mapping(notebook):
        raise _no_notebook()
    language = _language(notebook)
    blocks = Blocks()
    for cell in _cells(notebook):
        source = _text(cell.get("source", cell.get("input")))
        if cell.get("cell_type") == "markdown":
            blocks.add_parsed(markdown.parse(source.encode()))
        elif cell.get("cell_type") == "code":
            blocks.add(_fenced(source, language))
            blocks.add(_fenced("\n".join(_outputs(cell)), ""))
        else:
            blocks.add(source)
    return blocks.parsed(blocks.first_heading())


def _no_notebook() -> UnreadableDocumentError:
    return UnreadableDocumentError(
        ProblemKind.BROKEN, "the name says ipynb, the content is not a notebook; save it again"
    )


def _is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, dict)


def _items(value: object) -> Iterator[Cell]:
    yield from (one for one in value if _is_mapping(one)) if isinstance(value, list) else ()


def _cells(notebook: Mapping[str, object]) -> Iterator[Cell]:
    if "cells" not in notebook and "worksheets" not in notebook:
        raise _no_notebook()
    yield from _items(notebook.get("cells"))
    for sheet in _items(notebook.get("worksheets")):  # the format before 2015
        yield from _items(sheet.get("cells"))


def _language(notebook: Mapping[str, object]) -> str:
    metadata = notebook.get("metadata")
    info = metadata.get("language_info") if _is_mapping(metadata) else None
    name = info.get("name") if _is_mapping(info) else None
    return name if isinstance(name, str) and name.isalnum() else "python"


def _outputs(cell: Cell) -> Iterator[str]:
    """Yield the output printed or shown as text, and the names of errors without traces."""
    for output in _items(cell.get("outputs")):
        shown = output.get("data")
        if "ename" in output:
            yield f"{_text(output['ename'])}: {_text(output.get('evalue'))}"
        elif _is_mapping(shown):
            yield _text(shown.get("text/plain"))
        else:
            yield _text(output.get("text"))


def _text(value: object) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _fenced(text: str, language: str) -> str:
    return fenced(_COLOUR.sub("", text).strip("\n")[:_MAX_OUTPUT_CHARS], language)
