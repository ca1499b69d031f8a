"""Rows become Markdown tables that are short enough for a chunk to keep its columns' names."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from index.parsing.text import clean

MAX_TABLE_TOKENS = 150
"""A table is cut where it would be longer; less than the chunks of 200 that are usual."""

# Longer pieces of words, figures and marks are rarely tokens of a model.
_TOKEN = re.compile(r"[^\W\d_]{1,6}|\d{1,3}|[^\w\s]|_")
_VALUE = re.compile(r"[-+−(]?[$€£¥]?\s?\d[\d.,:/\s-]*(?:[%€$£¥)]|[AP]M)?", re.IGNORECASE)


def cell(text: str) -> str:
    r"""Return *text* as the cell of a table.

    >>> cell("one | two\nthree ")
    'one \\| two three'
    """
    return " ".join(clean(text).split()).replace("|", r"\|")


def tables(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the tables that *rows* make, each with the first row as its head.

    Where the head alone would fill half of a table, each row becomes a list of its own instead, in
    which a value stands beside its column's name.

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
    """Yield the rows as lists; one that is cut repeats its first line, which mostly names it."""
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
    """Yield the paragraphs and tables of a sheet, in which blank rows part one from the next."""
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
        # Values under a gap go on with the table above it: its head is theirs too.
        if head is not None and set(columns) <= set(head[0]) and _has_value(part[0]):
            names = dict(zip(*head, strict=True))
            part.insert(0, [names[column] for column in columns])
        else:
            part = _with_one_head(part)
            head = columns, part[0]
        yield from tables(part)


def _with_one_head(rows: list[list[str]]) -> list[list[str]]:
    """Join the second row of a head with the first, above which groups of columns are named."""
    if len(rows) > 2 and not _has_value(rows[0]) and not _has_value(rows[1]):  # noqa: PLR2004
        names_groups = not all(text.strip() for text in rows[0])
        if names_groups and not rows[1][0].strip() and _has_value(rows[2]):
            pairs = zip(rows[0], rows[1], strict=True)
            return [[f"{group} {name}".strip() for group, name in pairs], *rows[2:]]
    return rows


def _captions(rows: list[Sequence[str]]) -> tuple[list[str], list[Sequence[str]]]:
    """Part the lines of one cell that stand over a table from the table."""
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
