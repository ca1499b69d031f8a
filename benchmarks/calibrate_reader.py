"""Fit the weights of the offline answerer on public questions, and measure them on other ones."""

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.reading import FEATURES, WORDS_ONLY, Reading, plain, probabilities, take_apart
from bot.types import ShownPassage
from bot.words import stems
from index.chunking import chunk
from index.encoder import OnnxEncoder
from index.lexical import LexicalIndex, LexicalRow, write_lexical
from index.search import fuse
from index.sentences import sentences
from index.types import Chunk, Parsed, Passage, Vectors

Rows = NDArray[np.float64]
K = 8
CANDIDATES = 24
HELD = 0.3  # share of a long gold answer's words that a unit must hold to count as the answer
RIDGE = 1.0
# Each set, and how much one of its questions counts: the first has twenty times as many
SETS = {"squad2_public": 1.0, "northwind_pdf": 6.0, "claude_docs": 6.0, "mtrag_human159": 6.0}
FALSE_REFUSAL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question of a set, with what is known of its answer."""

    text: str
    answers: tuple[str, ...]
    gold: frozenset[str]
    tuning: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The candidates of one question.

    Attributes:
        rows: Features, one row a candidate.
        right: Which candidates hold the answer, in a gold document.
        holds: Which candidates hold the answer's words, wherever they stand.
    """

    asked: Asked
    rows: Rows
    right: NDArray[np.bool_]
    holds: NDArray[np.bool_]


class Vectorised:
    """Encodes each text once and remembers it in a file."""

    def __init__(self, encoder: OnnxEncoder, file: Path) -> None:
        self._encoder, self._file = encoder, file
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
        self._vectors = np.concatenate([self._vectors, self._encoder.encode(new)])
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


def read_questions(folder: Path) -> Iterator[Asked]:
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
        yield Asked(
            text=str(row["text"]),
            answers=tuple(str(a) for a in answers) if isinstance(answers, list) else (),
            gold=frozenset(gold.get(str(row["_id"]), ())),
            tuning=str(row.get("group", row["_id"])) in tuning,
        )


def holds(answers: Sequence[str], text: str) -> bool:
    """Whether *text* has a short answer word for word, or half of a long one's words."""
    said = f" {_spaced(text)} "
    words = set(stems(text))
    for answer in answers:
        wanted = set(stems(answer))
        if f" {_spaced(answer)} " in said:
            return True
        if len(wanted) > K and len(wanted & words) / len(wanted) >= HELD:
            return True
    return False


