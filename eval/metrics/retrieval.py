"""What was found, folded to documents or pages, is scored against what should be."""

from collections.abc import Sequence
from dataclasses import dataclass

from ir_measures import AP, RR, Measure, Qrel, R, ScoredDoc, iter_calc, nDCG

from eval.types import Place
from index.types import Passage

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
    """What a ranking is made of: a document, or a page where pages are marked as relevant.

    Attributes:
        document: Id of the document.
        page: Physical page, from 1; None means the document as a whole.
    """

    document: str
    page: int | None


def ranking(passages: Sequence[Passage], relevant: Sequence[Place]) -> list[Spot]:
    """Fold *passages*, best first, to documents or pages: each stands where its best one stood.

    Pages count where the relevant places name pages, documents everywhere else.
    """
    spots = (spot(passage.chunk.document, passage.chunk.page, relevant) for passage in passages)
    return list(dict.fromkeys(spots))


def retrieval_scores(spots: Sequence[Spot], relevant: Sequence[Place]) -> dict[str, float]:
    """Score a ranking by `ir_measures`, and by whether all that is relevant was found.

    * `ndcg@10`: gain over the logarithm of the rank, over that of the best order (Järvelin and
      Kekäläinen, 2002, in its linear form).
    * `recall@k`: share of what is relevant among the first k.
    * `mrr@10`: 1 / rank of the first that is relevant, 0 if none is among the first ten.
    * `map`: precision at each relevant one's rank, averaged over all that is relevant.
    * `all_evidence@10`: 1 if `recall@10` is 1, else 0: what a question over several documents
      needs to be answerable at all.

    Args:
        spots: As `ranking` makes them, best first.
        relevant: What should be found; if nothing is marked there is nothing to score.
    """
    grades: dict[Spot, int] = {}
    for place in relevant:
        wanted = spot(place.document, place.page, relevant)
        grades[wanted] = max(place.grade, grades.get(wanted, 0))
    if not grades:
        return {}
    # Numbers for names, since the measures take text alone; falling scores, since they know no
    # order and would break ties by name.
    names = {each: str(number) for number, each in enumerate(dict.fromkeys([*grades, *spots]))}
    judged = [Qrel("", names[each], grade) for each, grade in grades.items()]
    found = [ScoredDoc("", names[each], float(-rank)) for rank, each in enumerate(spots)]
    measured = {_MEASURES[m.measure]: m.value for m in iter_calc(_MEASURES, judged, found)}
    measured["all_evidence@10"] = float(set(grades) <= set(spots[:DEPTH]))
    return {name: measured[name] for name in RETRIEVAL}


def spot(document: str, page: int | None, relevant: Sequence[Place]) -> Spot:
    """Return what a passage counts as: its page where pages are told apart, else its document."""
    own = [place.page for place in relevant if place.document == document]
    # Where the whole document is relevant, a page of it cannot be told from another.
    by_page = None not in own if own else any(place.page for place in relevant)
    return Spot(document=document, page=page if by_page else None)
