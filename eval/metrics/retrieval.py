"""Retrieval metrics: score the documents or pages found against the relevant ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from footnote_qa.eval.types import Place
from footnote_qa.index.types import Passage

DEPTH = 10
RETRIEVAL = ("ndcg@10", "recall@5", "recall@10", "recall@20", "mrr@10", "map", "all_evidence@10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One entry of a ranking: a document, or a page if pages are marked as relevant.

    Attributes:
        document: Id of the document.
        page: Physical page, from 1; None means all of the document.
    """

    document: str
    page: int | None


def ranking(passages: Sequence[Passage], relevant: Sequence[Place]) -> list[Spot]:
    """Reduce *passages*, best first, to documents or pages, each at the rank of its best passage.

    Pages count if the relevant places name pages, documents otherwise.
    """
    spots = (spot(passage.chunk.document, passage.chunk.page, relevant) for passage in passages)
    return list(dict.fromkeys(spots))


def retrieval_scores(spots: Sequence[Spot], relevant: Sequence[Place]) -> dict[str, float]:
    """Score a ranking; the tests compare the values with those of `ir_measures`.

    * `ndcg@10`: gain over the logarithm of the rank, over that of the best order (Järvelin and
      Kekäläinen, 2002, in its linear form).
    * `recall@k`: share of the relevant ones among the first k.
    * `mrr@10`: 1 / rank of the first relevant one, 0 if none is among the first ten.
    * `map`: precision at each relevant one's rank, averaged over all relevant ones.
    * `all_evidence@10`: 1 if `recall@10` is 1, else 0: whether a question over several documents
      can be answered at all.

    Args:
        spots: As `ranking` makes them, best first.
        relevant: The places to find; if there are none, there is nothing to score.
    """
    grades: dict[Spot, int] = {}
    for place in relevant:
        wanted = spot(place.document, place.page, relevant)
        grades[wanted] = max(place.grade, grades.get(wanted, 0))
    if not grades:
        return {}
    found = [grades.get(each, 0) for each in dict.fromkeys(spots)]
    hits = [rank for rank, grade in enumerate(found, 1) if grade]
    recall = {depth: sum(rank <= depth for rank in hits) / len(grades) for depth in (5, DEPTH, 20)}
    return {
        f"ndcg@{DEPTH}": _gain(found) / _gain(sorted(grades.values(), reverse=True)),
        **{f"recall@{depth}": share for depth, share in recall.items()},
        f"mrr@{DEPTH}": 1 / hits[0] if hits and hits[0] <= DEPTH else 0.0,
        "map": sum(at / rank for at, rank in enumerate(hits, 1)) / len(grades),
        f"all_evidence@{DEPTH}": float(recall[DEPTH] == 1),
    }


def _gain(grades: Sequence[int]) -> float:
    """Return the gain of the first ten: each grade over the logarithm of its rank plus 1."""
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades[:DEPTH], 1))


def spot(document: str, page: int | None, relevant: Sequence[Place]) -> Spot:
    """Return the entry for a passage: its page if pages are distinguished, else its document."""
    own = [place.page for place in relevant if place.document == document]
    # If the complete document is relevant, its pages count as one.
    by_page = None not in own if own else any(place.page for place in relevant)
    return Spot(document=document, page=page if by_page else None)
