"""The scores of one answer, and what each metric is taken from."""

from decimal import Decimal

import numpy as np
import pytest

from footnote_qa.bot.types import Status, Usage
from footnote_qa.eval.metrics.catalogue import (
    METRICS,
    answer_scores,
    loss_of,
    similarity,
    summaries,
)
from footnote_qa.eval.types import Case, Place
from footnote_qa.index.types import Vectors
from tests.fakes.searcher_for_eval import answer, citation

ANSWERABLE = Case(id="1", question="?", answers=("two weeks",), relevant=(Place(document="a"),))
UNANSWERABLE = Case(id="2", question="?", answerable=False)
FREE = {"input_tokens": 0.0, "output_tokens": 0.0, "cost_usd": 0.0}


def test_a_right_answer_scores_on_everything_that_is_known_of_it() -> None:
    right = answer("Two weeks [1].", citation("a", quote="two weeks"))

    scores = answer_scores(ANSWERABLE, right, text_of={"a": "two weeks"}.get)

    assert scores == {
        "false_refusal": 0.0,
        "complete": 1.0,
        "partly": 1.0,
        "wrong": 0.0,
        "first": 1.0,
        "answer_words": 2.0,
        "exact_match": 1.0,
        "f1": 1.0,
        "rouge_l": 1.0,
        "citation_precision": 1.0,
        "citation_recall": 1.0,
        "contains_answer": 1.0,
        "place_hit": 1.0,
        "quote_verbatim": 1.0,
        "input_tokens": 0.0,
        "output_tokens": 0.0,
        "cost_usd": 0.0,
    }


@pytest.mark.parametrize("status", [Status.NOT_FOUND, Status.UNSUPPORTED])
def test_a_refused_answerable_question_is_a_false_refusal_and_matches_nothing(
    status: Status,
) -> None:
    scores = answer_scores(ANSWERABLE, answer(status=status))

    assert scores == {
        "false_refusal": 1.0,
        **dict.fromkeys(["complete", "partly", "wrong", "first"], 0.0),
        "exact_match": 0.0,
        "f1": 0.0,
        "rouge_l": 0.0,
        "contains_answer": 0.0,
        "input_tokens": 0.0,
        "output_tokens": 0.0,
        "cost_usd": 0.0,
    }


@pytest.mark.parametrize("status", [Status.NOT_FOUND, Status.UNSUPPORTED])
def test_a_refused_unanswerable_question_is_a_refusal_recalled(status: Status) -> None:
    scores = answer_scores(UNANSWERABLE, answer(status=status))

    assert scores == {"refusal_recall": 1.0, **FREE}


def test_an_answered_unanswerable_question_is_no_refusal_and_no_false_one() -> None:
    scores = answer_scores(UNANSWERABLE, answer("Two weeks [1].", citation("a")))

    assert scores == {
        "refusal_recall": 0.0,
        "answer_words": 2.0,
        "citation_recall": 0.0,
        **FREE,
    }


def test_a_failure_has_no_score_at_all() -> None:
    failed = answer(status=Status.FAILED)

    assert answer_scores(ANSWERABLE, failed) == {}
    assert answer_scores(UNANSWERABLE, failed) == {}


def test_what_is_not_known_is_not_scored() -> None:
    case = Case(id="3", question="?")
    priced = answer("Yes [1].", citation("a"), usage=Usage(cost_usd=None))

    assert answer_scores(case, priced) == {
        "false_refusal": 0.0,
        "answer_words": 1.0,
        "citation_recall": 0.0,
        "input_tokens": 0.0,
        "output_tokens": 0.0,
    }


PRIVATE = Case(id="4", question="?", must=(("6 hours", "six hours"), ("pay period",)))


