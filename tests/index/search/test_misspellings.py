from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder
from footnote_qa.index.search import LiveIndex, reading_note
from footnote_qa.index.search.misspellings import correct
from footnote_qa.index.types import Correction, SearchResult
from tests.fakes.building import specs

TEXT = """# Vacation

Employees earn vacation every month, and the reimbursement of insurance is paid by Kowalczyk.

## Packing

Packing is done by the supplier in Madrid.
"""


@pytest.fixture
def index(builder: Builder, documents: Path) -> LiveIndex:
    (documents / "vacation.md").write_text(TEXT)
    builder.build(specs(documents))
    return LiveIndex(builder.directory.root)


def searched(index: LiveIndex, question: str) -> SearchResult:
    return index.search(question, k=3, audience=None)


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("How much vaction do employees earn?", "vacation"),
        ("How much vacatoin do employees earn?", "vacation"),
        ("Is the reimbursemnet of insurance paid?", "reimbursement"),
        ("Is the reimbursement of insruance paid?", "insurance"),
        ("What is done by the suplier?", "supplier"),
        ("Is the supplier in Madird?", "Madrid"),
        ("Is it paid by Kowalczik every month?", "Kowalczyk"),
    ],
)
def test_a_misspelt_word_is_searched_as_it_was_meant_and_that_is_said(
    index: LiveIndex, question: str, meant: str
) -> None:
    result = searched(index, question)

    (one,) = result.corrections
    assert one.meant == meant
    assert one.written not in result.unknown
    assert result.passages[0].chunk.document == "vacation.md"
    assert result.question == question.replace(one.written, meant)
    assert reading_note(result) == f'Searched for "{meant}" instead of "{one.written}".'


def test_a_question_without_a_mistake_is_searched_as_it_is(index: LiveIndex) -> None:
    result = searched(index, "How much vacation do employees earn?")

    assert (result.question, result.corrections, result.suggestions) == ("", (), ())
    assert reading_note(result) == ""


class Fixed:
    """An index with a few words."""

    def __init__(self, *words: str, meant: dict[str, str]) -> None:
        self._words = set(words)
        self._meant = meant

    def unknown(self, question: str, *, groups: Sequence[str] | None) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(word for word in question.strip("?").split() if word not in self._words)

    def meant(self, word: str, *, groups: Sequence[str] | None) -> str | None:  # noqa: ARG002
        return self._meant.get(word)


def nothing(_word: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("is_word", "corrections", "suggestions"),
    [
        (nothing, (Correction(written="parking", meant="packing"),), ()),
        (str.isalpha, (), (Correction(written="parking", meant="packing"),)),
    ],
)
def test_a_real_word_is_only_suggested_another(
    is_word: Callable[[str], bool],
    corrections: tuple[Correction, ...],
    suggestions: tuple[Correction, ...],
) -> None:
    words = Fixed("what", "does", "cost", meant={"parking": "packing"})

    read = correct("what does parking cost?", words, groups=None, is_word=is_word)

    assert (read.corrections, read.suggestions) == (corrections, suggestions)
    assert ("parking" in read.text) == (not corrections)


def test_a_question_in_another_language_is_not_corrected() -> None:
    meant = {"haben": "happen", "viele": "viable", "Tage": "page"}
    words = Fixed("Urlaub", meant=meant)

    read = correct("Wie viele Tage Urlaub haben wir", words, groups=None, is_word=nothing)

    assert read.text == "Wie viele Tage Urlaub haben wir"


def test_numbers_are_never_corrected(index: LiveIndex) -> None:
    result = searched(index, "Do employees earn vacation in 2031?")

    assert result.corrections == ()
    assert result.unknown == ("2031",)


def test_words_that_others_may_see_alone_are_not_given_away(
    builder: Builder, documents: Path
) -> None:
    (documents / "vacation.md").write_text(TEXT)
    source = replace(specs(documents)[0], audience=("hr",))
    builder.build([source])
    index = LiveIndex(builder.directory.root)

    told = index.search("who pays the reimbursemnet", k=3, audience=frozenset())

    assert (told.passages, told.corrections, told.suggestions) == ((), (), ())


class _Words:
    """An index in which every word of the question is unknown but "boiling" and "point"."""

    def unknown(self, question: str, *, groups: Sequence[str] | None) -> tuple[str, ...]:
        assert groups is None
        return tuple(word for word in question.split() if word not in {"boiling", "point", "of"})

    def meant(self, word: str, *, groups: Sequence[str] | None) -> str | None:
        assert groups is None
        return {"ethanol": "ethan", "parking": "packing"}.get(word)


@pytest.mark.parametrize(("word", "is_suggested"), [("ethanol", False), ("parking", True)])
def test_another_word_is_suggested_only_if_one_letter_differs(
    word: str, *, is_suggested: bool
) -> None:
    read = correct(f"boiling point of {word}", _Words(), groups=None, is_word=lambda _: True)

    assert bool(read.suggestions) is is_suggested


@pytest.mark.parametrize(
    ("question", "is_suggested"),
    [
        ("what does Paris cost?", False),
        ("what does paris cost?", True),
        ("Paris does cost what?", True),
    ],
)
def test_nothing_is_suggested_for_a_name(question: str, *, is_suggested: bool) -> None:
    words = Fixed("what", "does", "cost", meant={"Paris": "parts", "paris": "parts"})

    read = correct(question, words, groups=None, is_word=str.isalpha)

    assert bool(read.suggestions) is is_suggested
