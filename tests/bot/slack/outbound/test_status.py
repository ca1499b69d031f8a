import asyncio
from collections.abc import Awaitable, Callable, Iterator

import aiohttp
import pytest

from footnote_qa.bot.slack.manifest import SCOPES
from footnote_qa.bot.slack.messages import texts
from footnote_qa.bot.slack.outbound.client import Clients
from footnote_qa.bot.slack.outbound.status import AGAIN_AFTER_S, StatusIndicator
from footnote_qa.bot.state.questions import Claimed, Received
from tests.fakes.slack_workspace import BOT_TOKEN, CHANNEL, Fault, SlackWorkspace

Work = Callable[[StatusIndicator], Awaitable[None]]


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    with SlackWorkspace(SCOPES) as workspace:
        yield workspace


def question() -> Claimed:
    received = Received(
        event_id="Ev1",
        team="T0TEAM",
        channel=CHANNEL,
        ts="1.0",
        thread_ts="1.0",
        user="U1",
        text="?",
    )
    return Claimed(
        id="q1",
        received=received,
        received_at=0.0,
        attempts=1,
        turned_away=False,
        maybe_posted=False,
    )


def with_signs(slack: SlackWorkspace, work: Work, *, naps: int = 0) -> list[float]:
    """Do *work*; the indicator sleeps so often, and then for ever."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) > naps:
            await asyncio.Event().wait()

    async def run() -> None:
        async with aiohttp.ClientSession() as session:
            clients = Clients(token=BOT_TOKEN, base_url=slack.api_url, session=session)
            await work(StatusIndicator(clients.posts, sleep=sleep))

    asyncio.run(run())
    return slept


def statuses(slack: SlackWorkspace) -> list[str]:
    return [s["status"] for s in slack.state.sessions]


def test_a_question_is_a_session_from_its_arrival_to_its_end(slack: SlackWorkspace) -> None:
    async def work(indicator: StatusIndicator) -> None:
        indicator.greet(question().received)
        await indicator.drain()
        await indicator.working(question())
        await indicator.at_rest(question())

    with_signs(slack, work)

    assert statuses(slack) == ["processing", "active"]
    assert slack.state.statuses == []


def test_a_greeting_that_is_late_shows_no_work_after_the_answer(slack: SlackWorkspace) -> None:
    slack.fail("agents.sessions.setStatus", Fault(hold="before"))

    async def work(indicator: StatusIndicator) -> None:
        indicator.greet(question().received)
        resting = asyncio.create_task(indicator.at_rest(question()))
        await asyncio.to_thread(
            slack.wait_for, lambda: slack.count("agents.sessions.setStatus"), "the greeting"
        )
        slack.release()
        await resting

    with_signs(slack, work)

    assert statuses(slack) == ["processing", "active"]


def test_without_sessions_a_status_is_shown_again_before_slack_takes_it_away(
    slack: SlackWorkspace,
) -> None:
    slack.state.without.add("agents.sessions.setStatus")

    async def work(indicator: StatusIndicator) -> None:
        task = asyncio.create_task(indicator.working(question()))
        async with asyncio.timeout(20):
            while len(slack.state.statuses) < 3:  # noqa: ASYNC110 there is no event to wait for
                await asyncio.sleep(0.001)
        task.cancel()

    slept = with_signs(slack, work, naps=2)

    assert [s["status"] for s in slack.state.statuses] == [texts.WORKING] * 3
    assert slept[:2] == [AGAIN_AFTER_S] * 2
    assert AGAIN_AFTER_S < 120
    assert slack.count("agents.sessions.setStatus") == 1


def test_a_workspace_that_knows_neither_is_asked_once_each(slack: SlackWorkspace) -> None:
    slack.state.without |= {"agents.sessions.setStatus", "assistant.threads.setStatus"}

    async def work(indicator: StatusIndicator) -> None:
        for _ in range(3):
            await indicator.working(question())
            await indicator.at_rest(question())

    with_signs(slack, work)

    assert slack.count("agents.sessions.setStatus") == 1
    assert slack.count("assistant.threads.setStatus") == 1


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(error="not_in_channel")])
def test_what_failed_once_is_tried_for_the_next_question(
    slack: SlackWorkspace, fault: Fault
) -> None:
    slack.fail("agents.sessions.setStatus", fault)
    slack.state.without.add("assistant.threads.setStatus")

    async def work(indicator: StatusIndicator) -> None:
        await indicator.working(question())
        await indicator.working(question())

    with_signs(slack, work)

    assert statuses(slack) == ["processing"]


def test_where_no_message_follows_the_status_is_taken_away(slack: SlackWorkspace) -> None:
    slack.state.without.add("agents.sessions.setStatus")

    async def work(indicator: StatusIndicator) -> None:
        await indicator.nothing_came(question())

    with_signs(slack, work)

    assert [s["status"] for s in slack.state.statuses] == [""]
