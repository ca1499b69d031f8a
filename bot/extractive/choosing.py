"""Choose the blocks of the passages to quote, in the form that the question asks for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from footnote_qa.bot.extractive.block_ranking import (
    Place,
    Scored,
    Similar,
    covered_by,
    covers,
    defining,
    ranked,
)
from footnote_qa.bot.extractive.excerpts import Excerpt, Quoter
from footnote_qa.bot.extractive.groups import GroupKind, groups
from footnote_qa.bot.extractive.overviews import comparison, summary
from footnote_qa.bot.extractive.question_forms import Form, form_of
from footnote_qa.bot.extractive.ranking import FeatureExtractor, ParsedQuestion
from footnote_qa.bot.extractive.superlatives import extreme_row, superlative_of
from footnote_qa.bot.extractive.unit_choice import MOST_SENTENCES, Ranked, Ranking, UnitChooser
from footnote_qa.bot.extractive.units import Unit, block_text
from footnote_qa.bot.types import ShownPassage
from footnote_qa.index.chunking import stems_of

# A further sentence is worth reading if its score is this close to the first one's
_FURTHER = 1.0
_FURTHER_PART = 2.5  # if the question has another part


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The blocks to quote.

    Attributes:
        excerpts: In reading order.
        points_at: The words in them that are the answer itself.
    """

    excerpts: tuple[Excerpt, ...] = ()
    points_at: tuple[str, ...] = ()


