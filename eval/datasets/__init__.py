"""Question sets: load, draft, review and import them."""

from footnote_qa.eval.datasets.beir import corpus_source, index_folder, on_files
from footnote_qa.eval.datasets.differences import SetDifference, set_difference
from footnote_qa.eval.datasets.drafts import (
    Decision,
    Verdict,
    draft_questions,
    draft_questions_by_model,
)
from footnote_qa.eval.datasets.feedback import cases_of, read_feedback
from footnote_qa.eval.datasets.json_lines import (
    CaseLine,
    PlaceLine,
    add_cases,
    read_cases,
    write_cases,
)
from footnote_qa.eval.datasets.loading import load

__all__ = [
    "CaseLine",
    "Decision",
    "PlaceLine",
    "SetDifference",
    "Verdict",
    "add_cases",
    "cases_of",
    "corpus_source",
    "draft_questions",
    "draft_questions_by_model",
    "drafts",
    "index_folder",
    "load",
    "on_files",
    "read_cases",
    "read_feedback",
    "set_difference",
    "write_cases",
]
