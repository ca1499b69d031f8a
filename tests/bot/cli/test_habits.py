"""The habits of a command: words without quotes, pipes, widths, --quiet, completion."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes import fork_server
from tests.fakes.indexed import copy_data
from tests.fakes.terminal import in_terminal

pytestmark = pytest.mark.slow  # each test starts commands

ROOT = Path(__file__).resolve().parents[3]
QUESTION = "What does exit status 2 mean?"


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, indexed_examples: Path) -> Path:
    folder = tmp_path_factory.mktemp("indexed")
    copy_data(indexed_examples, folder / ".footnote")
    return folder


def footnote(*arguments: str, cwd: Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return fork_server.run(*arguments, cwd=cwd, stdin=stdin)


def without_footer(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if " · " not in line)


def test_a_question_is_read_from_words_from_one_text_or_from_standard_input(indexed: Path) -> None:
    asked = [
        footnote("ask", QUESTION, cwd=indexed),
        footnote("ask", *QUESTION.split(), cwd=indexed),
        footnote("ask", "-", cwd=indexed, stdin=f"\ufeff{QUESTION}\n"),
    ]

    assert {without_footer(each.stdout) for each in asked} == {without_footer(asked[0].stdout)}
    assert "wrong usage" in asked[0].stdout


def test_search_takes_words_and_standard_input_too(indexed: Path) -> None:
    words = footnote("search", "exit", "status", "-k", "1", cwd=indexed)
    piped = footnote("search", "-", "-k", "1", cwd=indexed, stdin="exit status")

    assert without_footer(words.stdout) == without_footer(piped.stdout)
    assert "Exit statuses" in words.stdout


@pytest.mark.parametrize(("words", "stdin"), [(("-",), " \n"), (("",), ""), ((" ", " "), "")])
def test_no_question_is_wrong_usage(words: tuple[str, ...], stdin: str, tmp_path: Path) -> None:
    result = footnote("ask", *words, cwd=tmp_path, stdin=stdin)

    assert result.returncode == 2
    assert result.stderr.startswith("footnote: there is no question: ")


def test_standard_input_that_is_not_utf_8_is_wrong_usage(tmp_path: Path) -> None:
    there, here = os.pipe()
    os.write(here, b"caf\xe9?")
    os.close(here)

    with fork_server.start(
        "ask", "-", cwd=tmp_path, stdin=there, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        os.close(there)
        assert process.stderr is not None
        said = process.stderr.read()

    assert process.returncode == 2
    assert said == "footnote: standard input is not UTF-8: convert it first\n"


def test_in_a_pipe_no_line_is_broken_and_none_ends_in_blanks(indexed: Path) -> None:
    lines = footnote("ask", QUESTION, cwd=indexed).stdout.splitlines()

    (answer,) = [line for line in lines if line.startswith("● ")]
    assert len(answer) > 100
    assert re.search(r"\[\d+\]\.$", answer)
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("columns", [60, 120])
def test_a_terminal_is_used_in_its_full_width(indexed: Path, columns: int) -> None:
    lines = in_terminal("ask", QUESTION, cwd=indexed, columns=columns).splitlines()

    longest = max(len(line.rstrip()) for line in lines if " · " not in line)
    assert columns - 15 < longest <= columns


def test_quiet_says_nothing_but_errors_before_and_after_the_command(
    tmp_path: Path,
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "leave.md").write_text("Everybody has 30 days of leave.\n")
    build = ("index", "build", "docs")

    shown = [
        in_terminal(*arguments, cwd=tmp_path, columns=80)
        for arguments in [(*build, "--full"), ("--quiet", *build), (*build, "-q")]
    ]
    wrong = footnote("-q", "index", "build", "nowhere", cwd=tmp_path)

    assert "Parsing documents" in shown[0]
    assert ["Parsing documents" in text for text in shown[1:]] == [False, False]
    assert all("is in use" in text for text in shown)
    assert wrong.returncode == 2
    assert "nowhere" in wrong.stderr


def test_quiet_chat_shows_no_prompt(indexed: Path) -> None:
    loud = footnote("chat", cwd=indexed, stdin="")
    quiet = footnote("chat", "--quiet", cwd=indexed, stdin="")

    assert loud.stderr.strip() == "?"
    assert quiet.stderr == ""


def test_quiet_wins_over_verbose(indexed: Path) -> None:
    loud = footnote("-v", "ask", QUESTION, cwd=indexed)
    quiet = footnote("-v", "ask", "--quiet", QUESTION, cwd=indexed)

    assert "question answered" in loud.stderr
    assert quiet.stderr == ""


COMMANDS = [
    (),
    *((name,) for name in ("ask", "chat", "search", "models", "config", "doctor", "init")),
    *((name,) for name in ("backup", "restore")),
    *(("index", name) for name in ("build", "status", "documents", "text", "watch")),
    *(("index", name) for name in ("generations", "rollback", "verify")),
    *(("eval", name) for name in ("run", "compare", "report", "generate", "judge")),
    *(("eval", name) for name in ("import-feedback", "review")),
    *(("slack", name) for name in ("run", "manifest", "try")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_names_no_type_of_python(command: tuple[str, ...], tmp_path: Path) -> None:
    shown = footnote(*command, "--help", cwd=tmp_path).stdout

    assert "--quiet" in shown
    assert re.findall(r"<[a-z]|\bbool\b|\bstr\b|\bint\b|\blist\[|\bPath\b", shown) == []
    assert [line for line in shown.splitlines() if line != line.rstrip()] == []


def test_the_time_shown_is_the_time_that_the_person_waited(indexed: Path) -> None:
    """A process from nothing: its imports and the opening of the index count as well."""
    command = [str(Path(sys.executable).with_name("footnote")), "ask", QUESTION]
    began = time.monotonic()

    shown = subprocess.run(
        command,
        cwd=indexed,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    ).stdout
    took_ms = (time.monotonic() - began) * 1000

    (said,) = re.findall(r"· (\d+) ms", shown)
    assert 0.4 * took_ms < float(said) <= took_ms + 20


def test_the_time_shown_in_a_chat_is_that_of_each_question(indexed: Path) -> None:
    began = time.monotonic()
    shown = footnote("chat", cwd=indexed, stdin=f"{QUESTION}\nWho pays?\n").stdout
    took_ms = (time.monotonic() - began) * 1000

    said = [float(ms) for ms in re.findall(r"· (\d+) ms", shown)]
    assert len(said) == 2
    assert sum(said) < took_ms


@pytest.mark.parametrize(
    ("words", "expected"),
    [("footnote in", {"index", "init"}), ("footnote index roll", {"rollback"})],
)
def test_the_shell_completes_commands(words: str, expected: set[str], tmp_path: Path) -> None:
    completing = {
        "_FOOTNOTE_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }

    result = fork_server.run(cwd=tmp_path, env={**os.environ, **completing})

    assert set(result.stdout.split()) == expected
