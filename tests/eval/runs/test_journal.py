"""A run that is killed goes on where it ended, with the same numbers."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from filelock import FileLock

from footnote_qa.eval.errors import RunError
from footnote_qa.eval.runs.journal import KEPT, Journal, case_key, journal_path, open_journal
from footnote_qa.eval.runs.row import Row
from footnote_qa.eval.runs.run import Options, Subject, run_questions
from footnote_qa.eval.types import Case, QuestionSet
from tests.fakes import fork_server
from tests.fakes.searcher_for_eval import ScriptedAsk, ScriptedSearcher, answer

ROOT = Path(__file__).resolve().parents[3]
THOUSAND = "tests.fakes.thousand_questions:main"
CASES = tuple(Case(id=str(number), question=f"q{number}") for number in range(6))
QUESTIONS = QuestionSet(name="six", digest="d" * 64, cases=CASES)


def subject_of(ask: ScriptedAsk, settings: Mapping[str, object] | None = None) -> Subject:
    found = {case.question: ["a"] for case in CASES}
    return Subject(searcher=ScriptedSearcher(found), ask=ask, settings=settings or {"code": "1"})


def asked_again(
    folder: Path,
    *,
    settings: Mapping[str, object] | None = None,
    questions: QuestionSet = QUESTIONS,
) -> list[str]:
    """Ask once more and say which questions were asked."""
    ask = ScriptedAsk({case.question: answer() for case in questions.cases})
    asyncio.run(run_questions(questions, subject_of(ask, settings), Options(journals=folder)))
    return [question.text for question in ask.asked]


def test_what_was_measured_before_is_not_asked_again(tmp_path: Path) -> None:
    first = asked_again(tmp_path)

    assert first == [case.question for case in CASES]
    assert asked_again(tmp_path) == []


def test_another_code_version_or_setting_asks_everything_again(tmp_path: Path) -> None:
    asked_again(tmp_path)

    assert len(asked_again(tmp_path, settings={"code": "2"})) == 6
    assert len(asked_again(tmp_path, settings={"code": "1", "prompts": {"answer": "x"}})) == 6


def test_a_question_that_changed_is_asked_again(tmp_path: Path) -> None:
    asked_again(tmp_path)
    changed = Case(id="3", question="q3", answers=("now known",))
    cases = (*CASES[:3], changed, *CASES[4:])

    again = asked_again(tmp_path, questions=QuestionSet(name="six", digest="e" * 64, cases=cases))

    assert again == ["q3"]


def test_a_question_that_failed_is_asked_again(tmp_path: Path) -> None:
    said = {case.question: answer() for case in CASES} | {"q2": ValueError("down")}
    asyncio.run(run_questions(QUESTIONS, subject_of(ScriptedAsk(said)), Options(journals=tmp_path)))

    assert asked_again(tmp_path) == ["q2"]


def test_a_row_of_another_generation_is_not_kept(tmp_path: Path) -> None:
    subject = Subject(
        searcher=ScriptedSearcher({"q0": ["a"]}, generation="gen-000002"), generation="gen-000001"
    )
    questions = QuestionSet(name="one", digest="d" * 64, cases=CASES[:1])

    result = asyncio.run(run_questions(questions, subject, Options(journals=tmp_path)))

    assert result.failed == 1
    assert all(not path.read_bytes() for path in tmp_path.glob("*.jsonl"))


@pytest.mark.parametrize("torn", [b"{", b'{"case": "x"', b"\xff\xfe", b"null", b"[]"])
def test_a_line_that_was_being_written_is_measured_again(tmp_path: Path, torn: bytes) -> None:
    asked_again(tmp_path)
    (path,) = tmp_path.glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]) + torn)

    assert asked_again(tmp_path) == ["q4", "q5"]
    assert asked_again(tmp_path) == []


def test_two_runs_do_not_write_one_journal(tmp_path: Path) -> None:
    path = journal_path(tmp_path, {"a": 1})

    with (
        FileLock(path.with_suffix(".lock")),
        pytest.raises(RunError, match="is running"),
        open_journal(path),
    ):
        pass


def test_a_disk_that_takes_nothing_ends_the_run_with_words(tmp_path: Path) -> None:
    (tmp_path / "journal").touch()

    with Path("/dev/full").open("wb", buffering=0) as full:
        journal = Journal(tmp_path / "journal", full)

        with pytest.raises(RunError, match="/dev/full cannot be written: No space left"):
            journal.add(Row(case=CASES[0]))


def test_only_the_newest_journals_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT + 5):
        old = tmp_path / f"{number:03}.jsonl"
        old.touch()
        os.utime(old, (number, number))

    with open_journal(tmp_path / "new.jsonl"):
        pass

    kept = sorted(path.name for path in tmp_path.glob("*.jsonl"))
    assert len(kept) == KEPT
    assert kept[0] == "006.jsonl"
    assert kept[-1] == "new.jsonl"


def test_keys_differ_for_questions_that_differ_in_any_field() -> None:
    keys = {
        case_key(case)
        for case in (
            Case(id="1", question="a"),
            Case(id="2", question="a"),
            Case(id="1", question="a", answerable=False),
            Case(id="1", question="a", tags=("t",)),
        )
    }

    assert len(keys) == 4


def killed_after(rows: int, folder: Path) -> None:
    """Start the run of 1,000 questions in a process and kill it when *rows* more rows are there."""
    before = lines_in(folder)
    with fork_server.start(str(folder), cwd=ROOT, target=THOUSAND) as process:
        while lines_in(folder) < before + rows:
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)


def lines_in(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.jsonl"))


def finished(folder: Path) -> dict[str, object]:
    done = fork_server.run(str(folder), cwd=ROOT, target=THOUSAND)
    numbers: dict[str, object] = json.loads(done.stdout)
    return numbers


@pytest.mark.slow
def test_a_run_of_a_thousand_questions_killed_twice_ends_with_the_same_numbers(
    tmp_path: Path,
) -> None:
    killed_after(150, tmp_path / "killed")
    killed_after(300, tmp_path / "killed")

    resumed = finished(tmp_path / "killed")
    at_once = finished(tmp_path / "at-once")

    assert isinstance(resumed["reused"], int)
    assert 450 <= resumed.pop("reused") < 1000  # type: ignore[operator]  # checked the line before
    assert at_once.pop("reused") == 0
    assert resumed == at_once
