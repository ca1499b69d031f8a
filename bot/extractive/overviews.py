"""Build overviews: the openings of all sections on a subject, or a comparison of two things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from footnote_qa.bot.extractive.block_ranking import Place
from footnote_qa.bot.extractive.excerpts import Excerpt, Quoter
from footnote_qa.bot.extractive.groups import Group, GroupKind, groups
from footnote_qa.bot.extractive.units import block_text
from footnote_qa.index.chunking import stems_of
from footnote_qa.index.search import defines
from footnote_qa.index.types import BlockKind

_MOST_SUMMARY_WORDS = 130
_FEWEST_SUMMARY_WORDS = 60  # after fewer, the next block is shown whatever its length
_MOST_SUMMARY_LIST = 600
_FULLY_NAMED = 0.5
_ALL_OF_IT = 0.1  # of two that fit equally well, a document says more than a section


def summary(
    places: Sequence[Place], weights: Mapping[str, float], asked: Sequence[str]
) -> list[Excerpt]:
    """Return the openings of the sections that the question names, in their order.

    Args:
        places: Sections that were found, best first.
        weights: Share of each stem of the question.
        asked: Those stems.
    """
    excerpts: list[Excerpt] = []
    words = 0
    for place in _on_the_subject(places, weights):
        quoter = Quoter(place.section, asked)
        for group in groups(place.section):
            excerpt = _gist(quoter, place, group)
            if excerpt is None or any(excerpt.overlaps(one) for one in excerpts):
                continue
            is_short = words < _FEWEST_SUMMARY_WORDS
            words += len(excerpt.text.split())
            if words > _MOST_SUMMARY_WORDS and not is_short:
                return excerpts
            excerpts.append(excerpt)
    return excerpts


def _on_the_subject(places: Sequence[Place], weights: Mapping[str, float]) -> list[Place]:
    """Return the sections of the document, or under the heading, that fits the question best."""
    best: tuple[float, str, str] | None = None
    for place in places:
        chunk = place.section.chunk
        rank = 0.1 / (1 + place.rank)
        for name, above in ((chunk.title, ""), *((one, one) for one in chunk.heading)):
            score = _named(f"{chunk.title} {above}", name, weights) + rank
            score += _ALL_OF_IT * (not above)
            if best is None or score > best[0]:
                best = score, chunk.document, above
    if best is None:
        return []
    _, document, heading = best
    found = [
        place
        for place in places
        if place.section.chunk.document == document
        and (not heading or heading in place.section.chunk.heading)
    ]
    return sorted(found, key=lambda one: one.section.chunk.start)


def _named(path: str, name: str, weights: Mapping[str, float]) -> float:
    """Return how well a path fits the question, more if it has the path's full last name."""
    known, last = {*stems_of(path)}, {*stems_of(name)}
    share = sum(weight for stem, weight in weights.items() if stem in known)
    return share + (_FULLY_NAMED * len(last & {*weights}) / len(last) if last else 0.0)


def _gist(quoter: Quoter, place: Place, group: Group) -> Excerpt | None:
    if group.kind is GroupKind.PROSE:
        if any(other.lead == group.first for other in groups(place.section)):
            return None  # it is quoted with the group that it introduces
        return quoter.opening(group, most=2)
    if group.kind is GroupKind.CODE:
        return None
    return quoter.group(group, most_chars=_MOST_SUMMARY_LIST)


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the things that are compared.

    Attributes:
        names: Its names, as asked and in full.
        own: Stems that the other one does not have.
        weights: How much each stem counts.
    """

    names: tuple[str, ...]
    own: frozenset[str]
    weights: Mapping[str, float]


def comparison(
    places: Sequence[Place], subjects: Sequence[str], asked: Sequence[str]
) -> list[Excerpt]:
    """Return the table that compares the two things, or a block for each of them."""
    sides = _sides(subjects, asked)
    table = _table_of(places, sides, asked)
    if table is not None:
        return [table]
    excerpts: list[Excerpt] = []
    for side in sides:
        excerpt = _about(places, side, known=excerpts, asked=asked)
        if excerpt is not None:
            excerpts.append(excerpt)
    return excerpts


def _sides(subjects: Sequence[str], asked: Sequence[str]) -> list[_Side]:
    named = _in_full(subjects)
    found = [frozenset(stems_of(names[-1])) for names in named]
    sides = []
    for names, ours, theirs in zip(named, found, reversed(found), strict=True):
        weights = {stem: 0.2 for stem in asked if stem not in theirs}
        weights |= dict.fromkeys(ours, 0.6) | dict.fromkeys(ours - theirs, 1.0)
        sides.append(_Side(names, ours - theirs, weights))
    return sides


def _in_full(subjects: Sequence[str]) -> list[tuple[str, ...]]:
    """Return both full names: in "public vs private channels" the first is "public channels"."""
    first, second = (subject.split() for subject in subjects)
    if len(first) >= len(second):
        return [(" ".join(first),), (" ".join(second),)]
    return [
        (" ".join(first), " ".join([*first, *second[len(first) :]])),
        (" ".join(second),),
    ]


def _table_of(
    places: Sequence[Place], sides: Sequence[_Side], asked: Sequence[str]
) -> Excerpt | None:
    """Return the table whose head names both things."""
    for place in places:
        for group in groups(place.section):
            blocks = place.section.blocks[group.first : group.last + 1]
            heads = [block_text(place.section, one) for one in blocks if one.is_head]
            known = {*stems_of(" ".join(heads))}
            if all(_names(known, side.own) for side in sides):
                return Quoter(place.section, asked).group(group)
    return None


def _names(known: set[str], own: frozenset[str]) -> bool:
    """Return whether one of the words is known, also as part of a joined one ("HRLinks")."""
    return any(
        stem in one and (stem == one or len(stem) > len(one) / 3) for stem in own for one in known
    )


def _about(
    places: Sequence[Place], side: _Side, *, known: Sequence[Excerpt], asked: Sequence[str]
) -> Excerpt | None:
    """Return the block that says most about one of the two things."""
    best: tuple[float, Excerpt] | None = None
    for place in places:
        quoter = Quoter(place.section, asked)
        for at in range(len(place.section.blocks)):
            score = _on(place, at, side=side, quoter=quoter)
            if score is None or (best is not None and score <= best[0]):
                continue
            excerpt = quoter.block(at)
            if excerpt is not None and not any(excerpt.overlaps(one) for one in known):
                best = score, excerpt
    return None if best is None else best[1]


def _on(place: Place, at: int, *, side: _Side, quoter: Quoter) -> float | None:
    """Return how much a block says about one thing; None if it does not name it."""
    block = place.section.blocks[at]
    if block.kind in {BlockKind.HEADING, BlockKind.CODE} or block.is_head:
        return None
    text = block_text(place.section, block)
    said, heads = stems_of(text), {*stems_of(" ".join(quoter.headings_at(at)))}
    has = {*said} | heads
    if side.own and has.isdisjoint(side.own):
        return None
    cover = sum(weight for stem, weight in side.weights.items() if stem in has)
    cover /= sum(side.weights.values()) or 1.0
    early = bool(side.own & {*said[:3]}) or bool(side.own & heads)
    clear = max(defines(text, name) for name in side.names)
    return cover + clear + 0.5 * early + 0.2 / (1 + place.rank) + 0.3 * place.likely.get(at, 0.0)
