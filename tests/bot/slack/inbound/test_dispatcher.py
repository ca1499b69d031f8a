import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise

import pytest

from footnote_qa.bot.database import Target
from footnote_qa.bot.errors import SlackError
from footnote_qa.bot.slack.inbound import dispatcher as dispatching
from footnote_qa.bot.slack.inbound.dispatcher import Dispatcher, Limits
from footnote_qa.bot.state.questions import Claimed, Outcome, QuestionRepository, Received

Work = Callable[[Claimed], Awaitable[None]]


@pytest.fixture
def store(target: Target) -> Iterator[QuestionRepository]:
    with QuestionRepository(target) as opened:
        yield opened


def ask(store: QuestionRepository, n: int, thread: int | None = None) -> None:
    ts = f"{n}.0"
    thread_ts = f"{n if thread is None else thread}.0"
    store.receive(
        Received(
            event_id=f"Ev{n}",
            team="T1",
            channel="C1",
            ts=ts,
            thread_ts=thread_ts,
            user="U1",
            text="?",
        )
    )


def serve(
    store: QuestionRepository, respond: Work, test: Callable[[Dispatcher], Awaitable[None]]
) -> bool:
    """Run *test* beside a dispatcher; returns whether it called something fatal."""
    fatal: list[bool] = []

    async def run() -> None:
        dispatcher = dispatcher_for(store, respond, lambda: fatal.append(True))
        dispatcher.start()
        async with asyncio.timeout(20):
            await test(dispatcher)
        await dispatcher.drain(0)

    asyncio.run(run())
    return bool(fatal)


def dispatcher_for(
    store: QuestionRepository, respond: Work, on_fatal: Callable[[], None]
) -> Dispatcher:
    return Dispatcher(
        store=store,
        owner="us",
        respond=respond,
        limits=Limits(max_concurrent=2),
        on_fatal=on_fatal,
    )


class Worker:
    """Finishes questions one by one as it is let; keeps count."""

    def __init__(self, store: QuestionRepository) -> None:
        self.started: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.begun = asyncio.Event()
        self.ready = asyncio.Semaphore(0)
        self.done = asyncio.Semaphore(0)
        self._store = store

    async def __call__(self, claimed: Claimed) -> None:
        self.started.append(claimed.received.ts)
        self.begun.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.ready.acquire()
        self.at_once -= 1
        await asyncio.to_thread(self._store.finish, claimed.id, Outcome.POSTED)
        self.done.release()


def test_no_more_than_the_limit_are_taken_while_none_is_finished(store: QuestionRepository) -> None:
    worker = Worker(store)
    for n in range(1, 7):
        ask(store, n)

    async def run() -> None:
        dispatcher = dispatcher_for(store, worker, lambda: None)
        await dispatcher._fill(turned_away=False)
        await asyncio.sleep(0)
        dispatcher.hurry()

    asyncio.run(run())

    assert worker.started == ["1.0", "2.0"]


def test_all_are_finished_in_the_end(store: QuestionRepository) -> None:
    worker = Worker(store)
    for n in range(1, 7):
        ask(store, n)

    async def test(_: Dispatcher) -> None:
        for _each in range(6):
            worker.ready.release()
            await worker.done.acquire()

    serve(store, worker, test)

    assert sorted(worker.started) == [f"{n}.0" for n in range(1, 7)]
    assert store.unfinished() == []


def test_a_question_that_comes_later_is_taken_when_woken(store: QuestionRepository) -> None:
    worker = Worker(store)
    worker.ready.release()

    async def test(dispatcher: Dispatcher) -> None:
        ask(store, 1)
        dispatcher.wake()
        await worker.done.acquire()

    serve(store, worker, test)

    assert store.unfinished() == []


def test_questions_of_one_thread_never_run_side_by_side(store: QuestionRepository) -> None:
    worker = Worker(store)
    for n in (1, 2, 3):
        ask(store, n, thread=1)

    async def test(_: Dispatcher) -> None:
        for _each in range(3):
            worker.ready.release()
            await worker.done.acquire()

    serve(store, worker, test)

    assert worker.started == ["1.0", "2.0", "3.0"]
    assert worker.most_at_once == 1


def test_what_runs_longer_than_the_drain_is_left_for_the_next_process(
    store: QuestionRepository,
) -> None:
    worker = Worker(store)
    ask(store, 1)

    async def test(_: Dispatcher) -> None:
        await worker.begun.wait()

    serve(store, worker, test)

    left = store.claim("next")
    assert left is not None
    assert (left.received.ts, left.attempts) == ("1.0", 2)


def test_who_is_in_a_hurry_does_not_wait_for_a_question_that_was_just_being_claimed(
    store: QuestionRepository,
) -> None:
    worker = Worker(store)
    ask(store, 1)

    async def test(dispatcher: Dispatcher) -> None:
        dispatcher.hurry()  # before the first claim has come back
        await worker.begun.wait()
        await dispatcher.drain(3600)

    serve(store, worker, test)

    left = store.claim("next")
    assert left is not None
    assert left.received.ts == "1.0"


def test_while_draining_no_question_is_begun(store: QuestionRepository) -> None:
    worker = Worker(store)

    async def test(dispatcher: Dispatcher) -> None:
        await dispatcher.drain(0)
        ask(store, 1)
        dispatcher.start()

    serve(store, worker, test)

    assert worker.started == []


def test_a_question_that_failed_is_tried_again_and_holds_up_no_other(
    store: QuestionRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatching, "POLL_S", 0.01)
    worker = Worker(store)
    failed: list[str] = []
    for n in (1, 2):
        ask(store, n)

    async def once_failing(claimed: Claimed) -> None:
        if claimed.received.ts == "1.0" and not failed:
            failed.append(claimed.id)
            raise OSError
        await worker(claimed)

    async def test(_: Dispatcher) -> None:
        for _each in range(2):
            worker.ready.release()
            await worker.done.acquire()

    fatal = serve(store, once_failing, test)

    assert worker.started == ["2.0", "1.0"]
    assert fatal is False


def test_a_question_that_fails_again_and_again_is_tried_at_growing_intervals(
    store: QuestionRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatching, "POLL_S", 0.05)
    monkeypatch.setattr(dispatching, "LONGEST_PAUSE_S", 0.1)
    tried: list[float] = []
    over = asyncio.Event()
    ask(store, 1)

    async def failing(claimed: Claimed) -> None:
        tried.append(time.monotonic())
        if claimed.attempts == 4:
            over.set()
            return
        raise OSError

    async def test(_: Dispatcher) -> None:
        await over.wait()

    serve(store, failing, test)

    first_s, second_s, third_s = (after - before for before, after in pairwise(tried[:4]))
    assert (first_s >= 0.05, second_s >= 0.1, third_s >= 0.1) == (True, True, True)


def test_a_token_taken_back_is_reported_and_the_question_stays(store: QuestionRepository) -> None:
    ask(store, 1)
    refused = asyncio.Event()

    async def refuse(_: Claimed) -> None:
        refused.set()
        raise SlackError

    async def test(dispatcher: Dispatcher) -> None:
        await refused.wait()
        await dispatcher._loops[0]  # by itself, it takes no more

    fatal = serve(store, refuse, test)

    assert fatal is True
    (left,) = store.unfinished()
    assert left.attempts == 1
