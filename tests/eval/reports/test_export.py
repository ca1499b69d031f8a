"""A run for other programs: what they read back is what was measured."""

import csv
import io
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from footnote_qa.eval.errors import ChoiceError
from footnote_qa.eval.metrics import summaries
from footnote_qa.eval.reports import compare_runs, table, to_csv, to_github, to_junit, to_parquet
from footnote_qa.eval.runs import Asked, RunRecord


def asked(id_: str, **changes: Any) -> Asked:
    told = {
        "id": id_,
        "question": f"Who keeps {id_}?",
        "answers": ("keeper 7",),
        "answerable": True,
        "status": "answered",
        "answer": "Keeper 7 [1].",
        "values": {"f1": 1.0, "loss": 0.0},
        "ms": 1500.0,
    }
    return Asked(**(told | changes))


def record(*questions: Asked, run: str = "20260101T000000.000Z-rooms-aaaa") -> RunRecord:
    metrics = summaries([one.values for one in questions])
    return RunRecord(set="rooms", run=run, metrics=metrics, questions=questions, settings={})


GOOD = asked("room-1")
BAD = asked("room-2", answer="Keeper 8.\nTruly.", values={"f1": 0.0, "loss": 1.0}, tags=("a", "b"))
REFUSED = asked("room-3", status="not_found", answer="", values={"f1": 0.0})
FAILED = asked("room-4", status="failed", answer=None, values={"failed": 1.0}, error='no "index"')


def test_csv_has_a_row_for_each_question_and_a_column_for_each_value() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(record(GOOD, BAD, FAILED)))))

    assert [row["id"] for row in rows] == ["room-1", "room-2", "room-4"]
    assert (rows[1]["answer"], rows[1]["tags"], rows[1]["f1"]) == (
        "Keeper 8.\nTruly.",
        "a, b",
        "0.0",
    )
    assert rows[1]["outcome"] == "answered, wrong"
    assert (rows[2]["f1"], rows[2]["failed"], rows[2]["error"]) == ("", "1.0", 'no "index"')
    assert table(record(GOOD))[0]["f1"] == 1.0
    assert to_csv(record()).startswith("id,question,tags")


def test_parquet_has_the_same_table_with_texts_and_numbers() -> None:
    from arro3.core import DataType
    from arro3.io import read_parquet

    found = read_parquet(io.BytesIO(to_parquet(record(GOOD, BAD, FAILED)))).read_all()

    columns = {name: found.column(name) for name in ("id", "answer", "f1")}
    assert {name: column.to_pylist() for name, column in columns.items()} == {
        "id": ["room-1", "room-2", "room-4"],
        "answer": ["Keeper 7 [1].", "Keeper 8.\nTruly.", ""],
        "f1": [1.0, 0.0, None],
    }
    assert [columns[name].type for name in ("id", "f1")] == [DataType.utf8(), DataType.float64()]
    assert read_parquet(io.BytesIO(to_parquet(record()))).read_all().num_rows == 0


def test_without_its_packages_parquet_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footnote_qa.eval.reports.export.is_installed", lambda _: False)

    with pytest.raises(ChoiceError, match=re.escape('pip install "footnote-qa[parquet]"')):
        to_parquet(record(GOOD))


@pytest.mark.parametrize("text", ["=cmd|'/c calc'!A0", "+1", "-1+2", "@SUM(A1)", "\t=1"])
def test_no_text_is_a_formula_of_a_spreadsheet(text: str) -> None:
    [row] = csv.DictReader(io.StringIO(to_csv(record(asked("one", answer=text, question=text)))))

    assert (row["answer"], row["question"]) == (f"'{text}", f"'{text}")


def test_junit_has_failures_and_errors_with_what_was_said() -> None:
    suite = ET.fromstring(to_junit(record(GOOD, BAD, REFUSED, FAILED)))  # noqa: S314 - our own

    assert suite.attrib == {"name": "rooms", "tests": "4", "failures": "2", "errors": "1"}
    good, bad, refused, failed = suite
    assert (len(good), good.get("time")) == (0, "1.500")
    told = bad.find("failure")
    assert told is not None
    assert told.get("message") == "answered, wrong"
    assert told.text == "answer: Keeper 8.\nTruly.\nexpected: keeper 7"
    assert [one.tag for one in refused] == ["failure"]
    assert failed[0].get("message") == 'no "index"'


def test_hostile_texts_are_still_xml_and_one_line_of_a_log() -> None:
    hostile = 'a]]><x y="1">&\x00\x1b[2J\n::error::owned%0A\ud800'
    one = asked("one", question=hostile, answer=hostile, values={"loss": 1.0})

    suite = ET.fromstring(to_junit(record(one)))  # noqa: S314 - our own
    lines = to_github(record(one)).splitlines()

    assert "owned" in str(suite[0].get("name"))
    assert len(lines) == 2
    assert not any(line.startswith("::error") for line in lines)
    assert re.match(r"::warning title=one%3A answered%2C wrong::", lines[0])


def test_compared_only_metrics_that_fell_are_failures() -> None:
    before = record(*(asked(f"room-{n}") for n in range(20)))
    worse = [asked(f"room-{n}", values={"f1": 0.5, "loss": 1.0}) for n in range(20)]
    after = record(*worse, run="20260102T000000.000Z-rooms-bbbb")
    found = compare_runs(before, after)

    suite = ET.fromstring(to_junit(after, found))  # noqa: S314 - our own
    lines = to_github(after, found).splitlines()

    failing = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failing == ["f1"]
    assert lines[0].startswith("::error title=f1 got worse::from 1.000 to 0.500 on 20 questions")
    assert lines[-1] == "::notice title=rooms::0 questions went better, 20 worse"
    same = compare_runs(before, before)
    assert "<failure" not in to_junit(before, same)
    assert "::error" not in to_github(before, same)
