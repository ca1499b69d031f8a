"""The README says what is true: its commands exist, and what it shows is what they print."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from examples.demo import QUESTIONS, shown_command
from tests.fakes import fork_server
from tests.fakes.indexed import copy_embeddings
from tests.fakes.terminal import in_terminal

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_COMMAND = re.compile(r"footnote ((?:index|eval|slack) [a-z-]+|[a-z]+)")


def footnote(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return fork_server.run(*arguments, cwd=cwd)


def commands() -> list[str]:
    return sorted({match.group(1) for match in _COMMAND.finditer(README)})


def test_the_readme_names_the_commands_a_newcomer_needs() -> None:
    assert {"index build", "ask", "chat", "search", "doctor", "init", "slack run"} <= set(
        commands()
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_readme_exists(command: str, tmp_path: Path) -> None:
    result = footnote(*command.split(), "--help", cwd=tmp_path)

    assert result.returncode == 0, result.stderr


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"`?make ([a-z-]+)`?", README)) <= targets


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)|src=\"([^\"]+)\"", README)

    missing = [
        target
        for target in (first or second for first, second in links)
        if not target.startswith("http") and not (ROOT / target).exists()
    ]
    assert missing == []


def test_every_command_of_the_readme_is_called_in_the_same_way() -> None:
    """Each is `.venv/bin/footnote …`, which works as printed without an activated environment."""
    calls = re.findall(r"(\S*)(?<![\w.-])footnote (?=[a-z-])", README)

    assert set(calls) == {".venv/bin/", "`.venv/bin/"}


def test_the_demo_shows_the_command_that_the_readme_shows() -> None:
    block = README.split("<!-- demo -->")[1]

    assert f"$ {shown_command('ask', QUESTIONS[0])}\n" in block


@pytest.mark.slow
def test_the_readme_commands_for_documents_work_as_printed(
    tmp_path: Path,
) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    block = README.split("## Your own documents")[1].split("```")[1].strip()
    build, ask = (shlex.split(line)[1:] for line in block.splitlines())

    built, asked = footnote(*build, cwd=tmp_path), footnote(*ask, cwd=tmp_path)

    assert (built.returncode, asked.returncode) == (0, 0), built.stderr + asked.stderr
    assert "footnote index rollback" in asked.stdout


@pytest.mark.slow
def test_the_demo_prints_what_the_readme_shows(tmp_path: Path, indexed_examples: Path) -> None:
    """The block after `make demo` in the README, line by line, without times and ages."""
    copy_embeddings(indexed_examples, tmp_path / ".footnote")
    block = README.split("<!-- demo -->")[1].split("```")[1].strip("\n")
    built = footnote("index", "build", str(ROOT / "examples" / "documents"), cwd=tmp_path)
    question = re.search(r' ask "([^"]+)"', block)
    assert question is not None
    assert built.returncode == 0

    shown = in_terminal("ask", question.group(1), cwd=tmp_path, columns=80)

    wanted = [line.rstrip() for line in block.splitlines()[1:] if " · " not in line]
    printed = [line.rstrip() for line in shown.splitlines()]
    assert [line for line in wanted if line not in printed] == []
