"""Judge answers with a language model, and compare the judge with people."""

from importlib import import_module
from typing import TYPE_CHECKING

from footnote_qa.eval.judging.agreement import (
    Agreement,
    judge_agreement,
    load_labelled,
    metric_agreement,
)
from footnote_qa.eval.judging.judge import CRITERIA, judge_run
from footnote_qa.eval.judging.preference import (
    PERSON,
    Choice,
    Choices,
    Pair,
    Preferred,
    choose_by_model,
    pairs_of,
    preferred,
)

if TYPE_CHECKING:
    from footnote_qa.eval.judging.llama_index import Completing

_LATE = {"Completing": "footnote_qa.eval.judging.llama_index"}  # llama-index is an extra

__all__ = [
    "CRITERIA",
    "PERSON",
    "Agreement",
    "Choice",
    "Choices",
    "Completing",
    "Pair",
    "Preferred",
    "choose_by_model",
    "judge_agreement",
    "judge_run",
    "load_labelled",
    "metric_agreement",
    "pairs_of",
    "preferred",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
