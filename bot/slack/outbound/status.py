"""Show under a question that it is being worked on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient

from footnote_qa.bot.languages import tr
from footnote_qa.bot.slack.messages import texts
from footnote_qa.bot.slack.outbound.errors import CALL_ERRORS, failure
from footnote_qa.bot.state import Claimed, Received
from footnote_qa.bot.trace import Step

log = logging.getLogger(__name__)

AGAIN_AFTER_S: Final = 90.0
"""Slack removes a status after two minutes."""

_LOADING: Final = (
    "is reading the documents…",
    "is looking for the best passages…",
    "is checking every sentence…",
)
_UNKNOWN_HERE: Final = {
    "channel_type_not_supported",
    "feature_disabled",
    "missing_scope",
    "not_agent_app",
    "not_authorized",
    "unknown_method",
}


class StatusIndicator:
    """Shows that questions are being worked on, and when they no longer are.

    A session has a Stop button; where sessions are not available, a status line is shown instead.
    A method that the workspace does not have is not tried again.
    """

    def __init__(
        self, posts: AsyncWebClient, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._posts = posts
        self._sleep = sleep
        self._has_sessions = True
        self._has_statuses = True
        self._in_session: set[tuple[str, str]] = set()
        self._greeting: dict[asyncio.Task[bool], tuple[str, str]] = {}
        self._told: set[tuple[str, str]] = set()

    def greet(self, received: Received) -> None:
        """Show immediately that a question arrived, although it may have to wait for others."""
        place = received.channel, received.thread_ts
        task = asyncio.create_task(self._show(*place))
        self._greeting[task] = place
        task.add_done_callback(self._greeting.pop)

    async def working(self, claimed: Claimed) -> None:
        """Show that a question is being worked on, until cancelled."""
        place = claimed.received.channel, claimed.received.thread_ts
        await self._greeted(place)
        if place in self._in_session:
            return
        while not await self._show(*place) and self._has_statuses:
            await self._sleep(AGAIN_AFTER_S)

    async def step(self, claimed: Claimed, step: Step) -> None:
        """Show what is being searched or read."""
        place = claimed.received.channel, claimed.received.thread_ts
        self._told.add(place)
        await self._status(*place, texts.doing(step))

    async def at_rest(self, claimed: Claimed) -> None:
        """Show that a question is no longer being worked on."""
        await self.stopped(claimed.received.channel, claimed.received.thread_ts)

    async def stopped(self, channel: str, thread_ts: str) -> None:
        """Show that nothing is being worked on in a thread any more."""
        await self._greeted((channel, thread_ts))
        self._in_session.discard((channel, thread_ts))
        self._told.discard((channel, thread_ts))
        await self._session(channel, thread_ts, "active")

    async def nothing_came(self, claimed: Claimed) -> None:
        """Remove the status if no message follows; a message would remove it by itself."""
        place = claimed.received.channel, claimed.received.thread_ts
        await self._greeted(place)
        if place not in self._in_session or place in self._told:
            await self._status(*place, "")

    async def drain(self) -> None:
        """Wait until pending status calls have arrived."""
        if self._greeting:
            await asyncio.wait(self._greeting)

    async def _greeted(self, place: tuple[str, str]) -> None:
        """Wait for the greeting: if it came after the answer, it would show work for an hour."""
        greeting = [task for task, where in self._greeting.items() if where == place]
        if greeting:
            await asyncio.wait(greeting)

    async def _show(self, channel: str, thread_ts: str) -> bool:
        """Show it as a session, which stays, or as a status; return whether it stays."""
        if await self._session(channel, thread_ts, "processing"):
            self._in_session.add((channel, thread_ts))
            return True
        await self._status(channel, thread_ts, tr(texts.WORKING))
        return False

    async def _session(self, channel: str, thread_ts: str, status: str) -> bool:
        if not self._has_sessions:
            return False
        try:
            await self._posts.agents_sessions_setStatus(
                channel_id=channel, thread_ts=thread_ts, status=status
            )
        except CALL_ERRORS as error:
            self._has_sessions = self._is_known(error)
            return False
        return True

    async def _status(self, channel: str, thread_ts: str, status: str) -> None:
        if not self._has_statuses:
            return
        try:
            await self._posts.assistant_threads_setStatus(
                channel_id=channel,
                thread_ts=thread_ts,
                status=status,
                loading_messages=_loading(status),
            )
        except CALL_ERRORS as error:
            self._has_statuses = self._is_known(error)

    def _is_known(self, error: Exception) -> bool:
        code = failure(error).code
        log.info("status not shown", extra={"code": code})
        return code not in _UNKNOWN_HERE


def _loading(status: str) -> list[str] | None:
    """Return the lines that Slack shows in turn while a status is set."""
    if not status:
        return None
    return list(_LOADING) if status == tr(texts.WORKING) else [status]
