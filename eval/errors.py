"""Errors of evaluation.

* EvalError                 every message says what to do
  + QuestionSetError        a question set cannot be used; names every wrong line
  + ChoiceError             an unknown run, metric or setting was named: wrong usage
  + RunError                a run cannot begin, or its record cannot be used
  + JudgementError          a judge gave no valid reply: the score is missing, not zero
"""

from collections.abc import Sequence
from pathlib import Path

from footnote_qa.errors import FootnoteError

MAX_SHOWN = 20


class EvalError(FootnoteError):
    """Base class of all errors in this package."""


class QuestionSetError(EvalError):
    """A question set cannot be used."""

    def __init__(self, path: Path, wrong: Sequence[str]) -> None:
        """Combine *wrong*, one entry per mistake, under the path; a long list is shortened."""
        shown = [f"  {entry}" for entry in wrong[:MAX_SHOWN]]
        hidden = len(wrong) - len(shown)
        if hidden:
            shown.append(f"  and {hidden} more")
        super().__init__("\n".join([f"{path} is not a usable question set:", *shown]))
        self.path = path
        self.wrong = tuple(wrong)


class ChoiceError(EvalError):
    """An unknown run, metric or setting was named."""


class RunError(EvalError):
    """A run cannot begin, or its record cannot be used."""


class JudgementError(EvalError):
    """A judge gave no reply, or one that is not a judgement."""
