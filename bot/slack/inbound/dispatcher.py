"""Dispatch waiting questions: a limited number in parallel, one at a time in each thread."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from slack_bolt.async_app import AsyncApp

from footnote_qa.bot.errors import SlackError, StoreError, StoreUnavailableError
from footnote_qa.bot.slack.inbound.inbox import Taken
from footnote_qa.bot.slack.outbound import StatusIndicator, Writer
from footnote_qa.bot.state import AnswerRepository, Claimed, Outcome, QuestionRepository

log = logging.getLogger(__name__)

RENEW_AGAIN_S: Final = 0.5
"""Pause before the next try; after an outage, owners must be heard before others take over."""

POLL_S: Final = 5.0
"""Longest pause between two looks for questions whose owner has died."""

LONGEST_PAUSE_S: Final = 60.0
"""Longest pause after a question has failed."""

TURNED_AWAY_AT_ONCE: Final = 8
"""How many refusals run in parallel, besides the answers, so that they need not wait for these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many questions are worked on in parallel: in total, and per person."""

    max_concurrent: int
    max_per_user: int | None = None


class Dispatcher:
    """Takes questions from the store and keeps track of every task it starts.

    Args:
        store: Holds the waiting questions.
        owner: This process.
        respond: Brings one question to its outcome.
        limits: How many are worked on in parallel.
        on_fatal: Called once if Slack no longer accepts the token.
    """

    def __init__(
        self,
        *,
        store: QuestionRepository,
        owner: str,
        respond: Callable[[Claimed], Awaitable[None]],
        limits: Limits,
        on_fatal: Callable[[], None],
    ) -> None:
        self._store = store
        self._owner = owner
        self._respond = respond
        self._room = {False: limits.max_concurrent, True: TURNED_AWAY_AT_ONCE}
        self._on_fatal = on_fatal
        self._max_per_user = limits.max_per_user
        self._by_question: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._hurrying = False
        self._unsure = False
        self._unlisten: Callable[[], None] = lambda: None
        self._tasks: dict[asyncio.Task[None], bool] = {}
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to take questions."""
        self._loops = [asyncio.create_task(self._take()), asyncio.create_task(self._renew())]
        loop = asyncio.get_running_loop()

        def woken() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self.wake)

        self._unlisten = self._store.database.listen(woken)

    def wake(self) -> None:
        """Check the store now."""
        self._wake.set()

    def stop(self) -> None:
        """Take no more questions."""
        self._stopping = True
        self.wake()

    def hurry(self) -> None:
        """Cancel running and newly claimed questions; they stay in the store."""
        self._hurrying = True
        for task in self._tasks:
            task.cancel()

    def cancel(self, question_id: str) -> None:
        """Stop working on a question that already has its outcome."""
        task = self._by_question.get(question_id)
        if task is not None:
            task.cancel()

    @property
    def running(self) -> int:
        """How many questions are being worked on."""
        return sum(not turned_away for turned_away in self._tasks.values())

    async def drain(self, timeout_s: float) -> None:
        """Take no more questions, finish the running ones, leave the rest to the next process."""
        self.stop()
        self._unlisten()
        taking, renewing = self._loops
        await taking
        if self._tasks and not self._hurrying:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        self.hurry()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        renewing.cancel()
        await asyncio.wait([renewing])
        await asyncio.to_thread(self._store.release, self._owner)

    async def _take(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                await self._release_unknown()
                await self._fill(turned_away=True)
                await self._fill(turned_away=False)
            except StoreUnavailableError:  # the state has logged it
                self._unsure = True
            except Exception:  # whatever it is, the bot must not silently stop listening
                self._unsure = True
                log.exception("questions not claimed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), min(POLL_S, self._store.lease_s / 3))

    async def _release_unknown(self) -> None:
        """Release what this process may have taken, or not released, without knowing it.

        Only here, where nothing is being claimed: a question just claimed has no task yet.
        """
        if self._unsure:
            in_work = tuple(self._by_question)
            await asyncio.to_thread(self._store.release, self._owner, keep=in_work)
            self._unsure = False

    async def _fill(self, *, turned_away: bool) -> None:
        while not self._stopping and self._has_room(turned_away=turned_away):
            claimed = await asyncio.to_thread(
                self._store.claim,
                self._owner,
                turned_away=turned_away,
                max_per_user=self._max_per_user,
            )
            if claimed is None:
                return
            task = asyncio.create_task(self._run(claimed))
            self._tasks[task] = turned_away
            self._by_question[claimed.id] = task
            task.add_done_callback(functools.partial(self._forget, claimed.id))

    def _has_room(self, *, turned_away: bool) -> bool:
        running = sum(kind is turned_away for kind in self._tasks.values())
        return running < self._room[turned_away]

    def _forget(self, question_id: str, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if self._by_question.get(question_id) is task:
            del self._by_question[question_id]
        self.wake()

    async def _run(self, claimed: Claimed) -> None:
        try:
            await self._respond(claimed)
        except SlackError:
            log.exception("token refused", extra={"question_id": claimed.id})
            self._stopping = True  # or the question would be taken again immediately
            self._on_fatal()
        except Exception:
            log.exception("question not finished", extra={"question_id": claimed.id})
            # Or it would fail repeatedly at full speed
            await asyncio.sleep(min(POLL_S * claimed.attempts, LONGEST_PAUSE_S))
        try:
            await asyncio.to_thread(self._store.release, self._owner, claimed.id)
        except StoreError:
            self._unsure = True
            log.exception("question not released", extra={"question_id": claimed.id})

    async def _renew(self) -> None:
        pause_s = self._store.lease_s / 3
        while True:
            await asyncio.sleep(pause_s)
            pause_s = self._store.lease_s / 3
            try:
                await asyncio.to_thread(self._store.renew, self._owner)
            except StoreUnavailableError:
                pause_s = RENEW_AGAIN_S
            except StoreError:
                log.exception("leases not renewed")


Next = Callable[[], Awaitable[object]]


class Cancellations:
    """Ends questions that nobody wants answered any more.

    Args:
        store: Holds the questions.
        records: Hold the answers.
        writer: Deletes messages in Slack.
        indicator: Shows which questions are being worked on.
        team: The workspace that the token belongs to.
    """

    def __init__(
        self,
        store: QuestionRepository,
        records: AnswerRepository,
        *,
        writer: Writer,
        indicator: StatusIndicator,
        team: str,
    ) -> None:
        self._store = store
        self._records = records
        self._writer = writer
        self._signs = indicator
        self._team = team
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self, app: AsyncApp, dispatcher: Dispatcher, gone: Callable[[], None]) -> None:
        """Register the events that end a question; *gone* is called when the app is removed."""

        async def on_stopped(event: dict[str, Any]) -> None:
            await self.stop(dispatcher, str(event["channel"]), str(event.get("thread_ts") or ""))

        async def on_gone() -> None:
            log.error("app removed from the workspace, or its token revoked")
            gone()

        @app.middleware
        async def look(body: dict[str, Any], next_: Next) -> object:
            await self.seen(body)
            return await next_()

        app.event("agent_session_stopped")(on_stopped)
        app.event("app_uninstalled")(on_gone)
        app.event("tokens_revoked")(on_gone)

    async def seen(self, body: Mapping[str, Any]) -> None:
        """Remove the note that an answer may be missing once somebody clicks below that answer."""
        place = body.get("container") or {}
        if body.get("type") != "block_actions" or not place.get("message_ts"):
            return
        question_id = _question_of(body["actions"][0])
        note_ts = await asyncio.to_thread(self._store.settle, question_id, place["message_ts"])
        if note_ts is not None:
            log.info("answer seen after all", extra={"question_id": question_id})
            self._clean_up(str((body.get("channel") or {}).get("id")), (note_ts,))

    async def stop(self, dispatcher: Dispatcher, channel: str, thread_ts: str) -> None:
        """Stop work on a thread's questions after its asker pressed Stop."""
        questions = await asyncio.to_thread(self._store.in_thread, self._team, channel, thread_ts)
        for question_id in questions:
            await asyncio.to_thread(self._store.finish, question_id, Outcome.STOPPED)
            dispatcher.cancel(question_id)
            log.info("question stopped", extra={"question_id": question_id})
        await self._signs.stopped(channel, thread_ts)

    async def withdrawn(self, dispatcher: Dispatcher, taken: Taken) -> None:
        """Clean up after a deleted question: its answer and everything stored about it."""
        question = taken.withdrawn
        if question is None:
            return
        await asyncio.to_thread(self._records.forget_question, question.id)
        if not question.posting:
            # After a question is withdrawn, nobody may begin to post for it.
            dispatcher.cancel(question.id)
        if question.messages:
            self._clean_up(taken.channel, question.messages)
        self._hold(self._signs.stopped(taken.channel, question.thread_ts))

    async def drain(self) -> None:
        """Finish cleaning up."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _clean_up(self, channel: str, messages: Sequence[str]) -> None:
        self._hold(self._writer.remove(channel, messages))

    def _hold(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _question_of(action: Mapping[str, Any]) -> str:
    """Return the id of the control's question; the value may have other data before it."""
    value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
    return str(value).rpartition(":")[2]
