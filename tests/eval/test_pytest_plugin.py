"""The pytest plugin: one test for each question, and the fixture."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa import pytest_plugin
from footnote_qa.bot.types import Answer, Question, Status
from footnote_qa.eval.case_faults import faults_of
from footnote_qa.eval.types import Case, Place
from tests.fakes.slack_bot_process import answered, citation, not_found
from tests.page_blocks import blocks_of

pytest_plugins = ("pytester",)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "pytest.md"
BLOCKS = blocks_of(PAGE)
CASES, TEST, SHOWN = (dict(BLOCKS)[name] for name in ("yaml", "python", "text"))


class Scripted:
    """Answers with what the documents say about hotels, whatever is asked."""

    asked: list[Question]
    closed = 0

    def __init__(self) -> None:
        self.asked = []

    def ask(self, question: Question | str) -> Answer:
        one = Question(text=question) if isinstance(question, str) else question
        self.asked.append(one)
        if one.text.startswith("Who"):
            return not_found()
        text = "A hotel may cost 140 euros [1]."
        return said(text, citations=(replace(citation(text), document="travel.md"),))

    def close(self) -> None:
        self.closed += 1


def said(text: str, **changes: object) -> Answer:
    values = {"text": text, "citations": (citation(text),), **changes}
    return replace(answered(Question(text="")), **values)  # type: ignore[arg-type]  # the values of a test


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    bot = Scripted()
    monkeypatch.setattr(pytest_plugin, "_open", lambda _: bot)
    return bot


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    plugin = ("-p", "footnote_qa.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:xdist")
    return pytester.runpytest_inprocess(*plugin, *arguments)


def test_each_question_of_a_file_is_a_test_and_pytest_reports_it(
    pytester: pytest.Pytester, scripted: Scripted
) -> None:
    pytester.path.joinpath("footnote_cases_travel.yaml").write_text(CASES)
    pytester.makepyfile(TEST)

    done = run(pytester, "--junitxml=report.xml")

    done.assert_outcomes(passed=3, failed=1)
    assert SHOWN in done.stdout.str()
    assert "  [1] travel.md: A hotel may cost" in done.stdout.str()
    assert "Traceback" not in done.stdout.str()
    cases = ET.parse(pytester.path / "report.xml").iter("testcase")  # noqa: S314 - our own
    named = {case.get("name"): case for case in cases}
    assert named.keys() >= {"How much may a hotel cost?", "receipts", "coffee"}
    told = {one.get("name"): one.get("value") for one in named["receipts"].iter("property")}
    assert told["question"] == "When must I hand in receipts?"
    assert (len(scripted.asked), scripted.closed) == (4, 1)
    assert scripted.asked[0].audience is None


def test_questions_can_be_chosen_by_tag_and_the_rest_is_not_asked(
    pytester: pytest.Pytester, scripted: Scripted
) -> None:
    pytester.path.joinpath("footnote_cases.yaml").write_text(CASES)

    done = run(pytester, "-k", "money")

    done.assert_outcomes(failed=1, deselected=2)
    assert len(scripted.asked) == 1


def test_a_file_with_a_mistake_says_where(pytester: pytest.Pytester) -> None:
    line = {"id": "a", "question": "Who?", "answer": "Ann"}
    pytester.path.joinpath("footnote_cases.jsonl").write_text(json.dumps(line))
    pytester.path.joinpath("footnote_cases.yaml").write_text("question: Who?")

    done = run(pytester)

    done.stdout.fnmatch_lines(
        [
            "*footnote_cases.jsonl line 1: answer: there is no such field*",
            "*footnote_cases.yaml is not a list of questions: begin each with a dash*",
        ]
    )


def test_without_an_index_a_question_says_what_to_do(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pytester.path)
    pytester.path.joinpath("footnote_cases.yaml").write_text("- question: Who?\n  answers: [Ann]")
    pytester.path.joinpath("ours.toml").write_text('data_dir = "nothing"')

    done = run(pytester, "--footnote-config", "ours.toml")

    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*nothing*footnote index build*"])
    assert "Traceback" not in done.stdout.str()


@pytest.mark.parametrize(
    ("case", "answer", "fault"),
    [
        ({"answers": ("3 days",)}, said("It takes 3 days [1]."), ""),
        ({"answers": ("3 days",)}, said("It takes 13 days [1]."), "does not contain “3 days”"),
        ({"must": (("3 days",), ("Ann", "Bob"))}, said("Bob: 3 days [1]."), ""),
        ({"must": (("3 days",), ("Ann",))}, said("Bob: 3 days [1]."), "does not say “Ann”"),
        ({"relevant": (Place(document="a.md"),)}, said("Yes [1]."), ""),
        ({"relevant": (Place(document="b.md", page=2),)}, said("Yes [1]."), "cites a.md, not b.md"),
        ({"answerable": False}, not_found(), ""),
        ({"answerable": False}, said("Yes [1]."), "it was answered"),
        ({}, not_found(), "it was not answered"),
        ({}, said("", status=Status.FAILED, reference="r-1"), "reference r-1"),
    ],
    ids=range(10),
)
def test_an_answer_is_judged_by_all_that_is_known(
    case: dict[str, object], answer: Answer, fault: str
) -> None:
    found = faults_of(Case(id="a", question="?", **case), answer)  # type: ignore[arg-type]

    assert bool(found) == bool(fault)
    assert fault in " ".join(found)


def test_the_plugin_imports_nothing_of_footnote_that_takes_time() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules)\n"
        "import footnote_qa.pytest_plugin\n"
        "print(sorted(n for n in set(sys.modules) - before if n.startswith('footnote')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == str(
        ["footnote_qa", "footnote_qa.errors", "footnote_qa.pytest_plugin"]
    )
