"""Which of two runs answers better, by a person or a model who does not know which is which."""

import asyncio
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from footnote_qa.eval.errors import JudgementError, RunError
from footnote_qa.eval.metrics import Summary, mean_of
from footnote_qa.eval.runs import Asked, RunRecord
from footnote_qa.eval.types import Complete
from footnote_qa.prompts import load

PARALLEL: Final = 4
PERSON: Final = "person"
_EVEN: Final = 0.5


class Choice(StrEnum):
    """The better of two answers."""

    FIRST = "first"
    SECOND = "second"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two different answers to one question, in an order that does not say which is which.

    Attributes:
        id: Of the question.
        question: Its words.
        expected: Right answers; empty if none is known.
        first: The answer that is shown first.
        second: The other one.
        is_swapped: Whether the first one is that of the later run.
    """

    id: str
    question: str
    expected: tuple[str, ...]
    first: str
    second: str
    is_swapped: bool

    def score(self, choice: Choice) -> float:
        """Return 1 if the later run's answer was chosen, 0 if the earlier one's, else a half."""
        if choice is Choice.NEITHER:
            return _EVEN
        return float((choice is Choice.FIRST) == self.is_swapped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferred:
    """How often the later run's answer was preferred.

    Attributes:
        wins: How often it was.
        losses: How often the earlier one's was.
        ties: How often neither.
        same: Questions that both answered in the same words; they are in no rate.
        rate: Share of the judged questions that the later run won, a tie as a half; None if none
            was judged.
    """

    wins: int
    losses: int
    ties: int
    same: int
    rate: Summary | None

    @property
    def verdict(self) -> str:
        """The verdict of the interval."""
        if self.rate is None or self.rate.low <= _EVEN <= self.rate.high:
            return "cannot tell"
        return "the later run is better" if self.rate.low > _EVEN else "the earlier run is better"


def pairs_of(
    before: RunRecord, after: RunRecord, *, limit: int | None = None
) -> tuple[list[Pair], int]:
    """Return the questions that two runs answered in different words, and how many in the same.

    Which answer comes first is fixed for each question by a digest, so it is as good as a coin.

    Raises:
        RunError: They have no answered question in common.
    """
    earlier = {(asked.id, asked.question): asked for asked in before.questions}
    both = [
        (earlier[key], asked)
        for asked in after.questions
        if (key := (asked.id, asked.question)) in earlier
        and asked.status is not None
        and earlier[key].status is not None
    ]
    if not both:
        raise RunError(f"{before.run} and {after.run} have no answered question in common")
    different = [(one, other) for one, other in both if _said(one) != _said(other)]
    pairs = [_pair(one, other, f"{before.run} {after.run}") for one, other in different]
    return pairs[:limit], len(both) - len(different)


def _pair(before: Asked, after: Asked, runs: str) -> Pair:
    coin = hashlib.sha256(f"{runs} {after.id}".encode()).digest()[0] % 2
    first, second = (after, before) if coin else (before, after)
    return Pair(
        id=after.id,
        question=after.question,
        expected=after.answers,
        first=_said(first),
        second=_said(second),
        is_swapped=bool(coin),
    )


def _said(asked: Asked) -> str:
    return (asked.answer or "").strip() or "(It said that the documents do not have the answer.)"


def preferred(pairs: Iterable[Pair], choices: Mapping[str, Choice], *, same: int) -> Preferred:
    """Count the choices, by the ids of their questions."""
    scores = [pair.score(choices[pair.id]) for pair in pairs if pair.id in choices]
    return Preferred(
        wins=scores.count(1.0),
        losses=scores.count(0.0),
        ties=scores.count(_EVEN),
        same=same,
        rate=mean_of(scores),
    )


async def choose_by_model(
    pairs: Sequence[Pair], complete: Complete, *, parallel: int = PARALLEL
) -> tuple[dict[str, Choice], list[str]]:
    """Let a model choose, twice for each pair: in both orders; if it contradicts itself, neither.

    Returns:
        The choices by question, and a reason for each pair that was not judged.
    """
    gate = asyncio.Semaphore(parallel)
    untaken: list[str] = []

    async def chosen(pair: Pair) -> Choice | None:
        async with gate:
            try:
                there = read_choice(await complete(_prompt(pair, pair.first, pair.second)))
                back = read_choice(await complete(_prompt(pair, pair.second, pair.first)))
            except JudgementError as error:
                untaken.append(f"{pair.id}: {error}")
                return None
        return there if there is _OTHER[back] else Choice.NEITHER

    found = await asyncio.gather(*map(chosen, pairs))
    return {p.id: one for p, one in zip(pairs, found, strict=True) if one is not None}, untaken


_OTHER: Final = {
    Choice.FIRST: Choice.SECOND,
    Choice.SECOND: Choice.FIRST,
    Choice.NEITHER: Choice.NEITHER,
}


def _prompt(pair: Pair, first: str, second: str) -> str:
    # JSON strings: a text cannot end its own quotation and give the judge instructions.
    told = {"question": pair.question, "first": first, "second": second}
    values = {name: json.dumps(text, ensure_ascii=False) for name, text in told.items()}
    expected = json.dumps(pair.expected, ensure_ascii=False)
    return load("judge-preference").render(expected=expected, **values)


def read_choice(reply: str) -> Choice:
    """Read a judge's reply: one JSON object with a reason and a choice, and nothing else.

    Raises:
        JudgementError: It is anything else.

    >>> str(read_choice('{"reason": "It is right.", "better": "second"}'))
    'second'
    """
    try:
        said = json.loads(reply)
    except ValueError as error:
        raise JudgementError(f"the judge's reply is not JSON: {reply[:80]!r}") from error
    if not isinstance(said, dict) or said.keys() != {"reason", "better"}:
        raise JudgementError(f"the judge's reply has other keys: {reply[:80]!r}")
    if said["better"] not in set(Choice):
        raise JudgementError(f"the judge chose neither first nor second: {reply[:80]!r}")
    return Choice(said["better"])


class Choices:
    """The choices of one judge between two runs, kept in a file as soon as they are made.

    Args:
        data_dir: The data directory.
        before: Id of the earlier run.
        after: Id of the later one.
        by: Who chose: a model's name, or `PERSON`.
    """

    def __init__(self, data_dir: Path, before: str, after: str, *, by: str) -> None:
        self.path = data_dir / "preferences" / f"{before}--{after}.jsonl"
        self._by = by

    def read(self) -> dict[str, Choice]:
        """Return the choices so far, by question; a line that was cut off is left out."""
        if not self.path.exists():
            return {}
        found = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                said = json.loads(line)
                if said["by"] == self._by:
                    found[str(said["id"])] = Choice(said["choice"])
            except (ValueError, LookupError, TypeError):
                continue
        return found

    def add(self, choices: Mapping[str, Choice]) -> None:
        """Add choices, which then survive the end of the process."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            for name, choice in choices.items():
                file.write(json.dumps({"id": name, "choice": choice, "by": self._by}) + "\n")
            file.flush()
            os.fsync(file.fileno())