class Chooser:
    """Chooses the blocks that answer one question.

    Args:
        reading: The units of all passages.
        passages: The passages in their sections.
        asked: The question.
        similar: Compares texts with the question by their vectors; None if there are no vectors.
        leaning: Parts of the question that lean on the part before, each with its own comparison.
    """

    def __init__(
        self,
        reading: FeatureExtractor,
        passages: Sequence[ShownPassage],
        asked: ParsedQuestion,
        *,
        similar: Similar | None = None,
        leaning: Sequence[tuple[ParsedQuestion, Similar | None]] = (),
    ) -> None:
        self._similar = similar
        self._leaning = leaning
        self._reading = reading
        self._passages = passages
        self._asked = asked
        self._form = form_of(asked.text)

    def _extreme(self, places: Sequence[Place]) -> Excerpt | None:
        """Return the table row that is the latest, first, most or least."""
        wanted = superlative_of(self._asked.text)
        if wanted is None:
            return None
        weights = self._reading.weights(self._asked)
        weights = {stem: one for stem, one in weights.items() if stem not in wanted.words}
        least = _COVERED_BY_TABLE * sum(weights.values())
        for place in places:
            found = extreme_row(place.section, wanted)
            if found is not None and covers(place, found[0], weights) >= least:
                return Quoter(place.section, self._asked.stems).rows([found[1]])
        return None

    def blocks(self, rankings: Sequence[Ranking]) -> Chosen:
        """Return the blocks to quote.

        Args:
            rankings: First of the parts of the question that make sense alone, then of all of it.
        """
        whole = rankings[-1]
        places = self._places(whole)
        definition = self._definition(places)
        if definition is not None:
            return Chosen(excerpts=(definition,))
        if not any(one.is_answered for one in rankings):
            return Chosen()
        excerpts = self._in_form(places, is_one=len(rankings) == 1)
        if excerpts:
            return Chosen(excerpts=tuple(excerpts), points_at=self._points(excerpts, whole))
        return self._facts(rankings, places)

    def _definition(self, places: Sequence[Place]) -> Excerpt | None:
        """Return the definition, if the question asks for one."""
        if self._form.form is not Form.DEFINITION:
            return None
        found = defining(places, self._form.subjects[0])
        if found is None:
            return None
        place, at = found
        return Quoter(place.section, self._asked.stems).block(at)

    def _in_form(self, places: Sequence[Place], *, is_one: bool) -> list[Excerpt]:
        """Return the blocks in the form that is asked for; none if a sentence is enough.

        Args:
            places: Sections that were found, best first.
            is_one: Whether the text asks one question, not several.
        """
        extreme = self._extreme(places)
        if extreme is not None:
            return [extreme]
        match self._form.form:
            case Form.SUMMARY:
                weights = self._reading.weights(self._asked)
                return summary(places, weights, self._asked.stems)
            case Form.COMPARISON:
                return comparison(places, self._form.subjects, self._asked.stems)
            case Form.STEPS | Form.LIST | Form.CODE if is_one:
                return self._structured(places)
            case _:
                return []

    def _points(self, excerpts: Sequence[Excerpt], ranking: Ranking) -> tuple[str, ...]:
        """Return the words in the first block that are the answer itself."""
        first = excerpts[0]
        inside = (
            one
            for one in ranking.units
            if self._reading.units[one.unit].section.chunk.id == first.section.chunk.id
        )
        words = next(inside, None)
        if words is None or not words.points_at or first.text.count(words.points_at) != 1:
            return ()
        return (words.points_at,)

    def _places(self, ranking: Ranking) -> list[Place]:
        likely: dict[tuple[int, int], float] = {}
        for one in ranking.units:
            unit = self._reading.units[one.unit]
            key = unit.section.chunk.id, unit.block
            likely[key] = max(likely.get(key, 0.0), one.likely)
        answerable = dict(enumerate(ranking.answerable))
        return [
            Place(
                section=shown.section,
                hits=(shown.passage, *shown.others),
                answerable=max(
                    (
                        answerable.get(at, 0.0)
                        for at, hit in enumerate(self._reading.hits)
                        if hit.shown is shown
                    ),
                    default=0.0,
                ),
                likely={
                    block: value
                    for (id_, block), value in likely.items()
                    if id_ == shown.section.chunk.id
                },
                rank=rank,
            )
            for rank, shown in enumerate(self._passages)
        ]

    def _facts(self, rankings: Sequence[Ranking], places: Sequence[Place]) -> Chosen:
        units = UnitChooser(self._reading, self._asked, self._form.form, similar=self._similar)
        in_group = units.group_scores(places)
        firsts = [
            one
            for ranking in rankings[:-1]
            for one in units.best(ranking, {}, further=_FURTHER)[:1]
        ]
        further = _FURTHER if len(rankings) == 1 else _FURTHER_PART
        chosen = units.best(rankings[-1], in_group, further=further)
        if len(rankings) == 1:
            chosen = [one for one in chosen if self._adds(one, chosen[0])]
        leaning = self._beside((*firsts, *chosen)[:1])
        if leaning:
            chosen = chosen[:1]
        wanted = list({one.unit: one for one in (*firsts, *leaning, *chosen)}.values())
        said = self._told(wanted, most=max(2, len(firsts) + 1))
        if said and len(said) < MOST_SENTENCES:
            told = [excerpt.text for excerpt, _ in said]
            more = self._reading.completing(self._asked, said[0][1].unit, told)
            if more is not None:
                chosen = [one for _, one in said]
                extra = Ranked(likely=0.0, unit=more, points_at="")
                said = self._told([*chosen, extra], most=len(chosen) + 1)
        return Chosen(
            excerpts=tuple(excerpt for excerpt, _ in said),
            points_at=tuple(
                one.points_at
                for excerpt, one in said
                if one.points_at and excerpt.text.count(one.points_at) == 1
            ),
        )

    def _adds(self, one: Ranked, first: Ranked) -> bool:
        """Return whether a sentence belongs in the answer that *first* begins.

        One of another section has to be about most of the question itself.
        """
        unit = self._reading.units[one.unit]
        if unit.section.chunk.id == self._reading.units[first.unit].section.chunk.id:
            return True
        said = " ".join((unit.plain, *self._reading.hits[unit.hit].chunk.path))
        return covered_by(self._reading.weights(self._asked), said) >= _COVERED_ELSEWHERE

    def _beside(self, first: Sequence[Ranked]) -> list[Ranked]:
        """Return what answers each leaning part, from the section that answers the first part."""
        found: list[Ranked] = []
        for one, (part, similar) in product(first, self._leaning):
            section = self._reading.units[one.unit].section.chunk.id
            units = [
                at
                for at, unit in enumerate(self._reading.units)
                if unit.section.chunk.id == section
                and unit.states
                and at != one.unit
                and len(unit.plain.split()) >= _FEWEST_WORDS
            ]
            if not units:
                continue
            texts = [self._reading.units[at].plain for at in units]
            scores = similar(texts) if similar else _shares(part, texts)
            best = max(range(len(units)), key=lambda at: (scores[at], -at))
            if scores[best] >= _LEAST_LEANING:
                found.append(Ranked(likely=0.0, unit=units[best], points_at=""))
        return found

    def _told(self, wanted: Sequence[Ranked], *, most: int) -> list[tuple[Excerpt, Ranked]]:
        """Return the excerpts for the units, without repeating any part of a document."""
        said: list[tuple[Excerpt, Ranked]] = []
        for at, one in enumerate(wanted):
            unit = self._reading.units[one.unit]
            beside = (self._reading.units[other.unit] for other in wanted[:at])
            if any(self._says_less(unit, other) for other in beside):
                continue
            quoter = Quoter(unit.section, self._asked.stems)
            rows = [] if unit.header is None else self._rows_beside(unit, wanted)
            excerpt = quoter.rows(rows) if len(rows) > 1 else quoter.around(unit)
            if excerpt is None or any(_says_again(excerpt, other) for other, _ in said):
                continue
            said.append((excerpt, one))
            if len(said) == most:
                break
        return said

    def _rows_beside(self, unit: Unit, wanted: Sequence[Ranked]) -> list[int]:
        """Return the rows of a table that answer as well as *unit* does, including itself."""
        rows = [self._reading.units[one.unit] for one in wanted]
        rows = [one for one in rows if one == unit or one.is_beside(unit)]
        return sorted(
            {one.block for one in rows if not any(self._says_less(one, other) for other in rows)}
        )

    def _says_less(self, unit: Unit, other: Unit) -> bool:
        """Return whether a row or an item has fewer of the question's words than its sibling."""
        if not unit.is_beside(other):
            return False
        asked = {*self._asked.stems}
        return {*stems_of(unit.plain)} & asked < {*stems_of(other.plain)} & asked

    def _structured(self, places: Sequence[Place]) -> list[Excerpt]:
        """Return the procedure, list, table or code that answers; none if a sentence does."""
        weights = self._reading.weights(self._asked)
        found = ranked(places, weights, self._form.form, similar=self._similar)
        most = max((one.covered for one in found), default=0.0)
        found = [one for one in found if one.covered >= _COVERED_AS_WELL * most]
        if not found:
            return []
        best = found[0]
        quoter = Quoter(best.place.section, self._asked.stems)
        if best.group.kind is GroupKind.PROSE and self._form.form is Form.CODE:
            return []
        row = _answering_row(best, weights)
        first = quoter.group(best.group) if row is None else quoter.rows([row])
        if first is None or (
            best.group.kind is GroupKind.PROSE and len(first.text.split()) > _MOST_PROSE_WORDS
        ):
            return []
        return [first, *self._further(best, first)]

    def _further(self, best: Scored, first: Excerpt) -> Iterator[Excerpt]:
        """Yield the code and steps that follow in the same section, while the answer is short."""
        section = best.place.section
        quoter = Quoter(section, self._asked.stems)
        words = len(first.text.split())
        if self._form.form is Form.LIST or best.group.kind is not GroupKind.CODE:
            return
        for group in groups(section):
            if group.first <= best.group.last or group.heading != best.group.heading:
                continue
            if group.kind not in {GroupKind.CODE, GroupKind.LIST}:
                continue
            excerpt = quoter.group(group)
            if excerpt is None:
                continue
            words += len(excerpt.text.split())
            if words > _MOST_WORDS:
                return
            yield excerpt


