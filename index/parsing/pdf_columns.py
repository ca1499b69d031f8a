"""Find the tables of a PDF page that have no lines: rows of short texts in aligned columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from footnote_qa.index.parsing.page import Page, height_of, word_lines, words_text

_LEAST_COLUMNS = 2
_MOST_WORDS_ALIGNED, _MOST_WORDS_A_CELL = 6.0, 2.0
_LEAST_FILLED_ALIGNED = 0.55
_MOST_LOWER = 0.3
_MOSTLY = 0.7

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
class _Segment:
    """Words of one row with no wide gap between them."""

    left: float
    right: float
    words: list[int]


def aligned_tables(page: Page, taken: set[int]) -> Iterator[PdfTable]:
    """Yield the tables among the words that are not *taken*, from the top of the page."""
    free = [number for number in range(len(page.words)) if number not in taken]
    rows = [_segments(page, line) for line in word_lines(page, free)]
    start = 0
    while start < len(rows):
        end = _block_end(page, rows, start)
        table = _aligned_table(page, rows[start:end])
        if table is not None:
            yield table
        start = max(end, start + 1)


def _segments(page: Page, line: Sequence[int]) -> list[_Segment]:
    found: list[_Segment] = []
    for number in line:
        word = page.words[number]
        gap = max(7.0, height_of(word) * 0.75)
        if found and word.box[0] - found[-1].right < gap:
            found[-1].right = max(found[-1].right, word.box[2])
            found[-1].words.append(number)
        else:
            found.append(_Segment(word.box[0], word.box[2], [number]))
    return found


def _block_end(page: Page, rows: Sequence[list[_Segment]], start: int) -> int:
    """Return where a block of rows with several columns and even distances ends."""
    end = start
    while end < len(rows) and len(rows[end]) >= _LEAST_COLUMNS:
        if end > start:
            above, below = page.words[rows[end - 1][0].words[0]], page.words[rows[end][0].words[0]]
            if above.middle - below.middle > 3.2 * height_of(above):
                break
        end += 1
    return end


def _aligned_table(page: Page, rows: Sequence[list[_Segment]]) -> PdfTable | None:
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
    if not _is_row_by_row(page, rows, usual) or _is_prose(table):
        return None
    return PdfTable(
        rows=_continued(table), words=frozenset(n for segment in segments for n in segment.words)
    )


def _is_row_by_row(page: Page, rows: Sequence[list[_Segment]], usual: float) -> bool:
    """Return whether the page is read row by row here, and not one column after the other."""
    level = 0
    for row in rows:
        lines = [page.words[segment.words[0]].line for segment in row]
        level += max(lines) - min(lines) <= len(row)
    return level >= _MOSTLY * len(rows) or usual <= _MOST_WORDS_A_CELL


def _is_prose(table: Rows) -> bool:
    """Return whether the cells are lines of running text, or hardly any cell is filled."""
    cells = [text for row in table for text in row if text]
    if len(cells) < _LEAST_FILLED_ALIGNED * len(table) * len(table[0]):
        return True
    worded = [text for text in cells if any(char.isalpha() for char in text)]
    lower = sum(text[0].islower() for text in worded if len(text) > 1)
    return lower > _MOST_LOWER * max(1, len(worded))


def _columns(segments: Sequence[_Segment]) -> list[tuple[float, float]]:
    """Return the columns: stretches across which segments lie, with a gap in all rows between."""
    found: list[tuple[float, float]] = []
    for segment in sorted(segments, key=lambda one: one.left):
        if found and segment.left <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], segment.right)
        else:
            found.append((segment.left, segment.right))
    return found


def _column_of(columns: Sequence[tuple[float, float]], segment: _Segment) -> int:
    middle = (segment.left + segment.right) / 2
    return next(
        (n for n, (left, right) in enumerate(columns) if left - 1 <= middle <= right + 1), 0
    )


def _continued(table: Rows) -> Rows:
    """Join a row that only continues cells above it: its first cell is blank, as most others."""
    joined: Rows = []
    for row in table:
        filled = [column for column, text in enumerate(row) if text]
        if joined and not row[0] and len(filled) == 1 and joined[-1][filled[0]]:
            joined[-1][filled[0]] += f" {row[filled[0]]}"
        else:
            joined.append(row)
    return joined
