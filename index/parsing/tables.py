"""Turn rows into Markdown tables short enough that every chunk keeps the column names."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from index.parsing.text import clean

MAX_TABLE_TOKENS = 150
"""Longer tables are cut; it is below the usual 200 tokens of a chunk."""

# Longer runs of letters, digits or marks are rarely one token of a model.
_TOKEN = re.compile(r"[^\W\d_]{1,6}|\d{1,3}|[^\w\s]|_")
_VALUE = re.compile(r"[-+−(]?[$€£¥]?\s?\d[\d.,:/\s-]*(?:[%€$£¥)]|[AP]M)?", re.IGNORECASE)


def cell(text: str) -> str:
    r"""Return *text* as a table cell.

    >>> cell("one | two\nthree ")
    'one \\| two three'
    """
    return " ".join(clean(text).split()).replace("|", r"\|")


def tables(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield tables made from *rows*, each with the first row as its head.

    If the head alone would fill half of a table, each row becomes a list instead, with each value
    beside its column's name.

    Args:
        rows: Texts of the cells; rows may be of different length.
    """
    width = max((len(row) for row in rows), default=0)
    cells = [[cell(text) for text in row] + [""] * (width - len(row)) for row in rows]
    if not any(any(row) for row in cells):
        return
    top = f"{_line(cells[0])}\n|{'---|' * width}"
    if len(cells) > 1 and 2 * _tokens(top) > MAX_TABLE_TOKENS:
        yield from _lists(cells)
        return
    yield from _cut(top, [_line(row) for row in cells[1:]])


def _lists(cells: list[list[str]]) -> Iterator[str]:
    """Yield the rows as lists; a list that is cut repeats its first line, usually its name."""
    for row in cells[1:]:
        named = zip(cells[0], row, strict=True)
        lines = [f"- {name}: {text}" if name else f"- {text}" for name, text in named if text]
        if lines:
            yield from _cut(lines[0], lines[1:])


def _cut(head: str, lines: Sequence[str]) -> Iterator[str]:
    block = [head]
    used = first = _tokens(head)
    for line in lines:
        tokens = _tokens(line)
        if len(block) > 1 and used + tokens > MAX_TABLE_TOKENS:
            yield "\n".join(block)
            block, used = [head], first
        block.append(line)
        used += tokens
    yield "\n".join(block)


def sheet(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the paragraphs and tables of a sheet; blank rows separate them."""
    head: tuple[list[int], list[str]] | None = None
    for is_blank, group in groupby(rows, key=lambda row: not any(text.strip() for text in row)):
        if is_blank:
            continue
        lines, body = _captions(list(group))
        yield from lines
        columns = _columns(body)
        if not columns:
            continue
        part = [[row[column] if column < len(row) else "" for column in columns] for row in body]
        # Values below a gap continue the table above it: they share its head.
        if head is not None and set(columns) <= set(head[0]) and _has_value(part[0]):
            names = dict(zip(*head, strict=True))
            part.insert(0, [names[column] for column in columns])
        else:
            part = _with_one_head(part)
            head = columns, part[0]
        yield from tables(part)


def _with_one_head(rows: list[list[str]]) -> list[list[str]]:
    """Join the second row of a head with the first, where the first names groups of columns."""
    if len(rows) > 2 and not _has_value(rows[0]) and not _has_value(rows[1]):  # noqa: PLR2004
        names_groups = not all(text.strip() for text in rows[0])
        if names_groups and not rows[1][0].strip() and _has_value(rows[2]):
            pairs = zip(rows[0], rows[1], strict=True)
            return [[f"{group} {name}".strip() for group, name in pairs], *rows[2:]]
    return rows


def _captions(rows: list[Sequence[str]]) -> tuple[list[str], list[Sequence[str]]]:
    """Separate single-cell lines above a table from the table."""
    widths = [sum(bool(text.strip()) for text in row) for row in rows]
    if max(widths) == 1 and len({_columns([row])[0] for row in rows}) == 1 and len(rows) > 1:
        return [], rows
    first = next((number for number, width in enumerate(widths) if width > 1), len(rows))
    words = [" ".join(" ".join(clean(text) for text in row).split()) for row in rows[:first]]
    return words, rows[first:]


def _columns(rows: Sequence[Sequence[str]]) -> list[int]:
    return sorted({column for row in rows for column, text in enumerate(row) if text.strip()})


def _has_value(row: Sequence[str]) -> bool:
    return any(_VALUE.fullmatch(text.strip()) for text in row if text.strip())


def _line(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"


def _tokens(text: str) -> int:
    return sum(1 for _ in _TOKEN.finditer(text))