_COVERED_BY_TABLE = 0.3
_COVERED_BY_ROW = 0.6
_COVERED_ELSEWHERE = 0.6
_CLEARLY = 1.5  # how much more of the question a row has than any other
_COVERED_AS_WELL = 0.7
_MOST_PROSE_WORDS = 60
_MOST_WORDS = 140


_LEAST_LEANING = 0.3
_FEWEST_WORDS = 4


def _answering_row(best: Scored, weights: Mapping[str, float]) -> int | None:
    """Return the only row of a table that has most of the question's words; None if there is none.

    Args:
        best: The group that was chosen.
        weights: Of the question's words, by stem; they add up to 1.
    """
    if best.group.kind is not GroupKind.TABLE:
        return None
    section = best.place.section
    rows = [
        (covered_by(weights, block_text(section, section.blocks[at])), at)
        for at in range(best.group.first, best.group.last + 1)
        if not section.blocks[at].is_head
    ]
    (most, row), *others = sorted(rows, reverse=True) or [(0.0, 0)]
    is_clear = all(_CLEARLY * share < most for share, _ in others)
    return row if others and is_clear and most >= _COVERED_BY_ROW else None


def _shares(part: ParsedQuestion, texts: Sequence[str]) -> list[float]:
    """Return the share of a part's words in each text."""
    asked = {*part.stems}
    return [len(asked & {*stems_of(text)}) / (len(asked) or 1) for text in texts]


def _says_again(excerpt: Excerpt, other: Excerpt) -> bool:
    return excerpt.overlaps(other) or stems_of(excerpt.text) == stems_of(other.text)
