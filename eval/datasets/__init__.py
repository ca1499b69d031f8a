"""Question sets: load, draft, review and import them."""

from eval.datasets.beir import corpus_source, index_folder, on_files
from eval.datasets.drafts import Decision, Verdict, draft_questions, draft_questions_by_model
from eval.datasets.feedback import cases_of, read_feedback
from eval.datasets.json_lines import CaseLine, add_cases, read_cases, write_cases
from eval.datasets.loading import load

__all__ = [
    "CaseLine",
    "Decision",
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
    "write_cases",
]
