"""What can go wrong while measuring.

* EvalError                 every message says what to do
  + QuestionSetError        a question set cannot be used; names every wrong line
  + ChoiceError             a run, metric or setting is named that is not there: wrong usage
  + RunError                a run cannot begin, or its record cannot be used
  + JudgementError          a judge gave no reply, or one that is none: an untaken score, not a zero
"""

from collections.abc import Sequence
from pathlib import Path

MAX_SHOWN = 20


class EvalError(Exception):
    """Anything of this package that went wrong."""


class QuestionSetError(EvalError):
    """A question set cannot be used."""

    def __init__(self, path: Path, wrong: Sequence[str]) -> None:
        """Put *wrong*, one entry a mistake, under the path; a long list is cut and counted."""
        shown = [f"  {entry}" for entry in wrong[:MAX_SHOWN]]
        hidden = len(wrong) - len(shown)
        if hidden:
            shown.append(f"  and {hidden} more")
        super().__init__("\n".join([f"{path} is not a usable question set:", *shown]))
        self.path = path
        self.wrong = tuple(wrong)


class ChoiceError(EvalError):
    """A run, metric or setting is named that is not there."""


class RunError(EvalError):
    """A run cannot begin, or the record of one cannot be used."""


class JudgementError(EvalError):
    """A judge gave no reply, or one that is not a judgement."""
