"""Find the tables of a PDF page that have no lines: rows of short texts in aligned columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from footnote_qa.index.parsing.page import Page, height_of, word_lines, words_text

_LEAST_COLUMNS = 2
_MOST_WORDS_ALIGNED, _MOST_WORDS_A_CELL = 6.0, 2.0
_LEAST_FILLED_ALIGNED = 0.55
_MOST_LOWER = 0.3
_MOSTLY = 0.7
_MOST_ROW_HEIGHTS, _MOST_LINE_HEIGHTS = 3.2, 1.6
_SAME_EDGE = 3.0
_NEARER = 0.85

Rows = list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfTable:
    """A table on a page.

    Attributes:
        rows: Texts of its cells; a cell is repeated in each row, and in the head in each column,
            that it covers.
        words: Places of its words in the page's list of words.
    """

    rows: Rows
    words: frozenset[int]


@dataclass(slots=True)
class Segment:
    """Words of one row with no wide gap between them."""

    left: float
    right: float
    words: list[int]


def aligned_tables(page: Page, taken: set[int]) -> Iterator[PdfTable]:
    """Yield the tables among the words that are not *taken*, from the top of the page."""
    free = [number for number in range(len(page.words)) if number not in taken]
    rows = [segments_of(page, line) for line in word_lines(page, free)]
    start = 0
    while start < len(rows):
        end = _block_end(page, rows, start)
        table = _aligned_table(page, rows[start:end])
        if table is not None:
            yield table
        start = max(end, start + 1)


def segments_of(page: Page, line: Sequence[int]) -> list[Segment]:
    """Return the words of a line in groups, parted by wide gaps."""
    found: list[Segment] = []
    for number in line:
        word = page.words[number]
        gap = max(7.0, height_of(word) * 0.75)
        if found and word.box[0] - found[-1].right < gap:
            found[-1].right = max(found[-1].right, word.box[2])
            found[-1].words.append(number)
        else:
            found.append(Segment(word.box[0], word.box[2], [number]))
    return found


def _block_end(page: Page, rows: Sequence[list[Segment]], start: int) -> int:
    """Return where a block of rows with several columns and even distances ends."""
    end = last = start
    while end < len(rows):
        if end > start:
            above, below = page.words[rows[end - 1][0].words[0]], page.words[rows[end][0].words[0]]
            distance = (above.middle - below.middle) / height_of(above)
            most = _MOST_ROW_HEIGHTS if len(rows[end]) > 1 else _MOST_LINE_HEIGHTS
            if distance > most:
                break
        if len(rows[end]) >= _LEAST_COLUMNS:
            is_whole = rows[end][0].left <= rows[last][0].left + _SAME_EDGE
            last = end if is_whole else last
        elif end == start or not _continues_cell(rows[last], rows[end]):
            break
        end += 1
    return end


def _continues_cell(row: Sequence[Segment], line: Sequence[Segment]) -> bool:
    """Return whether a line of one text is below a cell of *row*, which is not its first."""
    for number, cell in enumerate(row[1:], start=1):
        following = row[number + 1].left if number + 1 < len(row) else float("inf")
        if abs(line[0].left - cell.left) <= _SAME_EDGE and line[0].right < following:
            return True
    return False


def _aligned_table(page: Page, rows: Sequence[list[Segment]]) -> PdfTable | None:
    if len(rows) < 3:  # noqa: PLR2004  fewer rows can be aligned by chance
        return None
    segments = [segment for row in rows for segment in row]
    columns = _columns(segments)
    if len(columns) < _LEAST_COLUMNS:
        return None
    longest = sorted(len(segment.words) for segment in segments)
    usual = sum(longest) / len(longest)
    # Long texts side by side are columns of prose; two columns must be short to be a table
    if usual > (_MOST_WORDS_ALIGNED if len(columns) > _LEAST_COLUMNS else _MOST_WORDS_ALIGNED / 2):
        return None
    table: Rows = []
    for row in rows:
        cells = [""] * len(columns)
        for segment in row:
            at = _column_of(columns, segment)
            words = words_text(page, segment.words)
            cells[at] = f"{cells[at]} {words}".strip()
        table.append(cells)
    joined = _continued(table, _gaps(page, rows))
    if not _is_row_by_row(page, rows, usual) or _is_prose(joined):
        return None
    if len(joined) < 3:  # noqa: PLR2004
        return None
    return PdfTable(rows=joined, words=frozenset(n for segment in segments for n in segment.words))


def _is_row_by_row(page: Page, rows: Sequence[list[Segment]], usual: float) -> bool:
    """Return whether the page is read row by row here, and not one column after the other."""
    level = found = 0
    edge = min(row[0].left for row in rows) + _SAME_EDGE
    for number, row in enumerate(rows):
        if row[0].left > edge:
            continue
        # A cell of several lines can be read before the cell beside it
        below = takewhile(lambda one: one[0].left > edge, rows[number + 1 :])
        most = len(row) + sum(map(len, below))
        lines = [page.words[segment.words[0]].line for segment in row]
        level += max(lines) - min(lines) <= most
        found += 1
    return level >= _MOSTLY * found or usual <= _MOST_WORDS_A_CELL


def _is_prose(table: Rows) -> bool:
    """Return whether the cells are lines of running text, or hardly any cell is filled."""
    cells = [text for row in table for text in row if text]
    if len(cells) < _LEAST_FILLED_ALIGNED * len(table) * len(table[0]):
        return True
    worded = [text for text in cells if any(char.isalpha() for char in text)]
    lower = sum(text[0].islower() for text in worded if len(text) > 1)
    return lower > _MOST_LOWER * max(1, len(worded))


def _columns(segments: Sequence[Segment]) -> list[tuple[float, float]]:
    """Return the columns: stretches across which segments lie, with a gap in all rows between."""
    found: list[tuple[float, float]] = []
    for segment in sorted(segments, key=lambda one: one.left):
        if found and segment.left <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], segment.right)
        else:
            found.append((segment.left, segment.right))
    return found


def _column_of(columns: Sequence[tuple[float, float]], segment: Segment) -> int:
    middle = (segment.left + segment.right) / 2
    return next(
        (n for n, (left, right) in enumerate(columns) if left - 1 <= middle <= right + 1), 0
    )


def _gaps(page: Page, rows: Sequence[list[Segment]]) -> list[float]:
    """Return how far each row is below the one above it; 0 for the first."""
    middles = [page.words[row[0].words[0]].middle for row in rows]
    return [0.0, *(above - below for above, below in pairwise(middles))]


def _continued(table: Rows, gaps: Sequence[float]) -> Rows:
    """Join a row that only continues cells above it: its first cell is blank, as most others.

    Several cells continue if their line is nearer to the one above than rows are to each other.
    """
    between = min((gap for row, gap in zip(table, gaps, strict=True) if row[0] and gap), default=0)
    joined: Rows = []
    for row, gap in zip(table, gaps, strict=True):
        filled = [column for column, text in enumerate(row) if text]
        is_near = len(filled) == 1 or gap < _NEARER * between
        if joined and not row[0] and is_near and all(joined[-1][column] for column in filled):
            for column in filled:
                joined[-1][column] += f" {row[column]}"
        else:
            joined.append(row)
    return joined
