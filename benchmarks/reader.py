"""Measure the trained reader on questions with their paragraph, by articles it was not trained on.

    python -m benchmarks.reader ../shared/data/reader/FILE.json --models FOLDER

FOLDER is what `training.reader` wrote. The threshold that each fold is refused by is the one that
is best for the others.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footnote_qa.bot.extractive import SpanModel
from footnote_qa.eval.metrics import auroc, exact_match, f1
from training.reader import held_out
from training.squad import Example, read

_STEPS = 200  # thresholds that are tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointing:
    """The network's result for one question.

    Attributes:
        sure: How much higher its answer scores than "there is none".
        f1: Of its answer, best of the accepted ones; 0 if there is none to find.
        exact: Whether it is an accepted answer.
        answerable: Whether there is one.
        ms: How long it took.
    """

    sure: float
    f1: float
    exact: float
    answerable: bool
    ms: float


def pointings(pointer: SpanModel, examples: Sequence[Example]) -> list[Pointing]:
    """Ask *pointer* each question with its paragraph."""
    made = []
    for one in examples:
        begun = time.perf_counter()
        said = pointer.point(one.question, [(one.title, one.context)])[0]
        best = said.best(0, len(one.context))
        ms = (time.perf_counter() - begun) * 1000
        margin, (start, end) = best or (-np.inf, (0, 0))
        accepted = [one.context[slice(*span)] for span in one.answers]
        told = one.context[start:end]
        made.append(
            Pointing(
                sure=margin,
                f1=f1(told, accepted) if accepted else 0.0,
                exact=exact_match(told, accepted) if accepted else 0.0,
                answerable=bool(accepted),
                ms=ms,
            )
        )
    return made


def score(some: Sequence[Pointing], threshold: float) -> tuple[float, float]:
    """Return (exact match, F1) as SQuAD 2.0 counts them: refusing is right if there is none."""
    kept = [one.sure >= threshold for one in some]
    exact = [
        one.exact if one.answerable and yes else float(not one.answerable and not yes)
        for one, yes in zip(some, kept, strict=True)
    ]
    shared = [
        one.f1 if one.answerable and yes else float(not one.answerable and not yes)
        for one, yes in zip(some, kept, strict=True)
    ]
    return float(np.mean(exact)), float(np.mean(shared))


def best_threshold(some: Sequence[Pointing]) -> float:
    """Return the threshold at which F1 is highest."""
    sure = np.quantile([one.sure for one in some], np.linspace(0, 1, _STEPS))
    return float(max(sure, key=lambda one: score(some, one)[1]))


def main() -> None:
    """Measure each fold, and print the figures of all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, help="training data in SQuAD's v2 format")
    parser.add_argument("--models", type=Path, required=True, help="what training wrote")
    parser.add_argument("--every", type=int, default=1, help="take every Nth question")
    asked = parser.parse_args()
    examples = read(asked.data)
    folds = {
        part: pointings(
            SpanModel(asked.models / part),
            [one for one in examples if one.article in articles][:: asked.every],
        )
        for part, articles in held_out(examples).items()
        if (asked.models / part).is_dir()
    }
    everything, results = [], []
    for part, some in folds.items():
        others = [one for other, more in folds.items() if other != part for one in more] or some
        threshold = best_threshold(others)
        exact, shared = score(some, threshold)
        everything += some
        results.append({"n": len(some), "exact": exact, "f1": shared, "threshold": threshold})
    answerable = [one for one in everything if one.answerable]
    print(
        json.dumps(
            {
                "folds": results,
                "exact": float(np.mean([one["exact"] for one in results])),
                "f1": float(np.mean([one["f1"] for one in results])),
                "f1_if_answerable": float(np.mean([one.f1 for one in answerable])),
                "auroc": float(
                    auroc(np.array([[(one.sure, float(one.answerable)) for one in everything]]))[0]
                ),
                "ms_p50": float(np.median([one.ms for one in everything])),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
