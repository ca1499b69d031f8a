"""Settings that are tried in one go."""

import pytest
from rich.console import Console

from footnote_qa.eval.errors import ChoiceError
from footnote_qa.eval.metrics.statistics import Summary
from footnote_qa.eval.reports.matrix import Tried, combinations, frontier, judged_by
from footnote_qa.eval.reports.table import matrix_table


def tried(run: str, **means: float) -> Tried:
    metrics = {
        name.replace("_at_", "@"): Summary(mean=mean, low=mean, high=mean, n=1)
        for name, mean in means.items()
    }
    return Tried(values={"search.k": run}, run=run, metrics=metrics)


def test_every_combination_is_tried_with_values_of_their_own_kind() -> None:
    found = combinations(["search.k=4, 8", "search.dense_weight=0.5", "index.model=a/b"])

    assert found == [
        {"search.k": 4, "search.dense_weight": 0.5, "index.model": "a/b"},
        {"search.k": 8, "search.dense_weight": 0.5, "index.model": "a/b"},
    ]


@pytest.mark.parametrize(
    "axes", [["search.k"], ["=4"], ["search.k="], ["search.k=4", "search.k=8"]]
)
def test_an_axis_that_is_none_is_named(axes: list[str]) -> None:
    with pytest.raises(ChoiceError, match="write a setting once, with its values"):
        combinations(axes)


def test_the_frontier_holds_what_nothing_else_beats() -> None:
    good = tried("good", contains_answer=0.9, ms_p50=100.0)
    quick = tried("quick", contains_answer=0.7, ms_p50=20.0)
    beaten = tried("beaten", contains_answer=0.7, ms_p50=30.0)

    assert frontier([good, beaten, quick]) == [good, quick]


def test_two_that_are_equal_are_both_on_it() -> None:
    one, other = tried("1", f1=0.5, ms_p50=1.0), tried("2", f1=0.5, ms_p50=1.0)

    assert frontier([one, other]) == [one, other]


def test_quality_compares_what_all_runs_measured_and_where_they_differ() -> None:
    assert judged_by([tried("1", ndcg_at_10=0.5, ms_p50=1.0)]) == ["ndcg@10", "ms_p50"]
    assert judged_by([tried("1", contains_answer=0.0, citation_precision=0.5)]) == [
        "citation_precision"
    ]
    assert judged_by(
        [tried("1", contains_answer=0.5, ndcg_at_10=0.5), tried("2", ndcg_at_10=0.5)]
    ) == ["ndcg@10"]


def test_the_table_marks_the_frontier() -> None:
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(
            matrix_table([tried("4", f1=0.1, ms_p50=1.0), tried("8", f1=0.1, ms_p50=2.0)])
        )

    rows = [" ".join(line.split()) for line in capture.get().splitlines()]
    assert "│ ● │ 4 │ 1.0 │ 4 │" in rows
    assert "│ │ 8 │ 2.0 │ 8 │" in rows
