"""Kept questions are worked on: so many at once, one at a time in a thread, none forgotten."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bot.errors import SlackError, StoreError
from bot.store import Claimed, Store

log = logging.getLogger(__name__)

POLL_S: Final = 5.0
"""How often, at least, to look for questions whose owner has died."""

TURNED_AWAY_AT_ONCE: Final = 8
"""Who is turned away must not wait for those who are answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many questions are worked on at once: in all, and of one person."""

    max_concurrent: int
    max_per_user: int | None = None


class Dispatcher:
    """Takes questions from the store and keeps hold of every task it starts.

    Args:
        store: Where questions wait.
        owner: This process.
        respond: Brings one question to its outcome.
        limits: How many are worked on at once.
        on_fatal: Called once when Slack does not take the token any more.
    """

    def __init__(
        self,
        *,
        store: Store,
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
        self._tasks: dict[asyncio.Task[None], bool] = {}
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to take questions."""
        self._loops = [asyncio.create_task(self._take()), asyncio.create_task(self._renew())]

    def wake(self) -> None:
        """Look into the store now."""
        self._wake.set()

    def stop(self) -> None:
        """Take no more questions."""
        self._stopping = True
        self.wake()

    def hurry(self) -> None:
        """Drop what runs, and what is just being claimed; it stays in the store."""
        self._hurrying = True
        for task in self._tasks:
            task.cancel()

    def cancel(self, question_id: str) -> None:
        """Work no more on a question that has its outcome already."""
        task = self._by_question.get(question_id)
        if task is not None:
            task.cancel()

    @property
    def running(self) -> int:
        """How many questions are worked on."""
        return sum(not turned_away for turned_away in self._tasks.values())

    async def drain(self, timeout_s: float) -> None:
        """Take no more questions, finish what runs, and leave the rest to the next process."""
        self.stop()
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
                await self._fill(turned_away=True)
                await self._fill(turned_away=False)
            except Exception:  # whatever it is, the bot must not stop listening silently
                log.exception("questions not claimed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), min(POLL_S, self._store.lease_s / 3))

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
            self._stopping = True  # or the question would be taken again at once
            self._on_fatal()
        except Exception:
            log.exception("question not finished", extra={"question_id": claimed.id})
            await asyncio.sleep(POLL_S)  # or it would fail again and again at full speed
        await asyncio.to_thread(self._store.release, self._owner, claimed.id)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._store.lease_s / 3)
            try:
                await asyncio.to_thread(self._store.renew, self._owner)
            except StoreError:
                log.exception("leases not renewed")
