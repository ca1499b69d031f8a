"""A metric of another package: measured, recorded, compared, and part of a gate."""

import asyncio
import sys
from pathlib import Path

import pytest

from footnote_qa import Footnote, PluginError
from footnote_qa.bot.evaluation import subject
from footnote_qa.eval.errors import ChoiceError
from footnote_qa.eval.metrics import own_metrics
from footnote_qa.eval.reports import compare_runs, write
from footnote_qa.eval.runs import (
    Options,
    RunRecord,
    RunResult,
    load_record,
    run_questions,
    save,
    to_record,
)
from footnote_qa.eval.types import Case, QuestionSet
from footnote_qa.plugins.registry import code_digest
from tests.fakes.building import write_documents
from tests.plugins.conftest import Install

pytestmark = pytest.mark.usefixtures("small_model")
METRIC = """
from footnote_qa.plugins import CONTRACT
class Metric:
    contract = CONTRACT
    name = {name!r}
    lower_is_better = False
    margin = {margin!r}
    def score(self, case, answer):
        {body}
"""
CASES = (
    Case(id="leave", question="How many days of leave does every employee have?", tags=("hr",)),
    Case(id="parking", question="What does parking cost a day?"),
)


def measured(folder: Path, *references: str) -> RunRecord:
    return to_record(run(folder, *references))


def run(folder: Path, *references: str) -> RunResult:
    docs = folder / "docs"
    if not docs.exists():
        write_documents(docs)
    with Footnote(data_dir=folder / "data", eval={"metrics": references}) as bot:
        bot.build(docs)
        questions = QuestionSet(name="ours", digest="", cases=CASES)
        options = Options(journals=folder / "journals")
        of = subject(bot.settings, bot.index.generation)
        result = asyncio.run(run_questions(questions, of, options))
        save(result, bot.settings.data_dir)
    return result


@pytest.mark.usefixtures("examples")
def test_example_is_measured_shown_and_compared(tmp_path: Path) -> None:
    record = measured(tmp_path, "plugin:longest_sentence")

    said = {asked.id: asked.answer for asked in record.questions}
    assert said["leave"] == "Every employee has twenty days of leave [1]."
    assert [asked.scores["longest_sentence"] for asked in record.questions] == [7, 7]
    assert record.metrics["longest_sentence"].mean == 7
    assert record.tags["hr"]["longest_sentence"].n == 1
    read = load_record(record.run, tmp_path / "data")
    longer = read.model_copy(
        update={
            "questions": tuple(
                one.model_copy(update={"values": one.values | {"longest_sentence": 13.0}})
                for one in read.questions
            )
        }
    )
    found = compare_runs(read, longer)
    assert found.fell == ("longest_sentence",)
    assert compare_runs(read, longer, {"longest_sentence": 7.0}).passed
    assert compare_runs(longer, read).passed
    with pytest.raises(ChoiceError, match=r"no metric shortest.*longest_sentence"):
        compare_runs(read, longer, {"shortest": 1.0})
    pages = write(longer, tmp_path / "report", against=read)
    assert all("longest_sentence" in page.read_text().replace("\\", "") for page in pages)


@pytest.mark.parametrize(
    "body", ["raise ValueError", "return 'good'", "return float('nan')", "return None"]
)
def test_a_metric_that_fails_is_a_missing_score_and_no_failed_question(
    tmp_path: Path, install: Install, body: str
) -> None:
    install("our_metric", METRIC.format(name="ours", margin=None, body=body))

    record = measured(tmp_path, "our_metric:Metric")

    assert "ours" not in record.metrics
    assert [asked.status for asked in record.questions] == ["answered", "answered"]
    assert [asked.error for asked in record.questions] == [None, None]


@pytest.mark.parametrize(
    ("name", "margin", "message"),
    [
        ("f1", None, "is called f1: it is taken"),
        ("Our Metric", None, "needs a name such as answer_words"),
        (None, None, "needs a name such as answer_words"),
        ("ours", "much", "has the margin 'much'"),
        ("ours", -1, "has the margin -1"),
    ],
)
def test_a_metric_that_cannot_be_used_is_named_before_anything_is_asked(
    install: Install, name: object, margin: object, message: str
) -> None:
    install("our_metric", METRIC.format(name=name, margin=margin, body="return 1"))

    with pytest.raises(PluginError, match=message):
        own_metrics(["our_metric:Metric"])


def test_rows_that_other_code_of_a_metric_scored_are_not_reused(
    tmp_path: Path, install: Install
) -> None:
    body = "return 1"
    folder = install("our_metric", METRIC.format(name="ours", margin=None, body=body))
    runs = [run(tmp_path, "our_metric:Metric"), run(tmp_path, "our_metric:Metric")]
    (folder / "our_metric.py").write_text(METRIC.format(name="ours", margin=None, body="return 22"))
    code_digest.cache_clear()
    del sys.modules["our_metric"]
    runs.append(run(tmp_path, "our_metric:Metric"))

    assert [one.reused for one in runs] == [0, 2, 0]
    assert [one.metrics["ours"].mean for one in runs] == [1, 1, 22]
