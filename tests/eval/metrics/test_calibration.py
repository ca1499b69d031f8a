"""Confidence against truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.eval.metrics.calibration import aurc, auroc, loss, risk_coverage
from footnote_qa.eval.metrics.statistics import summary

POINTS = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.7, 1.0]), st.booleans()), min_size=1)


@given(POINTS)
@pytest.mark.slow
def test_auroc_is_scikit_learns_ties_included(points: list[tuple[float, bool]]) -> None:
    from sklearn.metrics import roc_auc_score

    found = float(auroc(np.array([points], dtype=float))[0])

    truth = [kind for _, kind in points]
    if len(set(truth)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(roc_auc_score(truth, [sure for sure, _ in points]), abs=1e-6)


@given(POINTS)
def test_the_area_is_the_mean_risk_of_all_orders_of_the_ties(
    points: list[tuple[float, bool]],
) -> None:
    found = float(aurc(np.array([points], dtype=float))[0])

    # Each question sees the risk among all with at least its confidence.
    risks = [
        np.mean([lost for other, lost in points if other >= sure], dtype=float)
        for sure, _ in points
    ]
    assert found == pytest.approx(float(np.mean(risks)), abs=1e-6)


def test_confidence_that_puts_the_wrong_answers_last_has_less_area() -> None:
    knows = np.array([[[0.9, 0.0], [0.8, 0.0], [0.2, 1.0], [0.1, 1.0]]])
    errs = np.array([[[0.9, 1.0], [0.8, 1.0], [0.2, 0.0], [0.1, 0.0]]])

    assert aurc(knows)[0] == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert aurc(errs)[0] == pytest.approx((1 + 1 + 2 / 3 + 1 / 2) / 4)


def test_the_curve_has_one_point_a_level_of_confidence() -> None:
    coverage, risk = risk_coverage(np.array([[0.5, 1.0], [0.9, 0.0], [0.5, 0.0], [0.1, 1.0]]))

    assert coverage.tolist() == [0.25, 0.75, 1.0]
    assert risk.tolist() == pytest.approx([0.0, 1 / 3, 0.5])


def test_without_both_kinds_of_question_there_is_no_auroc() -> None:
    assert summary([(0.5, 1.0), (0.7, 1.0)], auroc) is None


def test_any_answer_to_an_unanswerable_question_is_wrong() -> None:
    assert loss({"place_hit": 1.0}, answerable=False, short=False) == 1.0
