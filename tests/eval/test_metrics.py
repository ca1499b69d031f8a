"""Each score against a plain account of what it is, with a case in which it must fail."""

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.types import Status, Usage
from eval.metrics import (
    Spot,
    answer_scores,
    contains_answer,
    exact_match,
    f1,
    mean_of,
    normalise,
    percentile_of,
    place_hit,
    quote_verbatim,
    ranking,
    retrieval_scores,
    without_labels,
)
from eval.types import Case, Place
from tests.fakes.searcher_for_eval import answer, citation, passage

DOCUMENTS = [f"d{number:02}" for number in range(25)]
ANSWERABLE = Case(id="1", question="?", answers=("two weeks",), relevant=(Place(document="a"),))
UNANSWERABLE = Case(id="2", question="?", answerable=False)


def spots(*documents: str) -> list[Spot]:
    return [Spot(document=document, page=None) for document in documents]


def plain_scores(found: Sequence[str], grades: dict[str, int]) -> dict[str, float]:
    """What the three measures are, written out."""

    def dcg(gains: Sequence[int]) -> float:
        return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains[:10], start=1))

    gains = [grades.get(document, 0) for document in found]
    ranks = [rank for rank, gain in enumerate(gains[:10], start=1) if gain]
    return {
        "ndcg@10": dcg(gains) / dcg(sorted(grades.values(), reverse=True)),
        "recall@10": len(ranks) / len(grades),
        "mrr@10": 1 / ranks[0] if ranks else 0.0,
    }


@given(
    found=st.lists(st.sampled_from(DOCUMENTS), unique=True),
    grades=st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(1, 3), min_size=1),
)
def test_retrieval_scores_are_what_their_definitions_say(
    found: list[str], grades: dict[str, int]
) -> None:
    relevant = [Place(document=document, grade=grade) for document, grade in grades.items()]

    scores = retrieval_scores(spots(*found), relevant)

    assert scores == pytest.approx(plain_scores(found, grades), abs=1e-6)


def test_a_relevant_document_in_first_place_scores_one() -> None:
    scores = retrieval_scores(spots("a", "b"), [Place(document="a")])

    assert scores == {"ndcg@10": 1.0, "recall@10": 1.0, "mrr@10": 1.0}


@pytest.mark.parametrize("found", [(), ("b", "c"), (*DOCUMENTS[:10], "a")])
def test_a_relevant_document_beyond_the_first_ten_scores_zero(found: tuple[str, ...]) -> None:
    scores = retrieval_scores(spots(*found), [Place(document="a")])

    assert scores == {"ndcg@10": 0.0, "recall@10": 0.0, "mrr@10": 0.0}


def test_without_a_marked_place_there_is_no_retrieval_score() -> None:
    assert retrieval_scores(spots("a"), []) == {}


def test_passages_fold_to_documents_where_their_best_passage_stands() -> None:
    found = [passage("a", page=1), passage("b", page=7), passage("a", page=2), passage("c")]

    folded = ranking(found, [Place(document="b")])

    assert folded == spots("a", "b", "c")


def test_folding_comes_before_the_first_ten_are_taken() -> None:
    found = [*[passage("a")] * 12, passage("b")]

    scores = retrieval_scores(ranking(found, [Place(document="b")]), [Place(document="b")])

    assert scores["mrr@10"] == 0.5


def test_where_a_page_is_marked_the_right_document_is_not_enough() -> None:
    relevant = [Place(document="a", page=2)]
    found = [passage("a", page=1), passage("b", page=2), passage("a", page=2)]

    folded = ranking(found, relevant)

    assert folded == [
        Spot(document="a", page=1),
        Spot(document="b", page=2),
        Spot(document="a", page=2),
    ]
    assert retrieval_scores(folded, relevant)["mrr@10"] == pytest.approx(1 / 3)


