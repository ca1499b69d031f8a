"""Fit the weights of the offline answerer on public questions, and measure them on other ones.

    python -m benchmarks.calibrate_reader DATA ENCODER --models FOLDER --cache FOLDER

DATA is the folder with the question sets, ENCODER that of a generation, and FOLDER what
`training.reader` wrote: a question of squad2_public is read by the network that was trained
without its article, one of another set by the network that was trained on all.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration_sets import (
    SetQuestion,
    Vectorised,
    holds,
    read_chunks,
    read_questions,
)
from footnote_qa.bot.extractive import (
    FEATURES,
    OVERALL,
    WORDS_ONLY,
    FeatureExtractor,
    SpanModel,
    above,
    overall,
    parse_question,
    probabilities,
)
from footnote_qa.bot.types import ShownPassage
from footnote_qa.index.defaults import DENSE_WEIGHT
from footnote_qa.index.embedding import OnnxEncoder
from footnote_qa.index.search import fuse
from footnote_qa.index.storage import LexicalIndex, LexicalRow, write_lexical
from footnote_qa.index.types import Chunk, Passage, Vectors
from training import squad
from training.reader import ALL_PART, held_out

Rows = NDArray[np.float64]
K = 8
MOST = 800  # questions of a set, at even steps
RIDGE = 1.0
# Each set, and how much one of its questions counts: the first has more than the others
SETS = {"squad2_public": 1.0, "northwind_pdf": 2.0, "claude_docs": 2.0, "mtrag_human159": 2.0}
FALSE_REFUSAL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The candidates of one question.

    Attributes:
        rows: Features, one row a candidate.
        right: Which candidates hold the answer, in a gold document.
        holds: Which candidates hold the answer's words, in any document.
    """

    asked: SetQuestion
    rows: Rows
    right: NDArray[np.bool_]
    holds: NDArray[np.bool_]


class Networks:
    """The networks of a training run, each for the questions it has not seen."""

    def __init__(self, folder: Path, data: Path) -> None:
        self._unseen: dict[str, SpanModel] = {}
        examples = squad.read(data)
        for part, articles in held_out(examples).items():
            if not (folder / part).is_dir():
                continue
            pointer = SpanModel(folder / part)
            self._unseen |= {one.id: pointer for one in examples if one.article in articles}
        self._taught = {one.id for one in examples}
        whole = folder / ALL_PART
        self._other = SpanModel(whole if whole.is_dir() else folder / "fold0")

    def of(self, question: str) -> SpanModel | None:
        """Return the network that was trained without the article of a question, by its id."""
        if question in self._taught:
            return self._unseen.get(question)
        return self._other


