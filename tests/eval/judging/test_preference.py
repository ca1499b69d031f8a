"""Two answers side by side: the choice is blind, and the rate is the later run's."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from footnote_qa.eval.errors import JudgementError, RunError
from footnote_qa.eval.judging import (
    PERSON,
    Choice,
    Choices,
    choose_by_model,
    pairs_of,
    preferred,
)
from footnote_qa.eval.judging.preference import read_choice
from footnote_qa.eval.runs import Asked, RunRecord

COUNT = 40


def run(name: str, said: Callable[[int], str]) -> RunRecord:
    questions = tuple(
        Asked(
            id=str(at),
            question=f"Who keeps {at}?",
            answerable=True,
            status="answered",
            answer=said(at),
            answers=(f"keeper {at}",),
        )
        for at in range(COUNT)
    )
    return RunRecord(set="rooms", run=name, metrics={}, questions=questions, settings={})


BEFORE = run("before", lambda at: f"Old {at}.")
AFTER = run("after", lambda at: f"New {at}." if at >= 10 else f"Old {at}.")


def test_only_different_answers_are_shown_in_an_order_that_says_nothing() -> None:
    pairs, same = pairs_of(BEFORE, AFTER)

    assert (len(pairs), same) == (30, 10)
    assert 8 <= sum(pair.is_swapped for pair in pairs) <= 22
    for pair in pairs:
        assert pair.first == (f"New {pair.id}." if pair.is_swapped else f"Old {pair.id}.")
    assert pairs_of(BEFORE, AFTER) == (pairs, same)
    assert pairs_of(BEFORE, AFTER, limit=3)[0] == pairs[:3]


def test_the_rate_is_that_of_the_later_run_with_its_interval() -> None:
    pairs, same = pairs_of(BEFORE, AFTER)
    new = {p.id: Choice.FIRST if p.is_swapped else Choice.SECOND for p in pairs}

    always = preferred(pairs, new, same=same)
    never = preferred(
        pairs,
        {p: Choice.FIRST if c is Choice.SECOND else Choice.SECOND for p, c in new.items()},
        same=same,
    )
    ties = preferred(pairs, dict.fromkeys(new, Choice.NEITHER), same=same)
    few = preferred(pairs, dict(list(new.items())[:2]), same=same)

    assert (always.wins, always.losses, always.ties) == (30, 0, 0)
    assert always.rate is not None
    assert (always.rate.mean, always.rate.high) == (1.0, 1.0)
    assert 0.85 < always.rate.low < 0.9
    assert always.verdict == "the later run is better"
    assert never.verdict == "the earlier run is better"
    assert (ties.ties, ties.verdict) == (30, "cannot tell")
    assert few.verdict == "cannot tell"
    assert preferred(pairs, {}, same=same).rate is None


def reply(better: str) -> str:
    return json.dumps({"reason": "So.", "better": better})


def test_a_model_chooses_in_both_orders_and_neither_if_it_looks_at_the_order_only() -> None:
    pairs, same = pairs_of(BEFORE, AFTER)

    async def likes_new(prompt: str) -> str:
        first = prompt.index("First answer"), prompt.index("Second answer")
        return reply("first" if prompt.index("New") < first[1] else "second")

    async def likes_the_first(_: str) -> str:
        return reply("first")

    new, untaken = asyncio.run(choose_by_model(pairs, likes_new))
    blind, _ = asyncio.run(choose_by_model(pairs, likes_the_first))

    assert (preferred(pairs, new, same=same).wins, untaken) == (30, [])
    assert preferred(pairs, blind, same=same).ties == 30


def test_a_reply_that_is_no_choice_is_counted_for_nobody() -> None:
    pairs, _ = pairs_of(BEFORE, AFTER)

    async def rambles(_: str) -> str:
        return "The first one, surely."

    chosen, untaken = asyncio.run(choose_by_model(pairs, rambles))

    assert (chosen, len(untaken)) == ({}, 30)
    for wrong in ('{"better": "first"}', reply("both"), reply("1")):
        with pytest.raises(JudgementError):
            read_choice(wrong)


def test_choices_are_kept_and_apart_for_each_judge(tmp_path: Path) -> None:
    kept = Choices(tmp_path, "before", "after", by=PERSON)
    kept.add({"1": Choice.FIRST})
    kept.add({"1": Choice.SECOND, "2": Choice.NEITHER})
    with kept.path.open("a") as file:
        file.write('{"id": "3", "cho')

    assert kept.read() == {"1": Choice.SECOND, "2": Choice.NEITHER}
    assert Choices(tmp_path, "before", "after", by="a model").read() == {}


def test_runs_without_a_common_answer_cannot_be_compared() -> None:
    with pytest.raises(RunError, match="no answered question in common"):
        pairs_of(BEFORE, AFTER.model_copy(update={"questions": ()}))
