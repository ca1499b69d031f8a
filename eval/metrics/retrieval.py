"""Retrieval metrics: score the documents or pages found against the relevant ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from ir_measures import AP, RR, Measure, Qrel, R, ScoredDoc, iter_calc, nDCG

from footnote_qa.eval.types import Place
from footnote_qa.index.types import Passage

DEPTH = 10
_MEASURES: dict[Measure, str] = {
    nDCG @ DEPTH: "ndcg@10",
    R @ 5: "recall@5",
    R @ DEPTH: "recall@10",
    R @ 20: "recall@20",
    RR @ DEPTH: "mrr@10",
    AP: "map",
}
RETRIEVAL = (*_MEASURES.values(), "all_evidence@10")


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
    """Score a ranking by `ir_measures`, and by whether everything relevant was found.

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
    # Numbers as names, because the measures accept only text; falling scores, because the
    # measures know no order and would break ties by name.
    names = {each: str(number) for number, each in enumerate(dict.fromkeys([*grades, *spots]))}
    judged = [Qrel("", names[each], grade) for each, grade in grades.items()]
    found = [ScoredDoc("", names[each], float(-rank)) for rank, each in enumerate(spots)]
    measured = {_MEASURES[m.measure]: m.value for m in iter_calc(_MEASURES, judged, found)}
    measured["all_evidence@10"] = float(set(grades) <= set(spots[:DEPTH]))
    return {name: measured[name] for name in RETRIEVAL}


def spot(document: str, page: int | None, relevant: Sequence[Place]) -> Spot:
    """Return the entry for a passage: its page if pages are distinguished, else its document."""
    own = [place.page for place in relevant if place.document == document]
    # If the complete document is relevant, its pages count as one.
    by_page = None not in own if own else any(place.page for place in relevant)
    return Spot(document=document, page=page if by_page else None)
