"""Turn rows into Markdown tables short enough that every chunk keeps the column names."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from footnote_qa.index.chunking import split_sentences
from footnote_qa.index.parsing.text import clean

MAX_TABLE_TOKENS = 150
"""Longer tables are cut; it is below the usual 200 tokens of a chunk."""

# Longer runs of letters, digits or marks are rarely one token of a model.
_TOKEN = re.compile(r"[^\W\d_]{1,6}|\d{1,3}|[^\w\s]|_")
# Cells that are repeated beside a part of a long cell: they say which row it is from.
_MOST_KEYS, _MOST_KEY_TOKENS, _LONGEST_KEY_TOKENS = 3, 40, 24
_LEAST_PART_TOKENS = 40
_MOST_CAPTION_TOKENS = 40


def cell(text: str) -> str:
    r"""Return *text* as a table cell.

    >>> cell("one | two\nthree ")
    'one \\| two three'
    """
    return " ".join(clean(text).split()).replace("|", r"\|")


def tables(
    rows: Sequence[Sequence[str]], *, heads: int = 1, whole_rows: bool = False
) -> Iterator[str]:
    """Yield tables made from *rows*, each with the same head.

    If the head alone would fill half of a table, each row becomes a list instead, with each value
    beside its column's name. A row that is too long becomes several short tables; each of them
    repeats the cells that identify the row.

    Args:
        rows: Texts of the cells; rows may be of different length.
        heads: How many rows at the top are the head; several are joined.
        whole_rows: Whether a row that becomes a list stays on one line.
    """
    width = max((len(row) for row in rows), default=0)
    cells = [[cell(text) for text in row] + [""] * (width - len(row)) for row in rows]
    if not any(any(row) for row in cells):
        return
    head, body = _one_head(cells[:heads], width), [row for row in cells[heads:] if any(row)]
    if body and 2 * _tokens(_top(head)) > MAX_TABLE_TOKENS:
        yield from _named_lines(head, body) if whole_rows else _lists(head, body)
        return
    yield from _cut_rows(head, body)


def captioned(parts: Iterable[str], caption: str, *, first: bool) -> Iterator[str]:
    """Yield the parts of a table, each below its caption; the first only if *first* is true."""
    words = " ".join(caption.split())
    is_short = _tokens(words) <= _MOST_CAPTION_TOKENS
    for number, part in enumerate(parts):
        repeats = first if number == 0 else is_short
        yield f"{words}\n\n{part}" if words and repeats else part


def _one_head(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Join the rows of a head: a group's name comes before the names of its columns.

    >>> _one_head([["Season", "Rate", "Rate"], ["Season", "Day", "Week"]], 3)
    ['Season', 'Rate Day', 'Rate Week']
    """
    return [
        " ".join(dict.fromkeys(row[column] for row in rows if row[column]))
        for column in range(width)
    ]


def _named_lines(head: Sequence[str], body: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a list with an item of one line for each row: each value behind its column's name."""
    lines: list[str] = []
    for row in body:
        named = [pair for pair in zip(head, row, strict=True) if pair[1]]
        lines.append("; ".join(f"{name}: {text}" if name else text for name, text in named))
    yield "\n".join(f"- {line}" for line in lines)


def _lists(head: Sequence[str], body: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the rows as lists; a list that is cut repeats its first line, usually its name."""
    for row in body:
        named = zip(head, row, strict=True)
        lines = [f"- {name}: {text}" if name else f"- {text}" for name, text in named if text]
        if lines:
            yield from _cut(lines[0], lines[1:])
    blank = [name for name, *column in zip(head, *body, strict=True) if name and not any(column)]
    if blank:  # they are to be filled in
        yield f"Columns without values: {', '.join(blank)}"


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


def _cut_rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> Iterator[str]:
    top = _top(head)
    most = MAX_TABLE_TOKENS - _tokens(top)
    waiting: list[str] = []
    for row in body:
        line = _line(row)
        if _tokens(line) <= most or sum(map(bool, row)) == 1 == len(row):
            waiting.append(line)
            continue
        if waiting:
            yield from _cut(top, waiting)
            waiting = []
        yield from _long_row(head, row)
    if waiting or not body:
        yield from _cut(top, waiting)


def _long_row(head: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    """Yield tables of one row that together hold *row*; each repeats the cells that identify it."""
    keys = _keys(row)
    fixed = _tokens(_top([head[key] for key in keys])) + sum(_tokens(row[key]) for key in keys)
    used = fixed
    named = {key: row[key] for key in keys}
    others: dict[int, str] = {}
    for column in range(len(row)):
        if not row[column] or column in named:
            continue
        name = _tokens(head[column]) + 3
        for part in _parts(row[column], max(_LEAST_PART_TOKENS, MAX_TABLE_TOKENS - fixed - name)):
            tokens = _tokens(part) + name
            if others and (column in others or used + tokens > MAX_TABLE_TOKENS):
                yield _one_row(head, named | others)
                others, used = {}, fixed
            others[column] = part
            used += tokens
    if others:
        yield _one_row(head, named | others)


def _one_row(head: Sequence[str], texts: Mapping[int, str]) -> str:
    columns = sorted(texts)
    names, line = [head[column] for column in columns], [texts[column] for column in columns]
    return f"{_top(names)}\n{_line(line)}"


def _keys(row: Sequence[str]) -> list[int]:
    """Return the columns of the first short cells of *row*."""
    found: list[int] = []
    used = 0
    for column, text in enumerate(row):
        tokens = _tokens(text)
        if text and tokens <= _LONGEST_KEY_TOKENS and used + tokens <= _MOST_KEY_TOKENS:
            found.append(column)
            used += tokens
        if len(found) == _MOST_KEYS:
            break
    # A cell that fills the complete row has nothing to be found by.
    return found if len(found) < sum(map(bool, row)) else found[:1]


def _parts(text: str, most: int) -> Iterator[str]:
    """Cut a text between sentences, or between words where a sentence is too long."""
    pieces: list[str] = []
    for start, end in split_sentences(text):
        sentence = text[start:end].strip()
        pieces += [sentence] if _tokens(sentence) <= most else sentence.split()
    part: list[str] = []
    used = 0
    for piece in pieces:
        tokens = _tokens(piece)
        if part and used + tokens > most:
            yield " ".join(part)
            part, used = [], 0
        part.append(piece)
        used += tokens
    if part:
        yield " ".join(part)


def _top(head: Sequence[str]) -> str:
    return f"{_line(head)}\n|{' --- |' * len(head)}"


def _line(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"


def _tokens(text: str) -> int:
    return sum(1 for _ in _TOKEN.finditer(text))