def _spaced(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def read_all(folder: Path, encoder: OnnxEncoder, cache: Path) -> list[Read]:
    """Search and read for every question of a set."""
    chunks = read_chunks(folder, encoder)
    questions = list(read_questions(folder))
    known = Vectorised(encoder, cache / f"{folder.name}.npz")
    known.learn(
        [one.text for one in chunks]
        + [plain(one.text[start:end]) for one in chunks for start, end in sentences(one.text)]
        + [question.text for question in questions]
    )
    with tempfile.TemporaryDirectory() as temporary:
        rows = (
            LexicalRow(id=one.id, words=f"{one.title} {one.text}", audience=()) for one in chunks
        )
        write_lexical(Path(temporary), rows)
        lexical = LexicalIndex(Path(temporary))
        matrix = known.encode([one.text for one in chunks])
        return [
            _read(question, _shown(question, chunks, _Halves(lexical, matrix, known)), known)
            for question in questions
        ]


@dataclass(frozen=True, slots=True)
class _Halves:
    lexical: LexicalIndex
    matrix: Vectors
    known: Vectorised


def _shown(asked: Asked, chunks: Sequence[Chunk], halves: _Halves) -> list[ShownPassage]:
    cosine = halves.matrix @ halves.known.encode([asked.text])[0]
    bm25 = dict(halves.lexical.search(asked.text, 100, groups=None))
    dense = {int(at): float(cosine[at]) for at in {*np.argsort(-cosine)[:100], *bm25}}
    scores = fuse(dense, bm25, dense_weight=0.5)
    best = sorted(scores, key=lambda at: (-scores[at].fused, at))[:K]
    return [
        ShownPassage(
            id=str(rank),
            passage=Passage(
                chunk=chunks[at],
                rank=rank,
                fused=scores[at].fused,
                cosine=scores[at].cosine,
                bm25=scores[at].bm25,
            ),
        )
        for rank, at in enumerate(best, 1)
    ]


def _read(asked: Asked, shown: list[ShownPassage], known: Vectorised) -> Read:
    reading = Reading(shown)
    question = take_apart(asked.text)
    candidates = reading.candidates(question, CANDIDATES)
    texts = [reading.units[at].plain for at in candidates]
    cosines = known.encode(texts) @ known.encode([asked.text])[0] if texts else []
    rows = [
        [
            *reading.features(question, at),
            cosine,
            shown[reading.units[at].passage].passage.cosine or 0.0,
        ]
        for at, cosine in zip(candidates, cosines, strict=True)
    ]
    held = [holds(asked.answers, text) for text in texts]
    gold = [
        shown[reading.units[at].passage].passage.chunk.document in asked.gold for at in candidates
    ]
    return Read(
        asked=asked,
        rows=np.asarray(rows, dtype=np.float64).reshape(len(rows), len(FEATURES)),
        right=np.asarray(held, dtype=bool) & np.asarray(gold, dtype=bool),
        holds=np.asarray(held, dtype=bool),
    )


def fit(sets: Mapping[str, Sequence[Read]], features: int) -> list[float]:
    """Return the weights of a logistic model, by Newton's method with a small ridge."""
    reads = [(SETS[name], read) for name, some in sets.items() for read in some]
    x = np.concatenate([read.rows[:, :features] for _, read in reads])
    y = np.concatenate([read.right for _, read in reads]).astype(np.float64)
    counts = np.concatenate([np.full(len(read.rows), count) for count, read in reads])
    weights = np.zeros(features)
    for _ in range(30):
        p = 1 / (1 + np.exp(-(x @ weights)))
        gradient = x.T @ (counts * (y - p)) - RIDGE * weights
        curvature = (x * (counts * p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(features)
        weights += np.linalg.solve(curvature, gradient)
    return [float(w) for w in weights]


def measure(reads: Sequence[Read], weights: Sequence[float], threshold: float) -> dict[str, float]:
    """Return what the first choice is worth, and what the threshold refuses."""
    first, second, sure = [], [], []
    for read in reads:
        p = np.array(probabilities(read.rows[:, : len(weights)].tolist(), weights))
        order = np.argsort(-p)
        sure.append(float(p[order[0]]) if len(p) else 0.0)
        first.append(bool(len(p)) and bool(read.holds[order[0]]))
        second.append(bool(len(p)) and bool(read.holds[order[:2]].any()))
    answerable = np.array([bool(read.asked.answers) for read in reads])
    sure_, hit = np.array(sure), np.array(first)
    return {
        "answerable": float(answerable.sum()),
        "contains@1": float(hit[answerable].mean()),
        "contains@2": float(np.array(second)[answerable].mean()),
        "reachable": float(np.mean([r.holds.any() for r in reads if r.asked.answers])),
        "false refusal": float((sure_[answerable] < threshold).mean()),
        "refusal": float((sure_[~answerable] < threshold).mean()) if (~answerable).any() else 0.0,
        "auroc": _auroc(sure_[answerable], sure_[~answerable]),
        "right of answered": float(hit[answerable & (sure_ >= threshold)].mean()),
    }


def _auroc(high: NDArray[np.float64], low: NDArray[np.float64]) -> float:
    if not len(high) or not len(low):
        return float("nan")
    below = np.searchsorted(np.sort(low), high, side="left")
    upto = np.searchsorted(np.sort(low), high, side="right")
    return float(((below + upto) / 2).mean() / len(low))


def threshold_for(sets: Mapping[str, Sequence[Read]], weights: Sequence[float]) -> float:
    """Return the probability that `FALSE_REFUSAL` of the answerable questions stay under.

    It is the mean of the sets' own quantiles, since a team's documents are like none of them.
    """
    quantiles = []
    for name in SETS:
        sure = [
            max(probabilities(read.rows[:, : len(weights)].tolist(), weights), default=0.0)
            for read in sets[name]
            if read.asked.answers
        ]
        quantiles.append(np.quantile(sure, FALSE_REFUSAL))
    return float(np.mean(quantiles))


def main() -> None:
    """Fit on one half of each set, report on the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the sets, such as data/eval")
    parser.add_argument("encoder", type=Path, help="encoder folder of a generation")
    parser.add_argument("--cache", type=Path, required=True, help="folder for vectors")
    arguments = parser.parse_args()
    encoder = OnnxEncoder(arguments.encoder)
    sets = {name: read_all(arguments.data / name, encoder, arguments.cache) for name in SETS}
    tuning = {n: [read for read in reads if read.asked.tuning] for n, reads in sets.items()}
    for features in (len(FEATURES), WORDS_ONLY):
        weights = fit(tuning, features)
        threshold = threshold_for(tuning, weights)
        print(f"\n{features} features, threshold {threshold:.4f}")
        for feature, weight in zip(FEATURES, weights, strict=False):
            print(f"    {weight:+.3f},  # {feature}")
        for name, reads in sets.items():
            for half in (True, False):
                part = [read for read in reads if read.asked.tuning is half]
                values = measure(part, weights, threshold)
                shown = "  ".join(f"{key} {value:.3f}" for key, value in values.items())
                print(f"{name} {'tuning' if half else 'held out'}: {shown}")


if __name__ == "__main__":
    main()
