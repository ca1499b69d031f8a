"""Slack's limits for streams hold over all processes of the bot together."""

from contextlib import ExitStack

import pytest

from footnote_qa.bot.database import Target
from footnote_qa.bot.slack.outbound.stream_rate import (
    APPENDS_A_MINUTE,
    COUNTED_EVERY_S,
    STARTS_A_MINUTE,
    StreamRateLimiter,
)
from footnote_qa.bot.state import QuestionRepository, StreamCounter
from footnote_qa.bot.state.streams import LONGEST_S


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def limiters(stack: ExitStack, target: Target, clock: Clock) -> list[StreamRateLimiter]:
    stores = [stack.enter_context(QuestionRepository(target)) for _ in range(3)]
    return [StreamRateLimiter(clock, StreamCounter(store.database, now=clock)) for store in stores]


def test_all_processes_together_begin_as_many_streams_as_slack_allows(
    target: Target, clock: Clock
) -> None:
    with ExitStack() as stack:
        three = limiters(stack, target, clock)

        begun = [three[n % 3].begin() for n in range(STARTS_A_MINUTE + 6)]
        clock.now += 61
        later = three[2].begin()

    assert begun == [True] * STARTS_A_MINUTE + [False] * 6
    assert later


def test_the_streams_of_other_processes_slow_ours_down(target: Target, clock: Clock) -> None:
    with ExitStack() as stack:
        ours, theirs, others = limiters(stack, target, clock)
        for _ in range(7):
            theirs.begin()
            others.begin()
        ours.begin()
        ours.look()
        slow = ours.interval_s()
        for _ in range(7):
            theirs.end()
            others.end()
        clock.now += COUNTED_EVERY_S
        ours.look()

        assert slow == 60 * 15 / APPENDS_A_MINUTE
        assert ours.interval_s() == 1.0


def test_a_stream_of_a_process_that_died_counts_until_slack_ends_it(
    target: Target, clock: Clock
) -> None:
    with ExitStack() as stack:
        ours, dead, _ = limiters(stack, target, clock)
        for _ in range(5):
            dead.begin()
        ours.look()
        before = ours.interval_s()
        clock.now += LONGEST_S + 1
        ours.look()

        assert before == 60 * 5 / APPENDS_A_MINUTE
        assert ours.interval_s() == 1.0


def test_without_the_state_answers_are_posted_as_one_message(target: Target, clock: Clock) -> None:
    with ExitStack() as stack:
        ours, *_ = limiters(stack, target, clock)
        stack.close()

        assert ours.begin() is False
