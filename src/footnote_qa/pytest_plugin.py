"""Pytest plugin: a test for each question of `footnote_cases*.yaml`, and the fixture `footnote`.

It imports nothing of Footnote before there is such a file or a test that uses the fixture.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from footnote_qa.errors import FootnoteError

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr

    from footnote_qa.bot.api import Footnote
    from footnote_qa.eval.types import Case

CASES = "footnote_cases"
SUFFIXES = frozenset({".yaml", ".yml", ".jsonl"})
CONFIG = "footnote.toml"

_OPENED: "pytest.StashKey[Footnote]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--footnote-config`, and the setting of pytest with its default."""
    told = f"settings file of Footnote; by default {CONFIG} in pytest's root folder"
    parser.getgroup("footnote").addoption("--footnote-config", metavar="PATH", help=told)
    parser.addini("footnote_config", told)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "CaseFile | None":
    """Collect the questions of a file whose name begins with `footnote_cases`."""
    if file_path.name.startswith(CASES) and file_path.suffix in SUFFIXES:
        collected: CaseFile = CaseFile.from_parent(parent, path=file_path)
        return collected
    return None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go of the index."""
    if (opened := config.stash.get(_OPENED, None)) is not None:
        opened.close()


@pytest.fixture(scope="session")
def footnote(pytestconfig: pytest.Config) -> "Footnote":
    """Footnote with the settings of `--footnote-config`, opened once for all tests.

    `footnote.ask("…")` returns an answer with its citations; `audience` names groups whose
    documents it may use besides public ones.
    """
    return _footnote(pytestconfig)


class CaseFile(pytest.File):
    """A file of questions."""

    def collect(self) -> "Iterator[CaseItem]":
        """Yield a test for each question; drafts are left out."""
        from footnote_qa.eval.datasets import load  # noqa: PLC0415 - see the module's docstring

        try:
            cases = load(self.path).cases
        except FootnoteError as error:
            raise self.CollectError(str(error)) from error
        for case in cases:
            yield CaseItem.from_parent(self, name=case.id, case=case)


class WrongAnswerError(Exception):
    """An answer is not right; its text says why, with the answer and what it cites."""


class CaseItem(pytest.Item):
    """One question: it passes if the answer is right."""

    def __init__(self, *, case: "Case", **known: Any) -> None:  # noqa: ANN401 - pytest's own
        super().__init__(**known)
        self.case = case
        self.extra_keyword_matches.update(case.tags)

    def runtest(self) -> None:
        """Ask the question, in all documents, as `footnote eval run` does."""
        from footnote_qa.bot.types import Question  # noqa: PLC0415 - see the module's docstring
        from footnote_qa.eval.case_faults import faults_of  # noqa: PLC0415

        case = self.case
        question = Question(text=case.question, audience=None, history=case.history)
        answer = _footnote(self.config).ask(question)
        self.user_properties += [("question", case.question), ("answer", answer.text)]
        if faults := faults_of(case, answer):
            cited = [f"  [{one.label}] {one.document}: {one.quote}" for one in answer.citations]
            said = answer.text or answer.message or "(nothing)"
            lines = [f"question: {case.question}", *faults, f"answer: {said}", *cited]
            raise WrongAnswerError("\n".join(lines))

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,  # noqa: ANN401 - pytest's own
    ) -> "str | TerminalRepr":
        """Return why it failed; an error of Footnote says what to do, so it has no trace."""
        if isinstance(excinfo.value, WrongAnswerError | FootnoteError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the file and the question, for the heading of a failure."""
        return self.path, None, f"{self.path.name}: {self.case.question}"


def _footnote(config: pytest.Config) -> "Footnote":
    if (opened := config.stash.get(_OPENED, None)) is None:
        opened = config.stash[_OPENED] = _open(config)
    return opened


def _open(config: pytest.Config) -> "Footnote":
    """Return Footnote; raises `FootnoteError` if there are no settings or no index."""
    from footnote_qa.bot.api import Footnote  # noqa: PLC0415 - see the module's docstring

    named = config.getoption("footnote_config") or config.getini("footnote_config")
    path = config.rootpath / (named or CONFIG)
    return Footnote(path if named or path.is_file() else None)
