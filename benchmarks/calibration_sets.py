"""The question sets that calibrate the reader: their passages, questions and vectors."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footnote_qa.index.chunking import chunk, stems_of
from footnote_qa.index.embedding import OnnxEncoder
from footnote_qa.index.types import Chunk, Parsed, Vectors

Rows = NDArray[np.float64]

LONG = 8  # words; a longer gold answer need not be there word for word
HELD = 0.3  # share of a long gold answer's words that a unit must hold to count as the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class SetQuestion:
    """A question of a set, with what is known of its answer."""

    id: str
    text: str
    answers: tuple[str, ...]
    gold: frozenset[str]
    tuning: bool


class Vectorised:
    """Encodes each text once and remembers it in a file."""

    def __init__(self, encoder: OnnxEncoder, file: Path) -> None:
        self.encoder, self._file = encoder, file
        self._rows: dict[str, int] = {}
        self._vectors = np.zeros((0, encoder.info.dim), dtype=np.float32)
        if file.exists():
            kept = np.load(file)
            self._vectors = kept["vectors"]
            self._rows = {str(text): row for row, text in enumerate(kept["texts"])}

    def learn(self, texts: Sequence[str]) -> None:
        """Encode those that are new."""
        new = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if not new:
            return
        self._rows |= {text: len(self._rows) + at for at, text in enumerate(new)}
        self._vectors = np.concatenate([self._vectors, self.encoder.encode(new)])
        np.savez(self._file, texts=np.array(list(self._rows)), vectors=self._vectors)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts that were learnt."""
        return self._vectors[[self._rows[text] for text in texts]]


def read_lines(file: Path) -> list[dict[str, object]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def read_chunks(folder: Path, encoder: OnnxEncoder) -> list[Chunk]:
    """Cut the corpus of a set as an index would."""
    made: list[Chunk] = []
    tokenizer = encoder._tokenizer  # noqa: SLF001 (offsets are needed only here)
    tokenizer.no_truncation()
    for row in read_lines(folder / "corpus.jsonl"):
        text, document = str(row["text"]), str(row["_id"])
        starts = [start for start, _ in tokenizer.encode(text, add_special_tokens=False).offsets]
        for span in chunk(Parsed(text=text), starts, max_tokens=200):
            made.append(
                Chunk(
                    id=len(made),
                    document=document,
                    title=str(row["title"]),
                    start=span.start,
                    end=span.end,
                    text=text[span.start : span.end],
                    heading=span.heading,
                    page=None,
                    url=None,
                    modified_at=None,
                    audience=(),
                )
            )
    tokenizer.enable_truncation(encoder.info.max_tokens)
    return made


def read_questions(folder: Path) -> Iterator[SetQuestion]:
    """Read the questions; every other article, or every other question, is for tuning."""
    rows = read_lines(folder / "queries.jsonl")
    groups = sorted({str(row.get("group", row["_id"])) for row in rows})
    tuning = set(groups[::2])
    gold: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, document, _ = line.split("\t")
        gold.setdefault(question, set()).add(document)
    for row in rows:
        answers = row["answers"] if row["answerable"] else []
        yield SetQuestion(
            id=str(row["_id"]),
            text=str(row["text"]),
            answers=tuple(str(a) for a in answers) if isinstance(answers, list) else (),
            gold=frozenset(gold.get(str(row["_id"]), ())),
            tuning=str(row.get("group", row["_id"])) in tuning,
        )


def holds(answers: Sequence[str], text: str) -> bool:
    """Whether *text* has a short answer word for word, or half of a long one's words."""
    said = f" {_spaced(text)} "
    words = set(stems_of(text))
    for answer in answers:
        wanted = set(stems_of(answer))
        if f" {_spaced(answer)} " in said:
            return True
        if len(wanted) > LONG and len(wanted & words) / len(wanted) >= HELD:
            return True
    return False


def _spaced(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
