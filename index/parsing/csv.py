"""Parse CSV and TSV: find the separator and turn the rows into Markdown tables."""

import csv
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.sheets import sheet
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed

_SEPARATORS = (",", ";", "\t", "|")
_SAMPLE_ROWS = 100
_HINT = "sep="


def parse(content: bytes) -> Parsed:
    """Return the rows of *content* as Markdown tables."""
    text = clean(decode(content))
    first, _, rest = text.partition("\n")
    # Excel's own separator hint, which is not a row.
    is_hint = first.lower().startswith(_HINT) and len(first) == len(_HINT) + 1
    rows = _rows(rest, first[-1]) if is_hint else _rows(text, _separator(text))
    blocks = Blocks()
    for block in sheet(rows):
        blocks.add(block)
    return blocks.parsed()


def _separator(text: str) -> str:
    """Return the separator that splits most rows of a sample into the same number of columns.

    The number must be above one. The standard library's sniffer takes letters for separators.
    """
    best, found = 0.0, _SEPARATORS[0]
    for separator in _SEPARATORS:
        widths = [len(row) for row in islice(_read(text, separator), _SAMPLE_ROWS) if row]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        score = widths.count(usual) / len(widths) if usual > 1 else 0.0
        if score > best:
            best, found = score, separator
    return found


def _rows(text: str, separator: str) -> list[list[str]]:
    if _has_open_quote(text, separator):
        return [
            [field.strip().strip('"') for field in line.split(separator)]
            for line in text.split("\n")
        ]
    return list(_read(text, separator))


def _has_open_quote(text: str, separator: str) -> bool:
    """Return whether a quotation mark that is never closed swallows the text after it."""
    try:
        for _ in csv.reader(StringIO(text), delimiter=separator, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end" in str(error) or "field larger" in str(error)
    return False


def _read(text: str, separator: str) -> Iterator[list[str]]:
    rows = csv.reader(StringIO(text), delimiter=separator, skipinitialspace=True)
    try:
        yield from rows
    except csv.Error:  # a field over the limit: the separator is wrong, or a quote is open
        return