def test_a_document_marked_as_a_whole_counts_once_beside_one_marked_by_page() -> None:
    relevant = [Place(document="a"), Place(document="b", page=2)]
    found = [passage("a", page=1), passage("a", page=5), passage("b", page=2)]

    folded = ranking(found, relevant)

    assert folded == [Spot(document="a", page=None), Spot(document="b", page=2)]
    assert retrieval_scores(folded, relevant)["ndcg@10"] == 1.0


def test_two_places_in_one_document_are_one_thing_to_find_with_the_better_grade() -> None:
    first, second = Place(document="a", quote="x", grade=3), Place(document="a", grade=1)

    scores = retrieval_scores(spots("a", "b"), [first, second, Place(document="b", grade=2)])

    assert scores == {"ndcg@10": 1.0, "recall@10": 1.0, "mrr@10": 1.0}


@pytest.mark.parametrize(
    ("text", "reduced"),
    [
        ("The Eiffel Tower", "eiffel tower"),
        ("  two\tweeks\n", "two weeks"),
        ("It's $1,000.50!", "its 100050"),
        ("a an the", ""),
        ("theatre, another", "theatre another"),
        ("state-of-the-art", "stateoftheart"),
        ("one—the—two", "one— —two"),
        ("“Äpfel” – 5 €", "“äpfel” – 5 €"),
    ],
)
def test_normalisation_is_squads(text: str, reduced: str) -> None:
    assert normalise(text) == reduced


