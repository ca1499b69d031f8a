"""Measure what the trained reader brings as a reranker: each set is searched with it and without.

    python -m benchmarks.rerank --models FOLDER

FOLDER is what `training.reader` wrote; what is printed is the table of docs/quality.md.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from benchmarks.quality import ROOT, TASKS, TAUGHT_FROM, Record, by_folds, run
from footnote_qa.eval.metrics import difference, mean

METRIC = "ndcg@10"
QUESTIONS = 200
READER = {"FOOTNOTE_SEARCH__RERANKER": "reader"}


def measured(
    path: Path, models: Path, data_dir: Path, *, settings: Mapping[str, str]
) -> dict[str, float]:
    """Return the metric of each question that has it."""

    def measure(folder: Path, share: int, more: Mapping[str, str]) -> Record:
        options = ("--retrieval-only", "--limit", str(QUESTIONS // share))
        return run(folder, options, data_dir, settings={**settings, **more})

    is_taught = path.name == TAUGHT_FROM
    record = by_folds(models, path, measure) if is_taught else measure(path, 1, {})
    values = {one["id"]: one["values"] for one in record["questions"]}
    return {id_: value[METRIC] for id_, value in values.items() if METRIC in value}


def main() -> None:
    """Measure every set that is there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, default=ROOT / ".footnote-demo")
    parser.add_argument("--models", type=Path, required=True, help="what `training.reader` wrote")
    asked = parser.parse_args()
    print("| set | questions | before | after | difference |\n|---|--:|--:|--:|--:|")
    for path in (task.path for task in TASKS if task.path.is_dir()):
        before, after = (
            measured(path, asked.models, asked.data_dir, settings=settings)
            for settings in ({}, READER)
        )
        ids = sorted(before.keys() & after.keys())
        found = difference([[before[id_]] for id_ in ids], [[after[id_]] for id_ in ids], mean)
        if found is not None:
            values = f"{found.n} | {found.before:.3f} | {found.after:.3f}"
            interval = f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
            print(f"| {path.name} | {values} | {interval} |", flush=True)


if __name__ == "__main__":
    main()
