"""Rank blocks of the passages as answers to questions that need more than a sentence."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from footnote_qa.bot.extractive.groups import Group, groups
from footnote_qa.bot.extractive.question_forms import Form
from footnote_qa.bot.extractive.units import block_text
from footnote_qa.index.chunking import has_synonym, plain_block, stems_of
from footnote_qa.index.search import defines
from footnote_qa.index.types import BlockKind, Passage, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A section that was found.

    Attributes:
        section: The section.
        answerable: Probability that one of its passages has an answer.
        likely: Probability of the best unit in it, by the position of its block.
        rank: From 0.
        hits: The passages in it that were found.
    """

    section: Section
    hits: tuple[Passage, ...]
    answerable: float
    likely: Mapping[int, float]
    rank: int


Similar = Callable[[Sequence[str]], Sequence[float]]
"""How similar each text is to the question, by their vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A group of blocks with its score and its share of the question's words."""

    score: float
    covered: float
    place: Place
    group: Group


FEATURES = (
    "in_head",
    "in_body",
    "in_all",
    "answerable",
    "likely",
    "rank",
    "fused",
    "cosine",
    "found",
    "log_words",
    "cosine_head",
    "cosine_text",
    "steps_numbered",
    "steps_list",
    "steps_code",
    "steps_table",
    "list_numbered",
    "list_list",
    "list_code",
    "list_table",
    "code_numbered",
    "code_list",
    "code_code",
    "code_table",
)
# Fitted on questions over three collections; weights by form and kind were set by hand: see ADR 26
WEIGHTS: tuple[float, ...] = (
    1.0, 0.0, 2.47, 0.38, 1.41, 0.3, 8.69, 1.02, 0.53, 0.2, 0.5, 1.93,
    1.2, 0.7, 0.8, 0.3,
    0.8, 1.2, -0.3, 0.8,
    0.4, 0.4, 1.5, 0.3,
)  # fmt: skip
_COMPARED = 20  # vectors are computed for this many groups, the best by all else
_MOST_COMPARED_CHARS = 400
_FORMS = (Form.STEPS, Form.LIST, Form.CODE)
_KINDS = ("numbered", "list", "code", "table")


def ranked(
    places: Sequence[Place],
    weights: Mapping[str, float],
    form: Form,
    *,
    similar: Similar | None,
) -> list[Scored]:
    """Return the groups of all sections, the best answer first.

    Args:
        places: Sections that were found, best first.
        weights: Share of each stem of the question.
        form: Form of the answer asked for.
        similar: Compares texts with the question; None uses words only.
    """
    found = features(places, weights, form, similar=similar)
    scored = [_scored(place, group, row) for place, group, row in found]
    return sorted(scored, key=lambda one: (-one.score, one.place.rank, one.group.first))


def _weighed(row: Sequence[float]) -> float:
    return sum(weight * value for weight, value in zip(WEIGHTS, row, strict=True))


def _scored(place: Place, group: Group, row: Sequence[float]) -> Scored:
    return Scored(
        score=_weighed(row),
        covered=row[FEATURES.index("in_all")],
        place=place,
        group=group,
    )


def features(
    places: Sequence[Place],
    weights: Mapping[str, float],
    form: Form,
    *,
    similar: Similar | None,
) -> list[tuple[Place, Group, list[float]]]:
    """Return each group that can be quoted with its features, in the order of `FEATURES`."""
    found = [
        (place, group, _features(place, group, weights=weights, form=form))
        for place in places
        for group in groups(place.section)
        if not _is_lead(place.section, group)
    ]
    found.sort(key=lambda one: -_weighed(one[2]))
    if similar is not None and found:
        best = found[:_COMPARED]
        heads = [_head(place.section, group) for place, group, _ in best]
        texts = [_text(place.section, group) for place, group, _ in best]
        likeness = similar([*heads, *texts])
        at = FEATURES.index("cosine_head")
        for number, (_, _, row) in enumerate(best):
            row[at], row[at + 1] = likeness[number], likeness[len(best) + number]
    return found


def _is_lead(section: Section, group: Group) -> bool:
    """Return whether it is quoted with the group that it introduces."""
    return any(other.lead == group.last for other in groups(section))


def _text(section: Section, group: Group) -> str:
    return f"{_head(section, group)}\n{_body(section, group)}"[:_MOST_COMPARED_CHARS]


def _body(section: Section, group: Group) -> str:
    return " ".join(
        block_text(section, section.blocks[at]) for at in range(group.first, group.last + 1)
    )


