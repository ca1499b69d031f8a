"""Measure what several searches bring: questions of which all evidence is among the first.

    python -m benchmarks.searches SET=INDEX …

SET is a folder in the BEIR layout or a file of questions, INDEX a folder of its generations, such
as that of `footnote eval run`. For each set, one row: all evidence among the first 5, 8 and 10
documents, with one search and with several.
"""

import argparse
from pathlib import Path

from footnote_qa.bot.engine import search_all
from footnote_qa.bot.types import Question
from footnote_qa.eval.datasets import load, on_files
from footnote_qa.eval.types import Case
from footnote_qa.index.search import LiveIndex
from footnote_qa.index.types import SearchResult

DEPTHS = (5, 8, 10)
K = 40


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", metavar="SET=INDEX")
    parser.add_argument("--limit", type=int, default=500, help="questions of a set at most")
    given = parser.parse_args()
    print("| set | questions | with more searches | one search @5 @8 @10 | several @5 @8 @10 |")
    print("|---|--:|--:|---|---|")
    for one in given.sets:
        name, _, index = one.partition("=")
        print(_row(Path(name), LiveIndex(Path(index)), given.limit), flush=True)


def _row(path: Path, index: LiveIndex, limit: int) -> str:
    cases = [one for one in on_files(load(path)).cases if one.relevant]
    cases = cases[:: max(1, len(cases) // limit)][:limit]
    before, after, more = [0] * len(DEPTHS), [0] * len(DEPTHS), 0
    for case in cases:
        first = index.search(case.question, k=K, audience=None)
        found = search_all(index, Question(text=case.question, audience=None), k=K)
        more += found.passages != first.passages
        for counts, result in ((before, first), (after, found)):
            for at, depth in enumerate(DEPTHS):
                counts[at] += _has_all(case, result, depth)
    shown = [" ".join(map(str, counts)) for counts in (before, after)]
    return f"| {path.name} | {len(cases)} | {more} | {shown[0]} | {shown[1]} |"


def _has_all(case: Case, result: SearchResult, depth: int) -> bool:
    documents = list(dict.fromkeys(one.chunk.document for one in result.passages))[:depth]
    return {place.document for place in case.relevant} <= set(documents)


if __name__ == "__main__":
    main()
