"""`footnote eval runs` and `export`, each as a process of its own."""

import csv
import io
import json
from pathlib import Path

import pytest

from footnote_qa.eval.judging import pairs_of
from footnote_qa.eval.runs import RunRecord, load_record
from tests.eval.reports.test_export import BAD, GOOD, asked, record
from tests.fakes import fork_server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with three runs, of which two have a name."""
    named = {"a": ("before", "k = 8"), "b": ("after", ""), "c": ("", "")}
    for day, (letter, (name, note)) in enumerate(named.items(), start=1):
        run = f"2026010{day}T000000.000Z-rooms-{letter * 4}"
        told = record(GOOD, BAD, run=run).model_copy(update={"name": name, "note": note})
        write(tmp_path, told)
    return tmp_path


def write(folder: Path, told: RunRecord) -> None:
    path = folder / ".footnote" / "runs" / told.run / "run.json"
    path.parent.mkdir(parents=True)
    path.write_text(told.model_dump_json())


def footnote(folder: Path, *arguments: str, status: int = 0) -> str:
    done = fork_server.run(*arguments, cwd=folder)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


def test_runs_are_listed_with_names_and_notes_the_newest_first(folder: Path) -> None:
    rows = json.loads(footnote(folder, "eval", "runs", "--json"))["runs"]
    shown = footnote(folder, "eval", "runs")

    assert [(row["name"], row["note"]) for row in rows] == [
        ("", ""),
        ("after", ""),
        ("before", "k = 8"),
    ]
    assert rows[0]["metrics"]["f1"] == 0.5
    assert shown.index("after") < shown.index("before")
    assert "k = 8" in shown
    assert json.loads(footnote(folder, "eval", "runs", "--set", "x", "--json")) == {"runs": []}


def test_a_broken_record_is_noted_and_the_others_are_listed(folder: Path) -> None:
    broken = folder / ".footnote" / "runs" / "20260104T000000.000Z-rooms-dddd" / "run.json"
    broken.parent.mkdir()
    broken.write_text("{")

    done = fork_server.run("eval", "runs", "--json", cwd=folder)

    assert len(json.loads(done.stdout)["runs"]) == 3
    assert "dddd" in done.stderr


def test_a_run_is_found_by_its_name_and_of_several_the_newest(folder: Path) -> None:
    again = record(GOOD, run="20260105T000000.000Z-rooms-eeee")
    write(folder, again.model_copy(update={"name": "before"}))

    assert load_record("before", folder / ".footnote").run == again.run
    assert load_record("after", folder / ".footnote").run.endswith("bbbb")
    footnote(folder, "eval", "compare", "after", "before")
    assert "there is no run 'nobody'" in footnote(folder, "eval", "export", "nobody", status=2)


def test_a_run_is_exported_in_each_form(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(footnote(folder, "eval", "export", "after"))))
    footnote(folder, "eval", "export", "after", "--format", "junit", "--out", "out.xml")
    lines = footnote(
        folder, *("eval", "export", "after", "--format", "github"), "--against", "before"
    )

    assert [row["id"] for row in rows] == ["room-1", "room-2"]
    assert (folder / "out.xml").read_text().count("<failure") == 1
    assert lines == "::notice title=rooms::0 questions went better, 0 worse\n"


def test_parquet_needs_a_file(folder: Path) -> None:
    said = footnote(folder, "eval", "export", "before", "--format", "parquet", status=2)
    footnote(folder, "eval", "export", "before", "--format", "parquet", "--out", "run.parquet")

    assert "name a file with --out" in said
    assert (folder / "run.parquet").read_bytes()[:4] == b"PAR1"


def test_two_versions_of_a_set_are_compared(tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text('{"id": "a", "question": "Who?", "answers": ["Ann"]}')
    new = "- id: a\n  question: Who?\n  answers: [Ann, Bob]\n- question: When?\n"
    (tmp_path / "new.yaml").write_text(new)

    shown = footnote(tmp_path, "eval", "diff", "old.jsonl", "new.yaml")
    told = json.loads(footnote(tmp_path, "eval", "diff", "old.jsonl", "new.yaml", "--json"))

    assert shown.splitlines() == [
        "+ When?: When?",
        "~ a: Who?",
        "    answers: Ann → Ann | Bob",
        "1 added, 0 removed, 1 changed, 0 the same",
    ]
    assert told["changed"][0]["fields"] == {"answers": [["Ann"], ["Ann", "Bob"]]}


def test_a_person_chooses_without_knowing_the_run_and_can_go_on_later(tmp_path: Path) -> None:
    questions = [asked(str(at), answer=f"Old {at}.") for at in range(3)]
    write(tmp_path, record(*questions, run="one"))
    changed = [one.model_copy(update={"answer": f"New {one.id}."}) for one in questions]
    write(tmp_path, record(*changed, run="two"))
    pairs, _ = pairs_of(*(load_record(r, tmp_path / ".footnote") for r in ("one", "two")))
    newer = ["1" if pair.is_swapped else "2" for pair in pairs]

    first = fork_server.run("eval", "prefer", "one", "two", cwd=tmp_path, stdin=f"{newer[0]}\nq\n")
    rest = "\n".join(newer[1:])
    second = fork_server.run("eval", "prefer", "one", "two", cwd=tmp_path, stdin=f"{rest}\n")

    assert "two against one: 1 won, 0 lost, 0 neither" in first.stdout
    assert "1 of 2" in second.stdout
    assert "3 won, 0 lost" in second.stdout
    assert "cannot tell" in second.stdout
    assert "two" not in second.stdout.partition("against")[0].removesuffix("two ")
