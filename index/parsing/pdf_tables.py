"""Find the tables of a PDF page: cells between ruled lines, else columns that are aligned."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from footnote_qa.index.parsing.page import Box, Page, word_lines, words_text
from footnote_qa.index.parsing.pdf_columns import PdfTable, Rows, aligned_tables, segments_of

_NEAR = 3.0
_LEAST_RULE = 6.0
_MOST_LINES = 400
_LEAST_FILLED = 0.3
_LEAST_COLUMNS = _LEAST_ROWS = 2
_MOST_CELL_CHARS = 250  # on average


def find_tables(page: Page) -> list[PdfTable]:
    """Return the tables of *page*, in no special order; none shares a word with another."""
    found: list[PdfTable] = []
    taken: set[int] = set()
    for group in _grids(page.rules):
        table = _ruled(page, group, taken)
        if table is not None:
            found.append(table)
            taken |= table.words
    # The values of a form are in rows with labels of other fields
    found += [] if page.has_fields else aligned_tables(page, taken)
    return found


@dataclass(slots=True)
class _Grid:
    """Ruled lines that touch: their places, and each line with its extent."""

    across: list[Box]  # horizontal
    down: list[Box]  # vertical


def _grids(rules: Sequence[Box]) -> Iterator[_Grid]:
    """Yield groups of horizontal and vertical lines that touch each other, largest first."""
    across = _merged(
        [r for r in rules if r[2] - r[0] >= r[3] - r[1] and r[2] - r[0] >= _LEAST_RULE], 0
    )
    down = _merged(
        [r for r in rules if r[3] - r[1] > r[2] - r[0] and r[3] - r[1] >= _LEAST_RULE], 1
    )
    if not across or not down or len(across) + len(down) > _MOST_LINES:
        return
    parent = list(range(len(across) + len(down)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for i, line in enumerate(across):
        for j, other in enumerate(down, start=len(across)):
            if _touch(line, other):
                parent[root(i)] = root(j)
    groups: dict[int, _Grid] = {}
    for number, line in enumerate([*across, *down]):
        grid = groups.setdefault(root(number), _Grid([], []))
        (grid.across if number < len(across) else grid.down).append(line)
    full = [grid for grid in groups.values() if grid.across and grid.down]
    yield from sorted(full, key=lambda grid: -len(grid.across) * len(grid.down))


def _touch(one: Box, two: Box) -> bool:
    return (
        one[0] - _NEAR <= two[2]
        and two[0] - _NEAR <= one[2]
        and one[1] - _NEAR <= two[3]
        and two[1] - _NEAR <= one[3]
    )


def _merged(rules: Sequence[Box], axis: int) -> list[Box]:
    """Join pieces of one line: at the same height (axis 0) or the same distance (axis 1)."""
    level, along = (1, 0) if axis == 0 else (0, 1)
    merged: list[list[float]] = []
    for rule in sorted(
        rules, key=lambda r: (round((r[level] + r[level + 2]) / 2 / _NEAR), r[along])
    ):
        middle = (rule[level] + rule[level + 2]) / 2
        last = merged[-1] if merged else None
        if (
            last is not None
            and abs((last[level] + last[level + 2]) / 2 - middle) <= _NEAR
            and rule[along] <= last[along + 2] + _NEAR
        ):
            last[along + 2] = max(last[along + 2], rule[along + 2])
        else:
            merged.append(list(rule))
    return [(one[0], one[1], one[2], one[3]) for one in merged]


def _ruled(page: Page, grid: _Grid, taken: set[int]) -> PdfTable | None:
    xs = _places(
        [(line[0] + line[2]) / 2 for line in grid.down], ends=[(r[0], r[2]) for r in grid.across]
    )
    ys = _places(
        [(line[1] + line[3]) / 2 for line in grid.across], ends=[(r[1], r[3]) for r in grid.down]
    )
    if len(xs) <= 1 or len(ys) <= 1:
        return None
    columns, rows = len(xs) - 1, len(ys) - 1
    cells = _regions(grid, xs, ys)
    held: dict[int, list[int]] = {}
    for number, word in enumerate(page.words):
        if number in taken:
            continue
        column = bisect_right(xs, (word.box[0] + word.box[2]) / 2) - 1
        row = bisect_right(ys, word.middle) - 1
        if 0 <= column < columns and 0 <= row < rows:
            held.setdefault(cells[row][column], []).append(number)
    if not _is_table(page, cells, held):
        return None
    texts = {region: _text(page, numbers) for region, numbers in held.items()}
    words = frozenset(number for numbers in held.values() for number in numbers)
    filled: Rows = []
    for row in range(rows - 1, -1, -1):
        filled += (
            _split_rows(page, cells[row], held)
            or _split_cell(page, cells[row], held, xs=xs)
            or [_row(cells, row, texts, is_top=not filled)]
        )
    filled = [row for row in filled if any(row)]
    above = _above(page, taken | words, xs=xs, ys=ys)
    if above and (head := _in_columns(page, above, xs)):
        filled, words = [head, *filled], words | frozenset(above)
    return PdfTable(rows=_without_blank_columns(filled), words=words)


def _row(cells: list[list[int]], row: int, texts: dict[int, str], *, is_top: bool) -> list[str]:
    """Return the texts of a row; a wide cell fills its columns only in the head."""
    found: list[str] = []
    for column, region in enumerate(cells[row]):
        is_first = column == 0 or cells[row][column - 1] != region
        is_whole = len(set(cells[row])) == 1
        found.append(texts.get(region, "") if is_first or (is_top and not is_whole) else "")
    return found


def _places(values: list[float], *, ends: Sequence[tuple[float, float]]) -> list[float]:
    """Return places of lines in ascending order, with those that are nearly the same joined.

    A table may have no lines around it: there the lines across it end.
    """
    outer = [
        end
        for side in (0, 1)
        for end in (pair[side] for pair in ends)
        if sum(abs(pair[side] - end) <= _NEAR for pair in ends) > 1
        if (end < min(values) - _LEAST_RULE if side == 0 else end > max(values) + _LEAST_RULE)
    ]
    found: list[float] = []
    for value in sorted([*values, *outer]):
        if not found or value - found[-1] > _NEAR:
            found.append(value)
    return found


def _regions(grid: _Grid, xs: list[float], ys: list[float]) -> list[list[int]]:
    """Return for each space of the grid the number of its cell; no line parts those of one cell."""
    rows, columns = len(ys) - 1, len(xs) - 1
    ids = [[row * columns + column for column in range(columns)] for row in range(rows)]
    for row in range(rows):
        middle = (ys[row] + ys[row + 1]) / 2
        for column in range(1, columns):
            if not _is_ruled(grid.down, xs[column], middle, axis=1):
                ids[row][column] = ids[row][column - 1]
    for row in range(1, rows):
        for column in range(columns):
            middle = (xs[column] + xs[column + 1]) / 2
            if not _is_ruled(grid.across, ys[row], middle, axis=0):
                old, new = ids[row][column], ids[row - 1][column]
                ids[row] = [new if one == old else one for one in ids[row]]
    return ids


def _is_ruled(lines: Sequence[Box], level: float, at: float, *, axis: int) -> bool:
    across, along = (1, 0) if axis == 0 else (0, 1)
    return any(
        abs((line[across] + line[across + 2]) / 2 - level) <= _NEAR
        and line[along] - _NEAR <= at <= line[along + 2] + _NEAR
        for line in lines
    )


def _is_table(page: Page, cells: list[list[int]], held: dict[int, list[int]]) -> bool:
    """Return whether ruled cells hold a table, and not a box around a text or a drawing."""
    in_rows = [{region for region in row if region in held} for row in cells]
    filled = [row for row in in_rows if row]
    several = [row for row in filled if len(row) >= _LEAST_COLUMNS]
    if len(several) < _LEAST_ROWS or 2 * len(several) < len(filled):
        return False
    regions = {region for row in cells for region in row}
    if len(held) < _LEAST_FILLED * len(regions):
        return False
    chars = sum(len(page.words[number].text) + 1 for found in held.values() for number in found)
    return chars <= _MOST_CELL_CHARS * len(held)


def _split_rows(page: Page, row: Sequence[int], held: dict[int, list[int]]) -> Rows:
    """Return several rows where one ruled row holds them: each line of its cells is a row."""
    columns = list(dict.fromkeys(row))
    lines = [word_lines(page, held.get(region, [])) for region in columns]
    filled = [line for line in lines if line]
    if len(columns) != len(row) or len(filled) < _LEAST_COLUMNS or len(lines[0]) < 3:  # noqa: PLR2004
        return []
    levels = [page.words[line[0]].middle for line in lines[0]]
    for column in filled[1:]:
        own = [page.words[line[0]].middle for line in column]
        if len(own) < 3 or any(min(abs(one - level) for level in levels) > _NEAR for one in own):  # noqa: PLR2004
            return []
    found: Rows = []
    for level in levels:
        found.append(
            [
                " ".join(
                    words_text(page, line)
                    for line in column
                    if abs(page.words[line[0]].middle - level) <= _NEAR
                )
                for column in lines
            ]
        )
    return found


def _above(page: Page, taken: Set[int], *, xs: Sequence[float], ys: Sequence[float]) -> list[int]:
    """Return the words of the line just above a grid: its head, where no line is around it."""
    usual = sorted(upper - lower for lower, upper in pairwise(ys))[len(ys) // 2 - 1]
    return [
        number
        for number, word in enumerate(page.words)
        if number not in taken
        and ys[-1] < word.middle < ys[-1] + usual
        and xs[0] - _NEAR <= word.box[0]
        and word.box[2] <= xs[-1] + _NEAR
    ]


def _split_cell(
    page: Page, row: Sequence[int], held: Mapping[int, list[int]], *, xs: Sequence[float]
) -> Rows:
    """Return the row that one cell holds as wide as the table, where its words are in columns."""
    is_one = len(row) > 1 and len(set(row)) == 1 and row[0] in held
    found = _in_columns(page, held[row[0]], xs) if is_one else []
    return [found] if found else []


def _in_columns(page: Page, numbers: Sequence[int], xs: Sequence[float]) -> list[str]:
    """Return the text in each column between *xs*; nothing if a text is in two, or few have any."""
    found = [""] * (len(xs) - 1)
    for line in word_lines(page, numbers):
        for segment in segments_of(page, line):
            column = bisect_right(xs, segment.left + 1) - 1
            if not 0 <= column < len(found) or segment.right > xs[column + 1] + 1:
                return []
            found[column] = f"{found[column]} {words_text(page, segment.words)}".strip()
    filled = sum(map(bool, found))
    return found if filled > 1 and 2 * filled > len(found) else []


def _text(page: Page, numbers: Sequence[int]) -> str:
    return " ".join(words_text(page, line) for line in word_lines(page, numbers))


def _without_blank_columns(rows: Rows) -> Rows:
    kept = [column for column in range(len(rows[0])) if any(row[column] for row in rows)]
    return [[row[column] for column in kept] for row in rows]
