"""What ends before its time: questions taken back or stopped, and the app itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.slack.dispatcher import Dispatcher
from bot.slack.inbox import Taken
from bot.slack.records import Records
from bot.slack.signs import Signs
from bot.slack.writer import Writer
from bot.store import Outcome, Store

log = logging.getLogger(__name__)

Next = Callable[[], Awaitable[object]]


class Lifecycle:
    """Ends questions that nobody wants an answer to any more.

    Args:
        store: Knows what is asked.
        records: Keep what was answered.
        writer: Takes messages out of Slack.
        signs: Show what is worked on.
        team: The workspace that the token belongs to.
    """

    def __init__(
        self, store: Store, records: Records, *, writer: Writer, signs: Signs, team: str
    ) -> None:
        self._store = store
        self._records = records
        self._writer = writer
        self._signs = signs
        self._team = team
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self, app: AsyncApp, dispatcher: Dispatcher, gone: Callable[[], None]) -> None:
        """Connect the events that end something; *gone* is called when the app is removed."""

        async def on_stopped(event: dict[str, Any]) -> None:
            await self.stop(dispatcher, str(event["channel"]), str(event.get("thread_ts") or ""))

        async def on_gone() -> None:
            log.error("app removed from the workspace, or its token taken back")
            gone()

        @app.middleware
        async def look(body: dict[str, Any], next_: Next) -> object:
            await self.seen(body)
            return await next_()

        app.event("agent_session_stopped")(on_stopped)
        app.event("app_uninstalled")(on_gone)
        app.event("tokens_revoked")(on_gone)

    async def seen(self, body: Mapping[str, Any]) -> None:
        """Take back that an answer may be missing, once somebody clicks something below it."""
        place = body.get("container") or {}
        if body.get("type") != "block_actions" or not place.get("message_ts"):
            return
        question_id = _question_of(body["actions"][0])
        note_ts = await asyncio.to_thread(self._store.settle, question_id, place["message_ts"])
        if note_ts is not None:
            log.info("answer seen after all", extra={"question_id": question_id})
            self._clean_up(str((body.get("channel") or {}).get("id")), (note_ts,))

    async def stop(self, dispatcher: Dispatcher, channel: str, thread_ts: str) -> None:
        """End what is worked on in a thread: its asker pressed Stop."""
        questions = await asyncio.to_thread(self._store.in_thread, self._team, channel, thread_ts)
        for question_id in questions:
            await asyncio.to_thread(self._store.finish, question_id, Outcome.STOPPED)
            dispatcher.cancel(question_id)
            log.info("question stopped", extra={"question_id": question_id})
        await self._signs.stopped(channel, thread_ts)

    async def withdrawn(self, dispatcher: Dispatcher, taken: Taken) -> None:
        """Clean up after a deleted question: its answer, and what is kept of it."""
        question = taken.withdrawn
        if question is None:
            return
        await asyncio.to_thread(self._records.forget_question, question.id)
        if not question.posting:
            # From the moment it was taken back nobody may begin to post for it.
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
    """Return the question that a control is about; what else its value says stands before it."""
    value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
    return str(value).rpartition(":")[2]
