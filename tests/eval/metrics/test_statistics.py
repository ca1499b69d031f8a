"""Means, intervals and differences against what is known of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import footnote_qa.eval.metrics.statistics
from footnote_qa.eval.metrics.statistics import difference, mean, mean_of, percentile, percentile_of


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
    is_share = set(values) <= {0, 1}
    least, most = (0, 1) if is_share else (min(values), max(values))
    assert least - slack <= summary.low <= summary.high <= most + slack
    assert summary.low < summary.high or not is_share
    assert summary.mean == pytest.approx(sum(values) / len(values))


def column(values: list[float]) -> list[tuple[float]]:
    return [(value,) for value in values]


def test_runs_that_are_the_same_do_not_differ() -> None:
    values = column(list(np.random.default_rng(1).random(40)))

    found = difference(values, values, mean)

    assert found is not None
    assert (found.mean, found.low, found.high, found.p, found.n) == (0.0, 0.0, 0.0, 1.0, 40)


def test_a_fall_on_every_question_is_certain() -> None:
    before = [0.5 + number / 100 for number in range(30)]

    found = difference(column(before), column([value - 0.1 for value in before]), mean)

    assert found is not None
    assert found.mean == pytest.approx(-0.1)
    assert [found.low, found.high] == pytest.approx([-0.1, -0.1])
    assert found.p == pytest.approx(1 / 2001)


def test_what_goes_up_here_and_down_there_is_no_difference() -> None:
    before, after = [0.0, 1.0] * 20, [1.0, 0.0] * 20

    found = difference(column(before), column(after), mean)

    assert found is not None
    assert found.mean == 0
    assert found.low < 0 < found.high
    assert found.p == 1.0


def test_the_p_value_of_few_pairs_is_that_of_all_exchanges() -> None:
    # Of the 2^4 exchanges of four equal falls, the two without a change of sign are as large.
    found = difference(column([1.0] * 4), column([0.0] * 4), mean)

    assert found is not None
    assert found.p == pytest.approx(2 / 16, abs=0.03)


def test_percentiles_are_compared_as_percentiles() -> None:
    before = [float(ms) for ms in range(100)]

    found = difference(column(before), column([ms + 7 for ms in before]), percentile(95))

    assert found is not None
    assert found.mean == pytest.approx(7)


def test_drawing_in_blocks_changes_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    before = column(list(np.random.default_rng(2).random(30)))
    after = column(list(np.random.default_rng(3).random(30)))
    at_once = difference(before, after, mean)

    monkeypatch.setattr(footnote_qa.eval.metrics.statistics, "_MAX_CELLS", 100)

    assert difference(before, after, mean) == at_once


def test_a_share_of_all_or_none_is_not_certain() -> None:
    from footnote_qa.eval.metrics.statistics import mean_of

    for value in (0.0, 1.0):
        found = mean_of([value] * 20)
        assert found is not None
        assert found.mean == value
        assert found.high - found.low == pytest.approx(0.161, abs=0.001)
        assert found.low <= value <= found.high


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (3, 7), (45, 50), (500, 1000)])
def test_interval_of_a_share_is_the_one_that_scipy_gives(hits: int, n: int) -> None:
    from scipy.stats import binomtest

    from footnote_qa.eval.metrics.statistics import wilson

    expected = binomtest(hits, n).proportion_ci(0.95, method="wilson")

    assert wilson(hits / n, n) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_holm_is_the_one_that_statsmodels_documents() -> None:
    from footnote_qa.eval.metrics.statistics import holm

    corrected = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})

    assert corrected == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({}) == {}
    assert holm({"a": 0.9, "b": 0.8}) == {"b": 1.0, "a": 1.0}


def test_amounts_of_zero_are_no_shares() -> None:
    from footnote_qa.eval.metrics import summaries

    found = summaries([{"cost_usd": 0.0, "complete": 0.0}] * 20)

    assert (found["cost_usd"].low, found["cost_usd"].high) == (0.0, 0.0)
    assert found["complete"].high > 0.1
