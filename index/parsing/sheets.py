"""Find the tables of a sheet: blocks between blank rows and columns, their heads and captions."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from footnote_qa.index.parsing.tables import captioned, cell, tables
from footnote_qa.index.parsing.text import clean

_VALUE = re.compile(r"[-+−(]?[$€£¥]?\s?\d[\d.,:/\s-]*(?:[%€$£¥)]|[AP]M)?", re.IGNORECASE)
_YEAR_OR_DATE = re.compile(r"(?:19|20)\d\d(?:[-/ ]\d\d?(?:[-/ ]\d\d?)?)?|Q[1-4]|\d{1,2}[/.]\d{2,4}")
_MOST_NAME_WORDS = 2
_MOST_NAMES_WORDS = 10  # for each column of a head
_PAIR = 2
_LEAST_NAMED = 0.5

Rows = Sequence[Sequence[str]]


def sheet(rows: Rows) -> Iterator[str]:
    """Yield the paragraphs and tables of a sheet; blank rows and columns separate them."""
    head: tuple[list[int], list[str]] | None = None
    for is_blank, group in groupby(rows, key=lambda row: not any(text.strip() for text in row)):
        if is_blank:
            continue
        lines, body = _captions(list(group))
        yield from lines
        caption = " – ".join(lines[-2:])
        for columns in _side_by_side(body):
            part = _of_columns(body, columns)
            # Values below a gap continue the table above it: they share its head.
            if head is not None and set(columns) <= set(head[0]) and _continues(part):
                names = dict(zip(*head, strict=True))
                part.insert(0, [names[column] for column in columns])
                yield from captioned(tables(part), caption, first=False)
                continue
            heads = count_heads(part)
            if heads:
                part = [_filled(part[0], part[1]), *part[1:]] if heads > 1 else part
                head = columns, _joined(part[:heads])
            yield from captioned(_shown(part, heads), caption, first=False)


def table_texts(rows: list[list[str]]) -> Iterator[str]:
    """Yield a table whose cells are known: its title, then its rows below their head."""
    lines, body = _captions([*rows])
    yield from lines
    kept = [list(row) for row in body]
    if kept:
        heads = count_heads(kept)
        if sum(map(bool, _joined(kept[:heads]))) < _LEAST_NAMED * len(kept[0]):
            heads = 0
        shown = _shown(kept, heads, whole_rows=True)
        yield from captioned(shown, " – ".join(lines[-2:]), first=False)


def _shown(part: list[list[str]], heads: int, *, whole_rows: bool = False) -> Iterator[str]:
    if heads:
        yield from tables(part, heads=heads, whole_rows=whole_rows)
    elif len(part) == 1:
        yield paired(part[0])
    elif len(part[0]) <= _PAIR:
        yield "\n".join(f"- {paired(row)}" for row in part)
    else:
        yield from tables(part, heads=0)


def paired(row: Sequence[str]) -> str:
    """Return a row without a head as one line.

    >>> paired(["Depot key", "cabinet 9"]), paired(["Colour:", "red"]), paired(["a", "b", "c"])
    ('Depot key: cabinet 9', 'Colour: red', 'a – b – c')
    """
    words = [" ".join(clean(text).split()) for text in row if text.strip()]
    if len(words) == _PAIR:
        return f"{words[0].rstrip(': ')}: {words[1]}"
    return " – ".join(words)


def count_heads(rows: list[list[str]]) -> int:
    """Return how many rows at the top are the head: 0, 1 or 2; rows can be of different length."""
    width = max(map(len, rows), default=0)
    if not width:
        return 0
    rows = [[*row, *[""] * (width - len(row))] for row in rows]
    if len(rows) > 1 and _names_groups(rows):
        return 2
    if len(rows[0]) == 1:
        return 0 if _has_value(rows[0]) and len(rows) > 1 and _has_value(rows[1]) else 1
    if sum(len(text.split()) for text in rows[0]) > _MOST_NAMES_WORDS * len(rows[0]):
        return 0  # sentences name no columns
    return 0 if _is_data(rows) else 1


def _is_data(rows: list[list[str]]) -> bool:
    """Return whether the first row holds values like the rows below it, and no names."""
    first = [text.strip() for text in rows[0]]
    if len(first) == _PAIR and all(first) and len(first[1].split()) > _MOST_NAME_WORDS:
        return True  # a label and a text beside it
    if first[0].endswith(":"):
        return True
    values = [column for column, text in enumerate(first) if _VALUE.fullmatch(text)]
    if len(rows) == 1:
        return bool(values) or len(first) == _PAIR
    if all(_YEAR_OR_DATE.fullmatch(first[column]) for column in values):
        return False  # years name columns as often as they fill them
    below = [row for row in rows[1:] if any(text.strip() for text in row)]
    alike = [sum(_has_value([row[column]]) for row in below) for column in values]
    return any(2 * count > len(below) for count in alike)


def _names_groups(rows: list[list[str]]) -> bool:
    """Return whether the first row names groups of columns, and the second the columns."""
    if len(rows) < 3 or _has_value(rows[0]) or _has_value(rows[1]):  # noqa: PLR2004
        return False
    is_partial = not all(text.strip() for text in rows[0]) or _repeats(rows[0])
    is_over = not rows[0][0].strip() and _repeats(rows[0])
    starts_below = is_over or rows[1][0].strip() in {"", rows[0][0].strip()}
    return is_partial and starts_below and _has_value(rows[2])


def _repeats(row: Sequence[str]) -> bool:
    """Return whether a text fills neighbouring cells, as a merged cell does."""
    return any(a.strip() and a == b for a, b in pairwise(row))


def _filled(row: Sequence[str], below: Sequence[str]) -> list[str]:
    """Return the names of groups with each one over all of its columns."""
    filled: list[str] = []
    for number, text in enumerate(row):
        is_named = bool(below[number].strip())
        is_group = not text.strip() and number > 1 and is_named and bool(filled[-1].strip())
        filled.append(filled[-1] if is_group else text)
    return filled


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        " ".join(dict.fromkeys(text.strip() for text in column if text.strip()))
        for column in zip(*rows, strict=True)
    ]


def _side_by_side(rows: Rows) -> list[list[int]]:
    """Return the columns of each table: one, or several with blank columns between them."""
    used = _columns(rows)
    groups: list[list[int]] = []
    for column in used:
        if groups and column == groups[-1][-1] + 1:
            groups[-1].append(column)
        else:
            groups.append([column])
    parts = [_of_columns(rows, group) for group in groups]
    are_tables = all(
        len(group) > 1 and len(part) > 1 and all(part[0]) and not _has_value(part[0])
        for group, part in zip(groups, parts, strict=True)
    )
    return groups if len(groups) > 1 and are_tables else [used] if used else []


def _of_columns(rows: Rows, columns: Sequence[int]) -> list[list[str]]:
    """Return the rows of a block, without those that are blank in these columns."""
    part = [[row[column] if column < len(row) else "" for column in columns] for row in rows]
    return [row for row in part if any(text.strip() for text in row)]


def _captions(rows: list[Sequence[str]]) -> tuple[list[str], list[Sequence[str]]]:
    """Separate single-cell lines above a table from the table."""
    columns = len(_columns(rows))
    widths = [_width(row, columns) for row in rows]
    if max(widths) == 1 and len({_columns([row])[0] for row in rows}) == 1 and len(rows) > 1:
        return [], rows
    first = next((number for number, width in enumerate(widths) if width > 1), len(rows))
    words = [" ".join(dict.fromkeys(cell(text) for text in row if cell(text))) for row in rows]
    return [text.replace(r"\|", "|") for text in words[:first]], rows[first:]


def _width(row: Sequence[str], columns: int) -> int:
    """Return how many texts a row has; a title that fills it is one, the name of a group is not."""
    texts = [text.strip() for text in row if text.strip()]
    is_group = 1 < len(texts) < columns
    return len(texts) if is_group else len(set(texts))


def _columns(rows: Rows) -> list[int]:
    return sorted({column for row in rows for column, text in enumerate(row) if text.strip()})


def _continues(part: list[list[str]]) -> bool:
    return _has_value(part[0])


def _has_value(row: Sequence[str]) -> bool:
    return any(_VALUE.fullmatch(text.strip()) for text in row if text.strip())
