"""Count what people ask: gaps grouped by meaning, usage by week, answers thought wrong."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from footnote_qa.bot.state import AskedRepository, AskedRow
from footnote_qa.bot.web.backend import Index
from footnote_qa.bot.web.grouping import group_by_meaning
from footnote_qa.index.types import Vectors

WEEKS: Final = 12
WEEK_S: Final = 7 * 86_400.0
_BATCH: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Questions of one meaning that the documents did not answer.

    Attributes:
        id: The question nearest to the middle of the group.
        question: Its words.
        count: How often it was asked.
        people: How many people asked it.
        weeks: How often in each week, the last one last.
        rows: The questions, newest first.
    """

    id: str
    question: str
    count: int
    people: int
    weeks: tuple[int, ...]
    rows: tuple[AskedRow, ...]

    @property
    def trend(self) -> int:
        """How much more often it was asked in the last four weeks than in the four before."""
        return sum(self.weeks[-4:]) - sum(self.weeks[-8:-4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The questions of one week.

    Attributes:
        begins: Its first day.
        asked: How many questions.
        gaps: How many of them the documents did not answer.
        places: How many in each place, such as "web".
        median_ms: Half of the answers took no longer; 0 if there were none.
        slow_ms: 95 of 100 took no longer.
    """

    begins: datetime
    asked: int
    gaps: int
    places: dict[str, int]
    median_ms: float
    slow_ms: float

    @property
    def refusal_share(self) -> float:
        """The share of questions that the documents did not answer."""
        return self.gaps / self.asked if self.asked else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The questions of the last weeks.

    Attributes:
        gaps: The largest first.
        weeks: The last one last.
        wrong: Answers that somebody found unhelpful, newest first.
        ungrouped: Questions without an answer whose vectors are still being computed.
    """

    gaps: tuple[Gap, ...]
    weeks: tuple[Week, ...]
    wrong: tuple[AskedRow, ...]
    ungrouped: int


class Overviews:
    """Makes overviews, and keeps the vectors and groups of the last one in memory."""

    def __init__(self, asked: AskedRepository) -> None:
        self._asked = asked
        self._lock = threading.Lock()
        self._vectors: dict[str, Vectors] = {}
        self._grouped: tuple[tuple[str, ...], list[list[int]]] = ((), [])
        self._model = ""

    def read_questions(self, index: Index, *, most: int = _BATCH) -> int:
        """Embed the questions that have no vector yet, *most* at a time; return how many."""
        self._asked.catch_up()
        model = index.generation.manifest.fingerprint
        waiting = self._asked.without_vector(model, limit=most)
        if waiting:
            rows = index.encode(list(waiting.values()))
            vectors = dict(zip(waiting, rows, strict=True))
            self._asked.note_vectors(model, vectors)
            with self._lock:
                if self._model == model:
                    self._vectors |= vectors
        return len(waiting)

    def overview(self, model: str, now: datetime) -> Overview:
        """Return what people asked in the last weeks.

        Args:
            model: Fingerprint of the model whose vectors are compared.
            now: In UTC.
        """
        self._asked.catch_up()
        first = _monday(now) - timedelta(weeks=WEEKS - 1)
        rows = self._asked.rows(since=first.timestamp())
        gaps = [row for row in rows if row.is_gap]
        with self._lock:
            vectors = self._known(model, gaps)
            known = [row for row in gaps if row.id in vectors]
            groups = self._groups(known)
        return Overview(
            gaps=_largest_first([self._gap(known, group, first) for group in groups]),
            weeks=_weeks(rows, first),
            wrong=tuple(row for row in rows if row.rating == "down"),
            ungrouped=len(gaps) - len(known),
        )

    def _known(self, model: str, gaps: Sequence[AskedRow]) -> dict[str, Vectors]:
        """Return the vectors in memory, with those of the database if some are missing."""
        if self._model != model or any(row.id not in self._vectors for row in gaps):
            self._vectors = self._asked.vectors(model)
            self._model = model
        return self._vectors

    def _groups(self, known: Sequence[AskedRow]) -> list[list[int]]:
        """Return the groups of rows; the same question counts as one vector."""
        ids = tuple(row.id for row in known)
        if self._grouped[0] != ids:
            words: dict[str, list[int]] = {}
            for at, row in enumerate(known):
                words.setdefault(" ".join(row.question.casefold().split()), []).append(at)
            same = list(words.values())
            vectors = np.zeros((0, 1), dtype=np.float32)
            if same:
                vectors = np.stack([self._vectors[known[rows[0]].id] for rows in same])
            found = group_by_meaning(vectors)
            groups = [sorted(at for one in group for at in same[one]) for group in found]
            self._grouped = (ids, groups)
        return self._grouped[1]

    def _gap(self, known: Sequence[AskedRow], group: Sequence[int], first: datetime) -> Gap:
        rows = [known[at] for at in group]
        vectors = np.stack([self._vectors[row.id] for row in rows])
        middle = int((vectors @ vectors.mean(axis=0)).argmax())
        weeks = Counter(_week_of(row.at, first) for row in rows)
        return Gap(
            id=rows[middle].id,
            question=rows[middle].question,
            count=len(rows),
            people=len({row.user for row in rows}),
            weeks=tuple(weeks[week] for week in range(WEEKS)),
            rows=tuple(rows),
        )


def _largest_first(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    return tuple(sorted(gaps, key=lambda gap: (-gap.count, -gap.rows[0].at, gap.id)))


def _monday(now: datetime) -> datetime:
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def _week_of(at: float, first: datetime) -> int:
    return min(WEEKS - 1, int((at - first.timestamp()) // WEEK_S))


def _weeks(rows: Sequence[AskedRow], first: datetime) -> tuple[Week, ...]:
    by_week: list[list[AskedRow]] = [[] for _ in range(WEEKS)]
    for row in rows:
        by_week[_week_of(row.at, first)].append(row)
    return tuple(_week(found, first + timedelta(weeks=n)) for n, found in enumerate(by_week))


def _week(rows: Sequence[AskedRow], begins: datetime) -> Week:
    times = sorted(row.ms for row in rows)
    return Week(
        begins=begins,
        asked=len(rows),
        gaps=sum(row.is_gap for row in rows),
        places=dict(Counter(row.place for row in rows)),
        median_ms=_percentile(times, 0.5),
        slow_ms=_percentile(times, 0.95),
    )


def _percentile(ascending: Sequence[float], share: float) -> float:
    """Return the value that *share* of all do not exceed; 0 if there are none.

    >>> _percentile((1.0, 2.0, 3.0, 4.0), 0.5), _percentile((), 0.5)
    (2.0, 0.0)
    """
    if not ascending:
        return 0.0
    return ascending[max(0, -int(-share * len(ascending) // 1) - 1)]
