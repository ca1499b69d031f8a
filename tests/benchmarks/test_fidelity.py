"""The figures of docs/fidelity.md do not drop."""

import re

import pytest

from benchmarks.fidelity import __main__ as fidelity
from benchmarks.fidelity.traps import Trap, traps
from footnote_qa.index.types import Parsed

_ROW = re.compile(
    r"\| `(\.\w+)` \| \d+ \| [\d,]+ \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+|–) \|"
)
_SLACK = 0.005


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


@pytest.mark.slow
def test_no_figure_of_the_page_has_dropped(*, campaign: bool) -> None:
    if not campaign:
        pytest.skip("reads every document twice: part of `make test-faults`; traps are read above")
    if not fidelity.DOCUMENTS.is_dir():
        pytest.skip("no documents in the shared data")
    written = {row[1]: row for row in _ROW.finditer(fidelity.PAGE.read_text(encoding="utf-8"))}

    found = fidelity.documents()

    assert set(written) == set(found)
    for suffix, row in written.items():
        one = found[suffix]
        assert one.kept / max(1, one.words) >= float(row[2]) - _SLACK, suffix
        assert one.added / max(1, one.own) <= float(row[3]) + _SLACK, suffix
        assert one.pairs_kept / max(1, one.pairs) >= float(row[4]) - _SLACK, suffix
        right = one.pages_right / max(1, one.pages)
        assert row[5] == "–" or right >= float(row[5]) - _SLACK, suffix