def read_all(folder: Path, known: Vectorised, networks: Networks) -> list[Read]:
    """Search and read for the questions of a set."""
    chunks = read_chunks(folder, known.encoder)
    questions = list(read_questions(folder))
    questions = [one for one in questions if networks.of(one.id)]
    questions = questions[:: max(1, len(questions) // MOST)]
    known.learn([one.text for one in chunks] + [question.text for question in questions])
    with tempfile.TemporaryDirectory() as temporary:
        rows = (
            LexicalRow(id=one.id, words=f"{one.title} {one.text}", audience=()) for one in chunks
        )
        write_lexical(Path(temporary), rows)
        lexical = LexicalIndex(Path(temporary))
        matrix = known.encode([one.text for one in chunks])
        return [
            _read(question, _shown(question, chunks, _Halves(lexical, matrix, known)), network)
            for question in questions
            if (network := networks.of(question.id))
        ]


@dataclass(frozen=True, slots=True)
class _Halves:
    lexical: LexicalIndex
    matrix: Vectors
    known: Vectorised


def _shown(asked: SetQuestion, chunks: Sequence[Chunk], halves: _Halves) -> list[ShownPassage]:
    cosine = halves.matrix @ halves.known.encode([asked.text])[0]
    bm25 = dict(halves.lexical.search(asked.text, 100, groups=None))
    dense = {int(at): float(cosine[at]) for at in {*np.argsort(-cosine)[:100], *bm25}}
    scores = fuse(dense, bm25, dense_weight=DENSE_WEIGHT)
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


def _read(asked: SetQuestion, shown: list[ShownPassage], network: SpanModel) -> Read:
    reading = FeatureExtractor(shown)
    question = parse_question(asked.text)
    candidates = [at for at, unit in enumerate(reading.units) if unit.states]
    texts = [reading.units[at].plain for at in candidates]
    chunks = [hit.chunk for hit in reading.hits]
    pointed = network.point(asked.text, [(above(one), one.text) for one in chunks])
    told = reading.pointed_features(pointed, candidates)
    rows = [
        [*reading.features(question, at), *more] for at, more in zip(candidates, told, strict=True)
    ]
    held = [holds(asked.answers, text) for text in texts]
    gold = [chunks[reading.units[at].hit].document in asked.gold for at in candidates]
    return Read(
        asked=asked,
        rows=np.asarray(rows, dtype=np.float64).reshape(len(rows), len(FEATURES)),
        right=np.asarray(held, dtype=bool) & np.asarray(gold, dtype=bool),
        holds=np.asarray(held, dtype=bool),
    )


def fit(x: Rows, right: NDArray[np.bool_], counts: Rows) -> list[float]:
    """Return the weights of a logistic model, by Newton's method with a small ridge."""
    y = right.astype(np.float64)
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-(x @ weights)))
        gradient = x.T @ (counts * (y - p)) - RIDGE * weights
        curvature = (x * (counts * p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(x.shape[1])
        weights += np.linalg.solve(curvature, gradient)
    return [float(w) for w in weights]


def fit_units(sets: Mapping[str, Sequence[Read]], features: int) -> list[float]:
    """Fit which unit holds the answer."""
    reads = [(SETS[name], read) for name, some in sets.items() for read in some]
    return fit(
        np.concatenate([read.rows[:, :features] for _, read in reads]),
        np.concatenate([read.right for _, read in reads]),
        np.concatenate([np.full(len(read.rows), count) for count, read in reads]),
    )


def fit_overall(sets: Mapping[str, Sequence[Read]], weights: Sequence[float]) -> list[float]:
    """Fit whether a question is answered at all, on the sets that have both kinds."""
    rows, answered, counts = [], [], []
    for name, reads in sets.items():
        if all(read.asked.answers for read in reads):
            continue
        for read in reads:
            if len(read.rows):
                rows.append(_overall(read, weights))
                answered.append(bool(read.asked.answers))
                counts.append(SETS[name])
    return fit(np.array(rows), np.array(answered), np.array(counts))


def _overall(read: Read, weights: Sequence[float]) -> list[float]:
    likely = probabilities(read.rows.tolist(), weights)
    best = int(np.argmax(likely))
    return overall(likely[best], read.rows[best].tolist(), read.rows.tolist())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Weights of the units' features, and of a question's; without these the best unit decides."""

    weights: Sequence[float]
    of_all: Sequence[float] | None


def sureness(read: Read, fitted: Fitted) -> tuple[float, NDArray[np.intp]]:
    """Return how sure it is that the question is answered, and the units, best first."""
    weights, of_all = fitted.weights, fitted.of_all
    p = np.array(probabilities(read.rows[:, : len(weights)].tolist(), weights))
    if not len(p):
        return 0.0, np.array([], dtype=np.intp)
    sure = float(p.max()) if of_all is None else probabilities([_overall(read, weights)], of_all)[0]
    return sure, np.argsort(-p, kind="stable")


def measure(reads: Sequence[Read], fitted: Fitted, threshold: float) -> dict[str, float]:
    """Return what the first choice is worth, and what the threshold refuses."""
    first, second, sure = [], [], []
    for read in reads:
        one, order = sureness(read, fitted)
        sure.append(one)
        first.append(bool(len(order)) and bool(read.holds[order[0]]))
        second.append(bool(len(order)) and bool(read.holds[order[:2]].any()))
    answerable = np.array([bool(read.asked.answers) for read in reads])
    sure_, hit = np.array(sure), np.array(first)
    at_five = np.quantile(sure_[answerable], FALSE_REFUSAL)
    return {
        "answerable": float(answerable.sum()),
        "contains@1": float(hit[answerable].mean()),
        "contains@2": float(np.array(second)[answerable].mean()),
        "reachable": float(np.mean([r.holds.any() for r in reads if r.asked.answers])),
        "false refusal": float((sure_[answerable] < threshold).mean()),
        "refusal": float((sure_[~answerable] < threshold).mean()) if (~answerable).any() else 0.0,
        "refusal at 5 %": (
            float((sure_[~answerable] < at_five).mean()) if (~answerable).any() else 0.0
        ),
        "auroc": _auroc(sure_[answerable], sure_[~answerable]),
        "right of answered": float(hit[answerable & (sure_ >= threshold)].mean()),
    }


def _auroc(high: NDArray[np.float64], low: NDArray[np.float64]) -> float:
    if not len(high) or not len(low):
        return float("nan")
    below = np.searchsorted(np.sort(low), high, side="left")
    upto = np.searchsorted(np.sort(low), high, side="right")
    return float(((below + upto) / 2).mean() / len(low))


def threshold_for(sets: Mapping[str, Sequence[Read]], fitted: Fitted) -> float:
    """Return the probability at which `FALSE_REFUSAL` of the answerable questions are refused.

    It is the share of a set's questions, in the mean over sets: a team's documents are like none
    of them, and a set with more questions is no likelier.
    """
    sure = [
        np.array([sureness(one, fitted)[0] for one in reads if one.asked.answers])
        for reads in sets.values()
    ]
    tried = np.sort(np.concatenate(sure))
    refused = np.mean([np.searchsorted(np.sort(one), tried) / len(one) for one in sure], axis=0)
    return float(tried[np.searchsorted(refused, FALSE_REFUSAL, side="right") - 1])


def fit_all(sets: Mapping[str, Sequence[Read]], features: int) -> Fitted:
    """Fit the weights of the first *features*; those of a question only with the network's."""
    weights = fit_units(sets, features)
    of_all = fit_overall(sets, weights) if features == len(FEATURES) else None
    return Fitted(weights=weights, of_all=of_all)


def _print_shipped(sets: Mapping[str, Sequence[Read]], features: int) -> None:
    fitted = fit_all(sets, features)
    print(f"fitted on all, threshold {threshold_for(sets, fitted):.4f}")
    for names, values in ((FEATURES, fitted.weights), (OVERALL, fitted.of_all or [])):
        for feature, weight in zip(names, values, strict=False):
            print(f"    {weight:.3f},  # {feature}")


def main() -> None:
    """Fit on one half of each set and report on the other; then fit on all, for what ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the sets, such as data/eval")
    parser.add_argument("encoder", type=Path, help="encoder folder of a generation")
    parser.add_argument("--models", type=Path, required=True, help="what training wrote")
    parser.add_argument("--cache", type=Path, required=True, help="folder for vectors")
    arguments = parser.parse_args()
    encoder = OnnxEncoder(arguments.encoder)
    training = next((arguments.data.parent / "reader").glob("*.json"))
    networks = Networks(arguments.models, training)
    sets = {
        name: read_all(
            arguments.data / name,
            Vectorised(encoder, arguments.cache / f"{name}.npz"),
            networks,
        )
        for name in SETS
    }
    tuning = {n: [read for read in reads if read.asked.tuning] for n, reads in sets.items()}
    for features in (len(FEATURES), WORDS_ONLY):
        fitted = fit_all(tuning, features)
        threshold = threshold_for(tuning, fitted)
        print(f"\n{features} features, threshold {threshold:.4f}")
        for name, reads in sets.items():
            for half in (True, False):
                part = [read for read in reads if read.asked.tuning is half]
                told = measure(part, fitted, threshold)
                shown = "  ".join(f"{key} {value:.3f}" for key, value in told.items())
                print(f"{name} {'tuning' if half else 'held out'}: {shown}")
        _print_shipped(sets, features)


if __name__ == "__main__":
    main()
