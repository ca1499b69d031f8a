"""Citations against the evidence, and statements against their quotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.eval.metrics.citations import (
    citation_precision,
    citation_recall,
    place_hit,
    quote_verbatim,
    without_labels,
)
from footnote_qa.eval.types import Place
from tests.fakes.searcher_for_eval import citation

TEXT = "Leave. You get 30 days of leave. Ask your lead two weeks before."


def test_labels_are_no_part_of_what_is_said_and_other_brackets_are() -> None:
    cited = [citation("a", label=1), citation("a", label=2)]

    said = without_labels("Two weeks [1][2], see form [9].", cited)

    assert said == "Two weeks, see form [9]."


@pytest.mark.parametrize(
    ("place", "hit"),
    [
        (Place(document="a"), 1.0),
        (Place(document="b"), 0.0),
        (Place(document="a", page=3), 1.0),
        (Place(document="a", page=4), 0.0),
        (Place(document="a", heading=("Leave",)), 1.0),
        (Place(document="a", heading=("Leave", "Sick")), 1.0),
        (Place(document="a", heading=("Handbook", "Sick")), 0.0),
        (Place(document="a", heading=("Handbook", "Leave", "Sick", "Pay")), 0.0),
        (Place(document="a", page=4, heading=("Leave",)), 0.0),
    ],
)
def test_a_citation_hits_a_place_in_its_document_on_its_page_under_its_heading(
    place: Place, hit: float
) -> None:
    cited = citation("a", page=3, heading=("Handbook", "Leave", "Sick"))

    assert place_hit([cited], [place]) == hit


def test_one_citation_in_one_relevant_place_is_enough() -> None:
    cited = [citation("x"), citation("b", label=2)]

    assert place_hit(cited, [Place(document="a"), Place(document="b")]) == 1.0
    assert place_hit([], [Place(document="a")]) == 0.0


@pytest.mark.parametrize(
    ("quote", "start", "share"),
    [
        ("two weeks", 8, 1.0),
        ("two weeks", 7, 0.0),
        ("Two weeks", 8, 0.0),
        ("", 8, 0.0),
    ],
)
def test_a_quote_is_verbatim_only_letter_for_letter_in_its_place(
    quote: str, start: int, share: float
) -> None:
    cited = [citation("a", start=start, quote=quote)]

    assert quote_verbatim(cited, {"a": "It took two weeks."}.get) == share


def test_a_quote_from_a_document_that_is_not_there_is_not_verbatim() -> None:
    cited = [citation("a", quote="It"), citation("gone", quote="It", label=2)]

    assert quote_verbatim(cited, {"a": "It took two weeks."}.get) == 0.0


@pytest.mark.parametrize(
    ("place", "precision"),
    [
        (Place(document="a", quote="30 days of leave"), 1.0),
        (Place(document="a", quote="30  days\nof leave"), 1.0),
        (Place(document="a", quote="two weeks before"), 0.0),
        (Place(document="a", start=15, end=17), 1.0),
        (Place(document="a", start=31, end=40), 0.0),
        (Place(document="a"), 1.0),
        (Place(document="b", quote="30 days of leave"), 0.0),
    ],
)
def test_a_citation_is_evidence_if_its_span_overlaps_the_marked_one(
    place: Place, precision: float
) -> None:
    cited = [citation("a", start=7, quote="You get 30 days of leave")]

    assert citation_precision(cited, [place], {"a": TEXT}.get) == precision


def test_each_citation_beside_the_evidence_lowers_precision() -> None:
    cited = [
        citation("a", start=7, quote="You get 30 days of leave"),
        citation("a", start=33, quote="Ask your lead", label=2),
    ]

    assert citation_precision(cited, [Place(document="a", quote="30 days")], {"a": TEXT}.get) == 0.5


def test_without_citations_or_marked_places_precision_is_absent() -> None:
    assert citation_precision([], [Place(document="a")], None) is None
    assert citation_precision([citation("a")], [], None) is None


@pytest.mark.parametrize(
    ("text", "recall"),
    [
        ("You get 30 days of leave [1].", 1.0),
        ("You get 31 days of leave [1].", 0.0),
        ("Your lead decides about money [1].", 0.0),
        ("You get 30 days of leave [1]. Ask your lead two weeks before [2].", 1.0),
        ("You get 30 days of leave [1]. Ask your lead two weeks before [1].", 0.5),
        ("You get 30 days of leave [1]. Nobody cites this.", 0.5),
        ("You get 30 days of leave.", 0.0),
        ("Form [9] gives you 30 days of leave [1].", 0.0),
    ],
)
def test_a_statement_is_held_by_the_quotes_cited_for_it(text: str, recall: float) -> None:
    cited = [
        citation("a", quote="You get 30 days of leave."),
        citation("a", quote="Ask your lead two weeks before.", label=2),
    ]

    assert citation_recall(text, cited) == recall


def test_nothing_said_has_no_recall() -> None:
    assert citation_recall("", []) is None


@given(st.text())
def test_any_text_has_a_recall_between_zero_and_one(text: str) -> None:
    recall = citation_recall(text, [citation("a", quote="30 days")])

    assert recall is None or 0 <= recall <= 1
