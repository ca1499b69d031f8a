"""In all formats, each piece of a table knows its head and caption, and a long cell its row."""

import re
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO

import pytest
import xlsxwriter

from footnote_qa.index.chunking import above, chunk, mask, shown
from footnote_qa.index.parsing import parse
from footnote_qa.index.types import Chunk
from tests.fakes.word import new_document

HEAD = ("Berth", "Length m", "Keeper")
ROWS = [(f"Berth {number:02}", str(10 + number % 7), f"Keeper{number}") for number in range(61)]
CAPTION = "Table 3: berths of the north quay"
PLOT = " ".join(f"Sentence {number} of the plot tells what the robbers do." for number in range(60))
LONG_HEAD = ("Year", "Title", "Plot")
LONG = [("1903", "The Robbery", PLOT), ("1904", "Second Film", "Short plot.")]

Rows = Sequence[tuple[str, ...]]
Write = Callable[[tuple[str, ...], Rows, str], bytes]


def _markdown(head: tuple[str, ...], rows: Rows, caption: str) -> bytes:
    lines = [" | ".join(row) for row in (head, ("---",) * len(head), *rows)]
    return "\n".join([caption, "", *(f"| {line} |" for line in lines)]).encode()


def _csv(head: tuple[str, ...], rows: Rows, caption: str) -> bytes:
    return "\n".join([caption, *(",".join(row) for row in (head, *rows))]).encode()


def _html(head: tuple[str, ...], rows: Rows, caption: str) -> bytes:
    def line(cells: tuple[str, ...], name: str) -> str:
        return "<tr>" + "".join(f"<{name}>{cell}</{name}>" for cell in cells) + "</tr>"

    body = line(head, "th") + "".join(line(row, "td") for row in rows)
    return f"<table><caption>{caption}</caption>{body}</table>".encode()


def _rst(head: tuple[str, ...], rows: Rows, caption: str) -> bytes:
    lines = [f".. list-table:: {caption}", "   :header-rows: 1", ""]
    for row in (head, *rows):
        lines += [f"   {'*' if n == 0 else ' '} - {cell}" for n, cell in enumerate(row)]
    return "\n".join(lines).encode()


def _docx(head: tuple[str, ...], rows: Rows, caption: str) -> bytes:
    document = new_document()
    document.add_paragraph(caption)
    table = document.add_table(rows=0, cols=len(head))
    for row in (head, *rows):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _xlsx(head: tuple[str, ...], rows: Rows, caption: str) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet("Quay")
        page.write(0, 0, caption)
        for number, row in enumerate((head, *rows), start=1):
            page.write_row(number, 0, row)
    return file.getvalue()


WRITERS: dict[str, Write] = {
    "md": _markdown,
    "csv": _csv,
    "html": _html,
    "rst": _rst,
    "docx": _docx,
    "xlsx": _xlsx,
}


def pieces(content: bytes, name: str) -> Iterator[str]:
    """Yield each chunk as it is searched: with what it needs from above."""
    parsed = parse(content, name=name)
    starts = [match.start() for match in re.finditer(r"\w{1,5}|[^\w\s\u200b]", mask(parsed.text))]
    for span in chunk(parsed, starts, max_tokens=200):
        made = Chunk(
            id=1,
            document=name,
            title="",
            start=span.start,
            end=span.end,
            text=parsed.text[span.start : span.end],
            heading=span.heading,
            page=None,
            url=None,
            modified_at=None,
            audience=(),
        )
        yield above(parsed.text, made) + shown(made.text)


@pytest.mark.parametrize("suffix", WRITERS)
def test_each_piece_of_a_long_table_has_its_head_and_caption(suffix: str) -> None:
    found = list(pieces(WRITERS[suffix](HEAD, ROWS, CAPTION), f"a.{suffix}"))

    assert len(found) > 2
    assert all("| Berth | Length m | Keeper |" in piece for piece in found)
    assert all(CAPTION in piece for piece in found)
    for row in ROWS:
        assert sum(f"| {' | '.join(row)} |" in piece for piece in found) == 1


@pytest.mark.parametrize("suffix", WRITERS)
def test_each_part_of_a_long_cell_keeps_the_key_of_its_row(suffix: str) -> None:
    found = list(pieces(WRITERS[suffix](LONG_HEAD, LONG, CAPTION), f"a.{suffix}"))

    parts = [piece for piece in found if "robbers" in piece]
    assert len(parts) > 2
    assert all("1903" in piece and "| Year | Title | Plot |" in piece for piece in parts)
    assert all("| 1903 | The Robbery |" in piece for piece in parts)
    assert all(f"Sentence {number} " in " ".join(found) for number in range(60))