@pytest.mark.parametrize(
    ("text", "complete", "partly", "wrong", "first"),
    [
        ("You earn **6 hours** every pay\n  period [1].", 1, 1, 0, 1),
        ("Six hours [1].\n\nThat is for a Pay Period [2].", 1, 1, 0, 1),
        ("It grows with the years [1].\n\nThen 6 hours [2].", 0, 1, 0, 0),
        ("From *Leave › Annual leave*:\n\n6 hours a pay period [1].", 1, 1, 0, 1),
        ("You earn 16 hours in all [1].", 0, 0, 1, 0),
    ],
)
def test_an_answer_is_complete_when_it_holds_one_wording_of_each_group(
    text: str, complete: float, partly: float, wrong: float, first: float
) -> None:
    scores = answer_scores(PRIVATE, answer(text, citation("a")))

    assert [scores[name] for name in ("complete", "partly", "wrong", "first")] == [
        *(complete, partly, wrong, first)
    ]


def test_without_groups_only_answers_of_a_few_words_can_be_complete() -> None:
    long = Case(id="5", question="?", answers=("It is a policy on " + "many " * 10 + "things.",))

    assert "complete" not in answer_scores(long, answer("A policy [1].", citation("a")))
    assert answer_scores(ANSWERABLE, answer("Three days [1].", citation("a")))["wrong"] == 1.0


def test_the_price_of_an_answer_is_kept() -> None:
    priced = answer("Yes [1].", citation("a"), usage=Usage(cost_usd=Decimal("0.0125")))

    assert answer_scores(ANSWERABLE, priced)["cost_usd"] == 0.0125


def directions(texts: object) -> Vectors:
    """Two directions: texts about leave, and all others."""
    known = {"30 days": [1.0, 0.0], "a month": [0.8, 0.6], "money": [0.0, 1.0]}
    return np.array([known[text] for text in list(texts)], dtype=np.float32)  # type: ignore[call-overload]  # a list of texts


def test_similarity_is_the_cosine_with_the_nearest_answer() -> None:
    assert similarity("30 days", ["money", "a month"], directions) == pytest.approx(0.8)
    assert similarity("30 days", ["money"], directions) == 0.0
    assert similarity("", ["money"], directions) == 0.0


@pytest.mark.parametrize(
    ("case", "scores", "lost"),
    [
        (ANSWERABLE, {"contains_answer": 1.0, "place_hit": 0.0}, 0.0),
        (ANSWERABLE, {"contains_answer": 0.0, "place_hit": 1.0}, 1.0),
        (Case(id="3", question="?", answers=("w " * 11,)), {"contains_answer": 0.0}, None),
        (
            Case(id="3", question="?", answers=("w " * 11,)),
            {"contains_answer": 0.0, "place_hit": 1.0},
            0.0,
        ),
        (UNANSWERABLE, {}, 1.0),
    ],
)
def test_an_answer_is_wrong_by_its_words_if_they_are_few_else_by_its_place(
    case: Case, scores: dict[str, float], lost: float | None
) -> None:
    assert loss_of(case, answer("Something [1].", citation("a")), scores) == lost


def test_a_refusal_is_neither_right_nor_wrong() -> None:
    assert loss_of(ANSWERABLE, answer(), {"contains_answer": 0.0}) is None
    assert loss_of(ANSWERABLE, None, {}) is None


def test_a_metric_is_taken_from_the_questions_that_have_all_it_needs() -> None:
    rows = [
        {"f1": 1.0, "confidence": 0.9, "answerable": 1.0},
        {"f1": 0.0, "confidence": 0.2, "answerable": 0.0},
        {"confidence": 0.5},
    ]

    found = summaries(rows)

    assert {name: (value.mean, value.n) for name, value in found.items()} == {
        "f1": (0.5, 2),
        "auroc": (1.0, 2),
    }


def test_what_is_better_is_known_of_every_metric() -> None:
    lower = {name for name, metric in METRICS.items() if metric.lower_is_better}

    assert lower == {
        *("wrong", "false_refusal", "aurc", "failed", "answer_words_p50", "ms_p50", "ms_p95"),
        *("search_ms_p50", "search_ms_p95", "input_tokens", "output_tokens", "cost_usd"),
    }
