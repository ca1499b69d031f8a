"""The figures of docs/quality.md do not drop."""

import re

import pytest

from benchmarks.fidelity import __main__ as fidelity
from benchmarks.fidelity.traps import Trap, traps
from footnote_qa.index.types import Heading, Parsed

_ROW = re.compile(r"\| `(\.\w+)` \|(.*)\|")
_SLACK = 0.005
_BETTER_LOW = frozenset({1, 6})  # added, chunks beside the content


@pytest.mark.parametrize(
    "trap", [pytest.param(trap, id=f"{number} {trap.kind}") for number, trap in enumerate(traps())]
)
def test_every_trap_is_read_as_expected(trap: Trap) -> None:
    assert [what for what, is_met in fidelity._met(trap).items() if not is_met] == []


def test_a_trap_whose_words_are_lost_is_counted_as_missed() -> None:
    trap = Trap(kind="k", name="a.txt", content=b"one two", lines=("three",), absent=("two",))

    assert list(fidelity._met(trap).values()) == [False, False]


def test_a_lost_word_an_added_word_and_a_changed_order_are_counted() -> None:
    figures = fidelity.Figures()

    fidelity._count(figures, ["a", "b", "c", "d"], ["a", "c", "b", "x"], is_glued=False)

    assert (figures.words, figures.kept, figures.own, figures.added) == (4, 3, 4, 1)
    assert (figures.pairs, figures.pairs_kept) == (3, 0)


def test_a_page_with_the_words_of_another_page_is_counted_as_wrong() -> None:
    first, second = (" ".join(f"word{chr(97 + n)}{page}" for n in range(26)) for page in "xy")
    parsed = Parsed(text=f"{first}\n\n{second}", pages=(0, len(first) + 2))
    right, wrong = fidelity.Figures(), fidelity.Figures()

    fidelity._count_pages(right, parsed, [first, second])
    fidelity._count_pages(wrong, parsed, [second, first])

    assert (right.pages, right.pages_right) == (2, 2)
    assert (wrong.pages, wrong.pages_right) == (2, 0)


def test_all_slides_are_measured_but_only_the_first_pages_of_a_pdf() -> None:
    parsed = Parsed(text="x" * 20, pages=tuple(range(20)))

    read = {suffix: len(fidelity._read(parsed, suffix)) for suffix in (".pptx", ".pdf")}

    assert read == {".pptx": 20, ".pdf": 12}


@pytest.mark.slow
def test_no_figure_of_the_page_has_dropped(*, campaign: bool) -> None:
    if not campaign:
        pytest.skip("reads every document twice: part of `make test-faults`; traps are read above")
    if not fidelity.DOCUMENTS.is_dir():
        pytest.skip("no documents in the shared data")
    written = {row[1]: _shares(row[2]) for row in _ROW.finditer(fidelity.PAGE.read_text("utf-8"))}

    found = fidelity.documents()

    assert set(written) == set(found)
    for suffix, shares in written.items():
        row = _ROW.search(fidelity.tables({suffix: found[suffix]}, {}))
        assert row is not None
        for number, (now, before) in enumerate(zip(_shares(row[2]), shares, strict=True)):
            if number in _BETTER_LOW:
                assert now <= before + _SLACK, (suffix, number)
            else:
                assert now >= before - _SLACK, (suffix, number)


def _shares(cells: str) -> list[float]:
    """Return the shares of a row of the page; one that was not counted is 0."""
    texts = [cell.split()[0] for cell in cells.split("|")[2:]]
    return [0.0 if text == "–" else float(text) for text in texts]


def test_a_row_on_two_lines_and_a_heading_that_is_missed_are_counted() -> None:
    figures = fidelity.Figures()
    parsed = Parsed(
        text="# Dues\n\n| Berth | Fee |\n| B1 | 17 |\nB2\n18",
        headings=(Heading(start=0, level=1, text="Dues"),),
    )

    fidelity._count_rows(figures, parsed.text, [["B1", "17"], ["B2", "18"]])
    fidelity._count_headings(figures, parsed, ["Dues", "Cranes"])

    assert (figures.rows, figures.rows_whole) == (2, 1)
    assert (figures.headings, figures.headings_found) == (2, 1)


def test_a_menu_among_the_chunks_is_counted() -> None:
    links = "".join(f"<li><a href='/{n}'>Part {n}</a></li>" for n in range(9))
    sentence = "Guests may moor for nineteen nights and pay when they leave the harbour."
    page = f"<html><body><ul>{links}</ul><p>{sentence}</p></body></html>".encode()
    figures = fidelity.Figures()
    menu = " ".join(f"Part {n}" for n in range(9))
    text = f"{menu}\n\n{sentence}"
    headings = (Heading(start=len(menu) + 2, level=1, text="x"),)

    fidelity._count_chunks(figures, Parsed(text=text, headings=headings), page)

    assert (figures.chunks, figures.chunks_beside) == (2, 1)