@given(st.text())
def test_normalised_text_stays_as_it_is(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once


@pytest.mark.parametrize(
    ("said", "match", "overlap", "contained"),
    [
        ("The two weeks.", 1.0, 1.0, 1.0),
        ("It takes two weeks in all", 0.0, 0.5, 1.0),
        ("weeks, two", 0.0, 1.0, 0.0),
        ("twelve weeks", 0.0, 0.5, 0.0),
        ("three days", 0.0, 0.0, 0.0),
        ("", 0.0, 0.0, 0.0),
    ],
)
def test_an_answer_is_compared_word_by_word(
    said: str, match: float, overlap: float, contained: float
) -> None:
    golds = ["two weeks"]

    assert exact_match(said, golds) == match
    assert f1(said, golds) == pytest.approx(overlap)
    assert contains_answer(said, golds) == contained


def test_the_best_of_several_right_answers_counts() -> None:
    golds = ["fourteen days", "two weeks", "a fortnight"]

    assert exact_match("Fortnight", golds) == 1.0
    assert f1("days", golds) == pytest.approx(2 / 3)
    assert contains_answer("after fourteen days", golds) == 1.0


def test_a_repeated_word_is_shared_only_as_often_as_both_have_it() -> None:
    assert f1("no no no", ["no"]) == 0.5


def test_part_of_a_word_is_not_contained() -> None:
    assert contains_answer("in 2010", ["10"]) == 0.0


def test_an_answer_without_words_cannot_be_contained() -> None:
    assert contains_answer("anything", ["the", "..."]) is None
    assert exact_match("the", ["a"]) == f1("the", ["a"]) == 1.0


@given(said=st.text(), golds=st.lists(st.text(), min_size=1, max_size=4))
def test_answer_scores_lie_between_zero_and_one_and_agree(said: str, golds: list[str]) -> None:
    match, overlap = exact_match(said, golds), f1(said, golds)

    assert 0 <= match <= overlap <= 1
    assert f1(golds[0], golds) == exact_match(golds[0], golds) == 1


@given(
    prefix=st.lists(st.sampled_from("uvw")),
    gold=st.lists(st.sampled_from("xyz"), min_size=1),
)
def test_what_is_said_around_a_right_answer_does_not_hide_it(
    prefix: list[str], gold: list[str]
) -> None:
    said = " ".join([*prefix, *gold, *prefix])

    assert contains_answer(said, [" ".join(gold)]) == 1.0


def test_labels_are_no_part_of_what_is_said_and_other_brackets_are() -> None:
    cited = [citation("a", label=1), citation("a", label=2)]

    said = without_labels("Two weeks [1][2], see form [9].", cited)

    assert said == "Two weeks, see form [9]."


def test_a_right_answer_scores_on_everything_that_is_known_of_it() -> None:
    right = answer("Two weeks [1].", citation("a", quote="two weeks"))

    scores = answer_scores(ANSWERABLE, right, text_of={"a": "two weeks"}.get)

    assert scores == {
        "false_refusal": 0.0,
        "exact_match": 1.0,
        "f1": 1.0,
        "contains_answer": 1.0,
        "place_hit": 1.0,
        "quote_verbatim": 1.0,
        "cost_usd": 0.0,
    }


@pytest.mark.parametrize("status", [Status.NOT_FOUND, Status.UNSUPPORTED])
def test_a_refused_answerable_question_is_a_false_refusal_and_matches_nothing(
    status: Status,
) -> None:
    scores = answer_scores(ANSWERABLE, answer(status=status))

    assert scores == {
        "false_refusal": 1.0,
        "exact_match": 0.0,
        "f1": 0.0,
        "contains_answer": 0.0,
        "cost_usd": 0.0,
    }


@pytest.mark.parametrize("status", [Status.NOT_FOUND, Status.UNSUPPORTED])
def test_a_refused_unanswerable_question_is_a_refusal_recalled(status: Status) -> None:
    scores = answer_scores(UNANSWERABLE, answer(status=status))

    assert scores == {"refusal_recall": 1.0, "cost_usd": 0.0}


def test_an_answered_unanswerable_question_is_no_refusal_and_no_false_one() -> None:
    scores = answer_scores(UNANSWERABLE, answer("Two weeks [1].", citation("a")))

    assert scores == {"refusal_recall": 0.0, "cost_usd": 0.0}


def test_a_failure_has_no_score_at_all() -> None:
    failed = answer(status=Status.FAILED)

    assert answer_scores(ANSWERABLE, failed) == {}
    assert answer_scores(UNANSWERABLE, failed) == {}


def test_what_is_not_known_is_not_scored() -> None:
    case = Case(id="3", question="?")
    priced = answer("Yes [1].", citation("a"), usage=Usage(cost_usd=None))

    assert answer_scores(case, priced) == {"false_refusal": 0.0}


def test_the_price_of_an_answer_is_kept() -> None:
    priced = answer("Yes [1].", citation("a"), usage=Usage(cost_usd=Decimal("0.0125")))

    assert answer_scores(ANSWERABLE, priced)["cost_usd"] == 0.0125


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

    assert quote_verbatim(cited, {"a": "It took two weeks."}.get) == 0.5


def test_the_mean_of_nothing_is_absent() -> None:
    assert mean_of([]) is None
    assert percentile_of([], 95) is None


def test_the_mean_of_equal_values_is_certain() -> None:
    summary = mean_of([0.25] * 7)

    assert summary is not None
    assert (summary.mean, summary.low, summary.high, summary.n) == (0.25, 0.25, 0.25, 7)


def test_the_interval_is_about_two_standard_errors_to_each_side() -> None:
    values = [0.0, 1.0] * 200

    summary = mean_of(values)

    assert summary is not None
    assert summary.mean == 0.5
    assert summary.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.006)
    assert summary.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.006)


def test_the_same_values_have_the_same_interval() -> None:
    values = list(np.random.default_rng(7).random(50))

    assert mean_of(values) == mean_of(values)


def test_a_percentile_is_between_the_values_it_divides() -> None:
    summary = percentile_of([float(ms) for ms in range(1, 102)], 95)

    assert summary is not None
    assert summary.mean == pytest.approx(96)
    assert summary.low < 96 <= summary.high <= 101


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_holds_what_can_happen_and_no_more(values: list[float]) -> None:
    summary = mean_of(values)

    assert summary is not None
    slack = 1e-9
    assert min(values) - slack <= summary.low <= summary.high <= max(values) + slack
    assert summary.mean == pytest.approx(sum(values) / len(values))
