"""The questions written by hand point at blocks of documents that the judge learns from."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from footnote_qa.index.parsing import parse

pytestmark = pytest.mark.slow  # imports torch

BY_HAND = Path(__file__).resolve().parents[2] / "training" / "judge_questions.jsonl"
ROWS = [json.loads(line) for line in BY_HAND.read_text(encoding="utf-8").splitlines()]
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "documents"


def test_each_question_is_there_once_and_of_a_document_that_is_read() -> None:
    from training.judge_documents import DOCUMENTS

    asked = Counter((row["document"], one) for row in ROWS for one in row["questions"])

    assert max(asked.values()) == 1
    assert len(asked) > 350
    assert {row["document"] for row in ROWS} <= {*DOCUMENTS}


def test_some_questions_have_no_answer() -> None:
    without = sum(len(row["questions"]) for row in ROWS if row["at"] is None)

    assert 40 < without < 80


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared documents are not here")
@pytest.mark.parametrize(
    "name", ["md/commonmark-spec__commonmark_spec.md", "docx/unstructured__handbook-872p.docx"]
)
def test_every_pointer_is_found_in_its_document(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from training import judge_documents

    monkeypatch.setattr(judge_documents, "embedded", lambda texts: np.zeros((len(texts), 1)))
    file = SHARED / name
    pieces = judge_documents.Pieces(name, parse(file.read_bytes(), name=file.name))

    pointers = [row["at"] for row in ROWS if row["document"] == name and row["at"]]

    assert pointers
    for pointer in pointers:
        assert 0 <= pieces.at(pointer) < len(pieces.pieces)
    with pytest.raises(ValueError, match="no block holds"):
        pieces.at("words that are nowhere in it")
