"""An answer as it arrives: pieces of checked text, then the complete answer."""

import asyncio
import contextvars
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from types import TracebackType
from typing import Self

from footnote_qa.bot.trace import Step
from footnote_qa.bot.types import Answer

Event = str | Step | Answer
Heard = Callable[[Step], None]
Ended = Callable[[Answer], None]

_NOT_YET = "the stream has not ended: read all of it first, or call finish()"


def _ignore(_: object) -> None:
    """Do nothing with a step or an answer."""


class AsyncAnswerStream(AsyncIterator[str]):
    """The pieces of one answer, for `async for`; every piece is checked before it is yielded.

    The pieces joined are the text of the answer.

    Args:
        events: Pieces and steps, and the answer last.
        on_step: Called with each further search and each document that is read.
        on_answer: Called with the answer at the end.
    """

    def __init__(
        self,
        events: AsyncGenerator[Event],
        *,
        on_step: Heard | None = None,
        on_answer: Ended | None = None,
    ) -> None:
        self._events = events
        self._on_step = on_step or _ignore
        self._on_answer = on_answer or _ignore
        self._answer: Answer | None = None

    @property
    def answer(self) -> Answer:
        """The complete answer, with its citations.

        Raises:
            RuntimeError: The stream has not ended yet.
        """
        if self._answer is None:
            raise RuntimeError(_NOT_YET)
        return self._answer

    async def __anext__(self) -> str:
        async for event in self._events:
            if isinstance(event, str):
                return event
            if isinstance(event, Step):
                self._on_step(event)
            else:
                self._answer = event
                self._on_answer(event)
        raise StopAsyncIteration

    async def finish(self) -> Answer:
        """Read the rest, and return the complete answer."""
        async for _ in self:
            pass
        return self.answer

    async def aclose(self) -> None:
        """Stop answering; a running request to a model is cancelled."""
        await self._events.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


class AnswerStream(Iterator[str]):
    """The pieces of one answer, for `for`; every piece is checked before it is yielded.

    The pieces joined are the text of the answer. The answer is made in a thread of its own, so a
    stream works where an event loop is running, such as in a notebook.

    Args:
        events: Makes the pieces and steps, and the answer last.
        on_step: Called in that thread with each further search and each document that is read.
        on_answer: Called with the answer at the end.
    """

    def __init__(
        self,
        events: Callable[[], AsyncGenerator[Event]],
        *,
        on_step: Heard | None = None,
        on_answer: Ended | None = None,
    ) -> None:
        self._made: queue.SimpleQueue[str | Answer | BaseException | None] = queue.SimpleQueue()
        self._on_answer = on_answer or _ignore
        self._answer: Answer | None = None
        self._has_ended = False
        self._stopping: Callable[[], object] = lambda: None
        self._ready = threading.Event()
        making = self._make(events, on_step or _ignore)
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(asyncio.run, making), name="footnote-stream", daemon=True
        )
        self._thread.start()

    async def _make(self, events: Callable[[], AsyncGenerator[Event]], on_step: Heard) -> None:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        if task is not None:
            self._stopping = lambda: loop.call_soon_threadsafe(task.cancel)
        self._ready.set()
        try:
            async with aclosing(events()) as made:
                async for event in made:
                    if isinstance(event, Step):
                        on_step(event)
                    else:
                        self._made.put(event)
            self._made.put(None)
        except asyncio.CancelledError:
            self._made.put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised where the stream is read
            self._made.put(error)

    @property
    def answer(self) -> Answer:
        """The complete answer, with its citations.

        Raises:
            RuntimeError: The stream has not ended yet.
        """
        if self._answer is None:
            raise RuntimeError(_NOT_YET)
        return self._answer

    def __next__(self) -> str:
        while not self._has_ended:
            event = self._made.get()
            if isinstance(event, str):
                return event
            if isinstance(event, Answer):
                self._answer = event
                self._on_answer(event)
                continue
            self._has_ended = True
            if event is not None:
                raise event
        raise StopIteration

    def finish(self) -> Answer:
        """Read the rest, and return the complete answer."""
        for _ in self:
            pass
        return self.answer

    def close(self) -> None:
        """Stop answering; a running request to a model is cancelled."""
        self._ready.wait()
        if self._thread.is_alive() and not self._has_ended:
            self._stop()
        self._thread.join()

    def _stop(self) -> None:
        try:
            self._stopping()
        except RuntimeError:  # its loop ended at this moment
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
