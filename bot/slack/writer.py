"""Exactly one message for a question, whatever Slack and the network do meanwhile."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import SlackError
from bot.slack import sentences
from bot.slack.blocks import Message, note
from bot.slack.faults import CALL_ERRORS, Failure, Fault, failure
from bot.store import Claimed, Outcome, Store

log = logging.getLogger(__name__)

EVENT_TYPE: Final = "footnote_answer"
"""Marks our messages, so that they can be found again."""

PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0)
"""How long to wait after each failed try, unless Slack asks for longer."""

_LOOKUP_PAGES: Final = 5
_NO_STATUS: Final = {"feature_disabled", "missing_scope", "not_authorized", "unknown_method"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Whether our message stands in a thread.

    Attributes:
        ts: Of the message; None if it is not there or could not be looked for.
        permitted: Whether Slack let us look.
    """

    ts: str | None
    permitted: bool


class Writer:
    """Posts to Slack.

    Args:
        calls: Repeats what may be repeated.
        posts: Repeats nothing by itself: a second post would be a second answer.
        store: Knows whose a question is.
        owner: This process.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        *,
        calls: AsyncWebClient,
        posts: AsyncWebClient,
        store: Store,
        owner: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._calls = calls
        self._posts = posts
        self._store = store
        self._owner = owner
        self._sleep = sleep
        self._shows_working = True

    async def show_working(self, claimed: Claimed) -> None:
        """Show under the question that somebody works on it; Slack takes it away at the answer."""
        if not self._shows_working:
            return
        try:
            await self._posts.assistant_threads_setStatus(
                channel_id=claimed.received.channel,
                thread_ts=claimed.received.thread_ts,
                status=sentences.WORKING,
            )
        except CALL_ERRORS as error:
            code = failure(error).code
            self._shows_working = code not in _NO_STATUS
            log.info("status not shown", extra={"question_id": claimed.id, "code": code})

    async def find(self, claimed: Claimed) -> Lookup:
        """Look for what an earlier try may have posted."""
        cursor: str | None = None
        try:
            for _ in range(_LOOKUP_PAGES):
                page = await self._calls.conversations_replies(
                    channel=claimed.received.channel,
                    ts=claimed.received.thread_ts,
                    oldest=claimed.received.ts,
                    include_all_metadata=True,
                    limit=200,
                    cursor=cursor,
                )
                ts = _ours(page, claimed.id)
                cursor = (page.get("response_metadata") or {}).get("next_cursor")
                if ts is not None or not cursor:
                    return Lookup(ts=ts, permitted=True)
        except CALL_ERRORS as error:
            code = failure(error).code
            log.info("answer not looked up", extra={"question_id": claimed.id, "code": code})
            # Without its question there is no thread, and no answer in it.
            return Lookup(ts=None, permitted=code == "thread_not_found")
        return Lookup(ts=None, permitted=False)

    async def write(self, claimed: Claimed, message: Message) -> None:
        """Post *message* under its question and keep the outcome.

        If Slack cannot be reached for long, the question stays without an outcome.

        Raises:
            SlackError: The token does not hold any more.
        """
        for pause_s in PAUSES_S:
            if not await asyncio.to_thread(self._store.begin_posting, claimed.id, self._owner):
                log.info("question is somebody else's now", extra={"question_id": claimed.id})
                return
            failed = await self._try(claimed, message)
            if failed is None:
                return
            if failed.fault is Fault.MALFORMED and message.blocks:
                log.error("blocks refused", extra={"question_id": claimed.id, "code": failed.code})
                message = Message(text=message.text)
            elif await self._is_settled(claimed, failed, pause_s):
                return
        await asyncio.to_thread(self._store.retract, claimed.id, self._owner)
        log.error("answer not posted yet", extra={"question_id": claimed.id})

    async def finish(self, claimed: Claimed, outcome: Outcome, ts: str | None = None) -> None:
        """Keep how a question ended."""
        await asyncio.to_thread(self._store.finish, claimed.id, outcome, ts)
        log.info("question finished", extra={"question_id": claimed.id, "outcome": outcome.value})

    async def _try(self, claimed: Claimed, message: Message) -> Failure | None:
        try:
            posted = await self._post(claimed, message)
        except CALL_ERRORS as error:
            failed = failure(error)
            log.warning("post failed", extra={"question_id": claimed.id, "code": failed.code})
            return failed
        ts = str(posted["ts"])
        root = posted.get("message")
        if root is None or root.get("thread_ts"):
            await self.finish(claimed, Outcome.POSTED, ts)
        else:
            # The question was deleted: Slack has put its answer into the open channel instead.
            await self._delete(claimed, ts)
            await self.finish(claimed, Outcome.WITHDRAWN)
        return None

    async def _post(self, claimed: Claimed, message: Message) -> AsyncSlackResponse:
        return await self._posts.chat_postMessage(
            channel=claimed.received.channel,
            thread_ts=claimed.received.thread_ts,
            text=message.text,
            blocks=list(message.blocks) or None,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"question_id": claimed.id}},
            parse="none",
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
        )

    async def _is_settled(self, claimed: Claimed, failed: Failure, pause_s: float) -> bool:
        """Decide whether *failed* was the end; False lets it be tried again."""
        if failed.fault in {Fault.NOT_DONE, Fault.TOKEN}:
            # Should this process be killed while it waits, the next one need not wonder.
            await asyncio.to_thread(self._store.retract, claimed.id, self._owner)
        match failed.fault:
            case Fault.NOT_DONE:
                await self._sleep(max(pause_s, failed.retry_after_s))
                return False
            case Fault.TOKEN:
                raise SlackError(f"Slack does not take SLACK_BOT_TOKEN any more: {failed.code}")
            case Fault.BROKEN | Fault.UNSURE:
                await self._sleep(pause_s)
                return await self._is_there(claimed, failed)
            case _:
                await self._tell_asker(claimed)
                await self.finish(claimed, Outcome.REFUSED)
                return True

    async def _is_there(self, claimed: Claimed, failed: Failure) -> bool:
        found = await self.find(claimed)
        if found.ts is not None:
            await self.finish(claimed, Outcome.POSTED, found.ts)
            return True
        if found.permitted or failed.fault is Fault.BROKEN:
            return False
        # One answer missing is better than two: say so, once, and let the asker decide.
        try:
            await self._post(claimed, note(sentences.UNCERTAIN))
        except CALL_ERRORS as error:
            code = failure(error).code
            log.warning("note not posted", extra={"question_id": claimed.id, "code": code})
        await self.finish(claimed, Outcome.UNCERTAIN)
        return True

    async def _delete(self, claimed: Claimed, ts: str) -> None:
        try:
            await self._calls.chat_delete(channel=claimed.received.channel, ts=ts)
        except CALL_ERRORS as error:
            code = failure(error).code
            log.error("stray answer not deleted", extra={"question_id": claimed.id, "code": code})  # noqa: TRY400 the code says all

    async def _tell_asker(self, claimed: Claimed) -> None:
        """Where the channel is closed to us, say so in a direct message, once."""
        if claimed.received.channel.startswith("D"):
            return
        try:
            opened = await self._calls.conversations_open(users=claimed.received.user)
            channel: dict[str, Any] = opened["channel"]
            await self._posts.chat_postMessage(
                channel=channel["id"],
                text=sentences.CLOSED,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        except CALL_ERRORS as error:
            code = failure(error).code
            log.warning("asker not told", extra={"question_id": claimed.id, "code": code})


def _ours(page: AsyncSlackResponse, question_id: str) -> str | None:
    messages: list[dict[str, Any]] = page.get("messages") or []
    for message in messages:
        metadata = message.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        is_ours = metadata.get("event_type") == EVENT_TYPE
        if is_ours and payload.get("question_id") == question_id:
            return str(message["ts"])
    return None
