"""Run a question set, and keep the record of the run."""

from footnote_qa.eval.runs.record import (
    Asked,
    Json,
    RunRecord,
    load_record,
    records,
    save,
    save_scores,
    to_json,
    to_record,
)
from footnote_qa.eval.runs.recorder import Recorder
from footnote_qa.eval.runs.run import K, Options, RunResult, Subject, at_even_steps, run_questions

__all__ = [
    "Asked",
    "Json",
    "K",
    "Options",
    "Recorder",
    "RunRecord",
    "RunResult",
    "Subject",
    "at_even_steps",
    "load_record",
    "records",
    "run_questions",
    "save",
    "save_scores",
    "to_json",
    "to_record",
]
