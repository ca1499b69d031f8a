"""Judge answers with a language model, and compare the judge with people."""

from footnote_qa.eval.judging.agreement import (
    Agreement,
    judge_agreement,
    load_labelled,
    metric_agreement,
)
from footnote_qa.eval.judging.judge import CRITERIA, judge_run
from footnote_qa.eval.judging.llama_index import Completing

__all__ = [
    "CRITERIA",
    "Agreement",
    "Completing",
    "judge_agreement",
    "judge_run",
    "load_labelled",
    "metric_agreement",
]
