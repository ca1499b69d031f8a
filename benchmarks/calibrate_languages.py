"""Fit the weights by which an answer to a question outside English is judged by its rare words.

    python -m benchmarks.calibrate_languages [DATA_FOLDER]

It indexes 90 paragraphs each of Chinese (CMRC 2018) and English questions, and asks what they
answer and what other paragraphs answer. Other languages have no questions to fit on: xquad_public
is for measuring. It prints the weights for `bot/extractive/other_languages.py`, and the threshold
below which 2, 5 and 8 % of the answerable questions fall.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from footnote_qa import Footnote
from footnote_qa.bot.engine import show
from footnote_qa.bot.extractive import FeatureExtractor, shares

SETS = {"zh": ("policies-and-languages", "cmrc:"), "en": ("more-answerable", "")}
PARAGRAPHS = 90
QUESTIONS = 150
K = 8
REFUSED = (0.02, 0.05, 0.08)


def asked(data: Path, name: str, source: str) -> tuple[list[str], list[str], list[str]]:
    """Return paragraphs, questions that they answer, and questions that others answer."""
    path = data / "reader" / f"{name}.v2-format.json"
    articles = [
        one
        for one in json.loads(path.read_text(encoding="utf-8"))["data"]
        if one["title"].startswith(source)
    ]
    chooser = random.Random(3)  # noqa: S311 - the same sample each time
    chooser.shuffle(articles)
    half = len(articles) // 2
    halves = []
    for some in (articles[:half], articles[half:]):
        paragraphs = [paragraph for one in some for paragraph in one["paragraphs"]]
        halves.append(chooser.sample(paragraphs, PARAGRAPHS))
    questions = [
        [one["question"] for paragraph in some for one in paragraph["qas"] if one["answers"]]
        for some in halves
    ]
    here, elsewhere = (chooser.sample(some, min(QUESTIONS, len(some))) for some in questions)
    return [paragraph["context"] for paragraph in halves[0]], here, elsewhere


def rows(data: Path, name: str, source: str) -> Iterator[tuple[tuple[float, float], bool]]:
    """Yield the best shares of each question's words, and whether it is answered."""
    paragraphs, here, elsewhere = asked(data, name, source)
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(folder) / "documents"
        documents.mkdir()
        for at, text in enumerate(paragraphs):
            (documents / f"{at}.md").write_text(f"{text}\n", encoding="utf-8")
        with Footnote(data_dir=Path(folder) / "data") as bot:
            bot.build(documents)
            for question in (*here, *elsewhere):
                units = FeatureExtractor(show(bot.search(question, k=K).passages)).units
                found = shares(question, units) or [(0.0, 0.0)]
                near, passage = (max(some) for some in zip(*found, strict=True))
                yield (near, passage), question in here


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    beside = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    parser.add_argument("data", type=Path, nargs="?", default=beside)
    data = parser.parse_args().data
    found = {name: list(rows(data, *about)) for name, about in SETS.items()}
    every = [one for some in found.values() for one in some]
    model = LogisticRegression(C=10, class_weight="balanced")
    model.fit([row for row, _ in every], [right for _, right in every])
    print("weights", *model.intercept_.round(2), *model.coef_[0].round(2))
    for name, some in found.items():
        right = np.array([yes for _, yes in some])
        likely = model.predict_proba([row for row, _ in some])[:, 1]
        least = np.quantile(likely[right], REFUSED).round(2)
        others = [float((likely[~right] < one).mean().round(3)) for one in least]
        print(f"{name}: AUROC {roc_auc_score(right, likely):.3f}, thresholds {least}, {others}")


if __name__ == "__main__":
    main()