def _features(
    place: Place, group: Group, *, weights: Mapping[str, float], form: Form
) -> list[float]:
    section = place.section
    in_head, in_body = {*stems_of(_head(section, group))}, stems_of(_body(section, group))
    title = {*stems_of(section.chunk.title)}
    likely = max((place.likely.get(at, 0.0) for at in positions(group)), default=0.0)
    start = section.chunk.start + section.blocks[group.first].start
    end = section.chunk.start + section.blocks[group.last].end
    here = [hit for hit in place.hits if hit.chunk.start < end and hit.chunk.end > start]
    kind = "numbered" if group.is_numbered else str(group.kind)
    return [
        _share(weights, in_head),
        _share(weights, {*in_body}),
        _share(weights, in_head | {*in_body} | title),
        place.answerable,
        likely,
        1 / (1 + place.rank),
        max(hit.fused for hit in here or place.hits),
        max(hit.cosine or 0.0 for hit in here or place.hits),
        float(bool(here)),
        math.log(1 + len(in_body)),
        0.0,
        0.0,
        *(float(form is one and kind == each) for one in _FORMS for each in _KINDS),
    ]


def positions(group: Group) -> Iterator[int]:
    """Yield the positions of a group's blocks, its lead first."""
    if group.lead is not None:
        yield group.lead
    yield from range(group.first, group.last + 1)


def _head(section: Section, group: Group) -> str:
    words = [] if group.heading is None else [plain_block(_masked(section, group.heading))]
    words += section.chunk.heading[-1:]
    if group.lead is not None:
        words.append(plain_block(_masked(section, group.lead)))
    return " ".join(words)


def _masked(section: Section, at: int) -> str:
    return section.masked[section.blocks[at].start : section.blocks[at].end]


def covers(place: Place, group: Group, weights: Mapping[str, float]) -> float:
    """Return the share of the question's words in a group, its headings and its title."""
    words = (
        f"{place.section.chunk.title} {_head(place.section, group)} {_body(place.section, group)}"
    )
    return covered_by(weights, words)


def covered_by(weights: Mapping[str, float], text: str) -> float:
    """Return the weight of the question's words that *text* has."""
    return _share(weights, {*stems_of(text)})


_BY_SYNONYM = 0.7
"""Weight of a question's word if the text has only a synonym of it."""


def _share(weights: Mapping[str, float], present: set[str]) -> float:
    return sum(
        weight * (1.0 if one in present else _BY_SYNONYM * has_synonym(one, present))
        for one, weight in weights.items()
    )


def defining(places: Sequence[Place], subject: str) -> tuple[Place, int] | None:
    """Return the section and its block that defines *subject*; None if there is none."""
    best: tuple[float, Place, int] | None = None
    for place in places:
        for at in range(len(place.section.blocks)):
            score = _defines(place.section, at, subject)
            score += _RANK_OF_DEFINITION / (1 + place.rank) if score else 0.0
            if score and (best is None or score > best[0]):
                best = score, place, at
    return None if best is None else (best[1], best[2])


_RANK_OF_DEFINITION = 0.05
_UNDER_ITS_NAME = 0.6
_OPENS_ITS_PAGE = 0.5
_FIRST_CHARS = 400


def _defines(section: Section, at: int, subject: str) -> float:
    block = section.blocks[at]
    if block.kind in {BlockKind.HEADING, BlockKind.CODE} or block.is_head:
        return 0.0
    score = defines(block_text(section, block), subject)
    heading = _heading_above(section, at)
    is_under = heading is not None and re.fullmatch(
        rf"(?:what(?:'s| is| are)? )?(?:an? |the )?{re.escape(subject)}s?\??(?:\s*\(.*\))?",
        heading,
        re.IGNORECASE,
    )
    if is_under:
        return max(score, _UNDER_ITS_NAME)
    opens = at == 0 and section.chunk.start < _FIRST_CHARS
    is_on = opens and {*stems_of(subject)} <= {*stems_of(section.chunk.title)}
    return max(score, _OPENS_ITS_PAGE if is_on else 0.0)


def _heading_above(section: Section, at: int) -> str | None:
    """Return the heading directly above a block; None if another block is between them."""
    if at == 0:
        return section.chunk.heading[-1] if section.chunk.heading else section.chunk.title
    above = section.blocks[at - 1]
    return plain_block(_masked(section, at - 1)) if above.kind is BlockKind.HEADING else None
