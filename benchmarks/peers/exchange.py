"""Texts, vectors and ranks exchanged between the comparison and a peer's own environment."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DEPTH = 20
"""Documents that a peer is asked for; its halves may bring up more, where that is a setting."""

Search = Callable[[int, str], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question set: documents, questions and a vector of each."""

    documents: list[str]
    texts: list[str]
    questions: list[str]
    document_vectors: np.ndarray
    question_vectors: np.ndarray


def write(folder: Path, asked: Asked) -> None:
    """Write *asked* into *folder*."""
    rows = {"documents": asked.documents, "texts": asked.texts, "questions": asked.questions}
    (folder / "asked.json").write_text(json.dumps(rows))
    np.save(folder / "documents.npy", asked.document_vectors)
    np.save(folder / "questions.npy", asked.question_vectors)


def read(folder: Path) -> Asked:
    """Read what `write` wrote."""
    return Asked(
        **json.loads((folder / "asked.json").read_text()),
        document_vectors=np.load(folder / "documents.npy"),
        question_vectors=np.load(folder / "questions.npy"),
    )


def answer(folder: Path, asked: Asked, ways: dict[str, Search]) -> None:
    """Ask every question in each of the peer's *ways*, and write the documents found."""
    ranks = {
        name: [list(search(at, question)) for at, question in enumerate(asked.questions)]
        for name, search in ways.items()
    }
    (folder / "ranks.json").write_text(json.dumps(ranks))
