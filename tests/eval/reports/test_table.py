"""The table that a person reads after a run."""

from dataclasses import replace

from rich.console import Console

from footnote_qa.bot.types import Status
from footnote_qa.eval.metrics.statistics import Summary
from footnote_qa.eval.reports.table import run_table
from footnote_qa.eval.runs.row import Row
from footnote_qa.eval.runs.run import RunResult
from footnote_qa.eval.types import Baseline, Case
from tests.fakes.searcher_for_eval import answer

BASELINES = (
    Baseline(name="bm25_lucene_k1.2", scores={"ndcg@10": 0.7047, "hit@1": 0.5}),
    Baseline(name="all-MiniLM-L6-v2_cosine", scores={"ndcg@10": 0.5062}),
    Baseline(name="another [bold]", scores={}),
)


def result_of(
    *rows: Row, questions: int = 1, baselines: tuple[Baseline, ...] = BASELINES
) -> RunResult:
    return RunResult(
        set="northwind [pdf]",
        run="run-1",
        metrics={
            "ndcg@10": Summary(mean=0.71236, low=0.6604, high=0.7598, n=201),
            "ms_p95": Summary(mean=12.345, low=11.0, high=14.98, n=246),
            "cost_usd": Summary(mean=0.00012, low=0.0001, high=0.0002, n=246),
        },
        tags={},
        rows=rows or (Row(case=Case(id="1", question="?")),),
        settings={"questions": questions},
        baselines=baselines,
    )


def printed(result: RunResult) -> list[str]:
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(run_table(result))
    return [" ".join(line.split()) for line in capture.get().splitlines()]


def cells(result: RunResult, metric: str) -> list[str]:
    (line,) = [line for line in printed(result) if line.startswith(f"│ {metric} ")]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_each_metric_has_its_mean_interval_and_number_of_questions() -> None:
    result = result_of(baselines=())

    assert cells(result, "ndcg@10") == ["ndcg@10", "0.712", "0.660 – 0.760", "201"]
    assert cells(result, "ms_p95") == ["ms_p95", "12.3", "11.0 – 15.0", "246"]
    assert cells(result, "cost_usd") == ["cost_usd", "0.00012", "0.00010 – 0.00020", "246"]


def test_published_scores_are_shown_beside_ours_and_nowhere_else() -> None:
    result = result_of()

    assert cells(result, "ndcg@10")[4:] == ["0.705", "0.506", ""]
    assert cells(result, "ms_p95")[4:] == ["", "", ""]
    heading = next(line for line in printed(result) if "metric" in line)
    assert heading.endswith("n ┃ BM25 ┃ MiniLM ┃ another [bold] ┃")


def test_the_table_names_set_and_run_as_they_are() -> None:
    lines = printed(result_of())

    assert lines[0] == "northwind [pdf], questions: 1"
    assert lines[-1] == "run run-1"


def test_failed_questions_are_counted_under_the_table() -> None:
    failed = Row(case=Case(id="1", question="?"), answer=answer(status=Status.FAILED), error="x")

    lines = printed(result_of(failed))

    assert "1 failed; scores that could not be computed are in no mean" in lines


def test_documents_that_the_index_lacks_are_named_and_a_long_list_is_cut() -> None:
    few = printed(replace(result_of(), unknown=("a", "b")))
    many = printed(replace(result_of(), unknown=("a", "b", "c", "d", "e")))

    assert "not in the index, so not found: a, b" in few
    assert "not in the index, so not found: a, b, c and 2 more" in many


def test_a_part_of_the_set_is_marked_as_a_part() -> None:
    lines = printed(result_of(questions=246))

    assert lines[0] == "northwind [pdf], questions: 1 of 246"
    assert "the others were measured on all questions of the set" in lines
