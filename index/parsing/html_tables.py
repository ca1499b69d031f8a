"""Read the grid of an HTML table, spanning cells filled in, and write it as Markdown."""

from collections.abc import Iterator, Mapping

from bs4 import Tag

from footnote_qa.index.parsing.sheets import count_heads, paired
from footnote_qa.index.parsing.tables import tables

_MAX_SPAN = 100
_PAIR = 2

Words = Mapping[int, str]
"""The text of each cell, by the id of its element."""


def table_parts(table: Tag, words: Words) -> Iterator[str]:
    """Yield the Markdown tables and lists that hold *table*."""
    rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    cells = [row.find_all(["td", "th"], recursive=False) for row in rows]
    cells = [row for row in cells if row]
    if not cells:
        return
    heads = _marked_heads(cells)
    grid = _grid(cells, words, heads=heads)
    width = max(len(row) for row in grid)
    grid = [row + [""] * (width - len(row)) for row in grid]
    if not heads and all(row[0].name == "th" for row in cells):
        yield from _labelled(grid)
        return
    heads = heads or max(1, count_heads(grid) if width > 1 else 1)
    yield from tables(grid, heads=heads)


def span(cell: Tag, name: str) -> int:
    """Return how many rows or columns a cell covers."""
    value = str(cell.get(name, "1"))
    return max(1, min(int(value), _MAX_SPAN)) if value.isdecimal() else 1


def _marked_heads(cells: list[list[Tag]]) -> int:
    """Return how many rows at the top are marked as the head; 0 if none is."""
    heads = 0
    for row in cells:
        in_head = row[0].find_parent("thead") is not None
        if not in_head and not all(cell.name == "th" for cell in row):
            break
        heads += 1
    if heads == len(cells):  # everything is marked, which marks nothing
        heads = min(heads, 1)
    deepest = max((span(cell, "rowspan") for cell in cells[0]), default=1) if heads else 0
    return min(max(heads, deepest if deepest <= _PAIR else heads), len(cells) - 1) or heads


def _grid(cells: list[list[Tag]], words: Words, *, heads: int) -> list[list[str]]:
    """Return the texts of all cells; a cell is repeated in each row that it covers.

    In the head it is repeated in each column too, because it names all of them.
    """
    # The first rows of a table without a marked head can be its head
    wide = heads or (_PAIR if any(span(cell, "colspan") > 1 for cell in cells[0]) else 1)
    open_spans: dict[int, tuple[str, int]] = {}
    grid: list[list[str]] = []
    for number, row in enumerate(cells):
        filled: list[str] = []
        following = iter(row)
        while True:
            text, left = open_spans.get(len(filled), ("", 0))
            if left:
                open_spans[len(filled)] = text, left - 1
                filled.append(text)
                continue
            cell = next(following, None)
            if cell is None:
                break
            text = words.get(id(cell), "")
            for offset in range(span(cell, "colspan")):
                shown = text if offset == 0 or number < wide else ""
                open_spans[len(filled)] = shown, span(cell, "rowspan") - 1
                filled.append(shown)
        grid.append(filled)
    if len(cells[0]) == 1 and not heads:
        grid[0][1:] = [""] * (len(grid[0]) - 1)
    return grid


def _labelled(grid: list[list[str]]) -> Iterator[str]:
    """Yield a table whose rows begin with their names, and whose columns have none."""
    if all(len(row) <= _PAIR for row in grid):
        yield "\n".join(f"- {paired(row)}" for row in grid if any(row))
    else:
        yield from tables(grid, heads=0)
