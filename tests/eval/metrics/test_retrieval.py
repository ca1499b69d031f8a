"""Retrieval metrics agree with their plain definitions."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.eval.metrics.retrieval import RETRIEVAL, Spot, ranking, retrieval_scores
from footnote_qa.eval.types import Place
from tests.fakes.searcher_for_eval import passage

DOCUMENTS = [f"d{number:02}" for number in range(25)]


def spots(*documents: str) -> list[Spot]:
    return [Spot(document=document, page=None) for document in documents]


def plain_scores(found: Sequence[str], grades: dict[str, int]) -> dict[str, float]:
    """The metrics by their definitions, written out."""

    def dcg(gains: Sequence[int]) -> float:
        return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains[:10], start=1))

    gains = [grades.get(document, 0) for document in found]
    ranks = [rank for rank, gain in enumerate(gains, start=1) if gain]

    def recall(depth: int) -> float:
        return sum(rank <= depth for rank in ranks) / len(grades)

    return {
        "ndcg@10": dcg(gains) / dcg(sorted(grades.values(), reverse=True)),
        **{f"recall@{depth}": recall(depth) for depth in (5, 10, 20)},
        "mrr@10": 1 / ranks[0] if ranks and ranks[0] <= 10 else 0.0,
        "map": sum(met / rank for met, rank in enumerate(ranks, start=1)) / len(grades),
        "all_evidence@10": float(recall(10) == 1),
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


@given(
    found=st.lists(st.sampled_from(DOCUMENTS), unique=True),
    grades=st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(1, 3), min_size=1),
)
def test_retrieval_scores_are_those_of_ir_measures(
    found: list[str], grades: dict[str, int]
) -> None:
    from ir_measures import AP, RR, Qrel, R, ScoredDoc, iter_calc, nDCG

    measures = {
        nDCG @ 10: "ndcg@10",
        R @ 5: "recall@5",
        R @ 10: "recall@10",
        R @ 20: "recall@20",
        RR @ 10: "mrr@10",
        AP: "map",
    }
    judged = [Qrel("", document, grade) for document, grade in grades.items()]
    ranked = [ScoredDoc("", document, float(-rank)) for rank, document in enumerate(found)]
    expected = {measures[one.measure]: one.value for one in iter_calc(measures, judged, ranked)}
    relevant = [Place(document=document, grade=grade) for document, grade in grades.items()]

    scores = retrieval_scores(spots(*found), relevant)

    assert {name: scores[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert len(expected) == len(measures)


def test_a_relevant_document_in_first_place_scores_one() -> None:
    scores = retrieval_scores(spots("a", "b"), [Place(document="a")])

    assert scores == dict.fromkeys(RETRIEVAL, 1.0)


@pytest.mark.parametrize("found", [(), ("b", "c"), (*DOCUMENTS[:10], "a")])
def test_a_relevant_document_beyond_the_first_ten_scores_zero(found: tuple[str, ...]) -> None:
    scores = retrieval_scores(spots(*found), [Place(document="a")])

    at_ten = ("ndcg@10", "recall@5", "recall@10", "mrr@10", "all_evidence@10")
    assert {name: scores[name] for name in at_ten} == dict.fromkeys(at_ten, 0.0)


def test_without_a_marked_place_there_is_no_retrieval_score() -> None:
    assert retrieval_scores(spots("a"), []) == {}


def test_a_document_has_the_rank_of_its_best_passage() -> None:
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


def test_a_document_marked_without_pages_counts_once_beside_one_marked_by_page() -> None:
    relevant = [Place(document="a"), Place(document="b", page=2)]
    found = [passage("a", page=1), passage("a", page=5), passage("b", page=2)]

    folded = ranking(found, relevant)

    assert folded == [Spot(document="a", page=None), Spot(document="b", page=2)]
    assert retrieval_scores(folded, relevant)["ndcg@10"] == 1.0


def test_two_places_in_one_document_are_one_thing_to_find_with_the_better_grade() -> None:
    first, second = Place(document="a", quote="x", grade=3), Place(document="a", grade=1)

    scores = retrieval_scores(spots("a", "b"), [first, second, Place(document="b", grade=2)])

    assert scores == dict.fromkeys(RETRIEVAL, 1.0)


@given(
    order=st.permutations(DOCUMENTS[:10]),
    relevant=st.sets(st.sampled_from(DOCUMENTS[:10]), min_size=1),
)
@pytest.mark.slow
def test_ndcg_and_map_agree_with_scikit_learn(order: list[str], relevant: set[str]) -> None:
    from sklearn.metrics import average_precision_score, ndcg_score

    scores = retrieval_scores(spots(*order), [Place(document=d) for d in sorted(relevant)])

    truth = np.array([float(document in relevant) for document in order])
    falling = np.arange(len(order), 0, -1.0)
    assert scores["ndcg@10"] == pytest.approx(ndcg_score([truth], [falling], k=10), abs=1e-6)
    assert scores["map"] == pytest.approx(average_precision_score(truth, falling), abs=1e-6)


def test_all_the_evidence_is_found_only_with_the_last_piece_of_it() -> None:
    needed = [Place(document="a"), Place(document="b")]

    assert retrieval_scores(spots("a", "x", "b"), needed)["all_evidence@10"] == 1.0
    assert retrieval_scores(spots("a", *DOCUMENTS[:9], "b"), needed)["all_evidence@10"] == 0.0
