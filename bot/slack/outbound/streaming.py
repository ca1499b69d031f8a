"""Stream an answer to Slack sentence by sentence, at the pace that Slack allows."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient

from footnote_qa.bot.slack.messages import Block, defuse_markdown
from footnote_qa.bot.slack.outbound.client import marked
from footnote_qa.bot.slack.outbound.errors import CALL_ERRORS, Failure, Fault, failure
from footnote_qa.bot.slack.outbound.stream_rate import StreamRateLimiter
from footnote_qa.bot.state import Claimed, QuestionRepository

log = logging.getLogger(__name__)

MAX_PART_BYTES: Final = 9000
"""Slack refuses more than about 10,600 in one streamed message."""

MAX_PART_S: Final = 240.0
"""Slack ends a stream after about 300 seconds, and then accepts neither text nor its end."""

PATIENCE_S: Final = 0.3
"""An answer completed this soon after its first sentence is posted as one message."""

_NO_STREAMS: Final = {
    "channel_type_not_supported",
    "feature_disabled",
    "not_subscribed_to_message_stream_stopped",
    "unknown_method",
}
_EXPIRED: Final = {"message_not_in_streaming_state", "streaming_state_conflict"}
_GONE: Final = {"invalid_thread_ts", "message_not_found", "thread_not_found"}


class Stage(StrEnum):
    """The stage of a stream."""

    UNBEGUN = "unbegun"  # nothing is in Slack; the answer can be posted as one message
    LIVE = "live"
    SPOILT = "spoilt"  # its content is unknown, or it ended: it must be written again
    LOST = "lost"  # it may have begun, but its time stamp is unknown
    STOPPED = "stopped"  # the asker pressed Stop
    GONE = "gone"  # the question or message was deleted, or belongs to another process
    CLOSED = "closed"  # the bot may not post there
    TOKEN = "token"  # noqa: S105 the token is no longer valid


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamContext:
    """Context that all streams of a process share.

    Attributes:
        posts: The client that never retries: a repeated piece would be shown twice.
        owner: This process.
        sleep: Waits this many seconds.
    """

    posts: AsyncWebClient
    store: QuestionRepository
    owner: str
    pace: StreamRateLimiter
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Stream:
    """One answer that is streamed into one or more messages."""

    def __init__(self, means: StreamContext, claimed: Claimed) -> None:
        self.stage = Stage.UNBEGUN
        self.code = ""  # Slack's error code that ended it
        self.parts: list[str] = []
        self.said = ""
        self._means = means
        self._claimed = claimed
        self._waiting = ""
        self._bytes = 0
        self._begun_at = 0.0
        self._not_before = 0.0
        self._counted = False
        self._refused = False
        self._wake = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def add(self, sentence: str) -> None:
        """Add a sentence; it is shown as soon as the pace allows."""
        apart = not self.said or self.said[-1].isspace() or sentence[:1].isspace()
        gap = "" if apart else " "
        self.said += gap + sentence
        self._waiting += gap + sentence
        self._wake.set()
        if self._writing is None:
            self._not_before = self._means.pace.now() + PATIENCE_S
            self._writing = asyncio.create_task(self._write())

    async def pause(self) -> None:
        """Wait for the piece that is being sent, and send no more."""
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing
            self._writing = None
        if self._counted:
            self._counted = False
            await asyncio.to_thread(self._means.pace.end)

    async def end(self, blocks: Sequence[Block]) -> Failure | None:
        """Send the remaining text with *blocks* below it; return the failure, if any."""
        while self.stage is Stage.LIVE and self._is_full():
            failed = await self._roll_over()
            if failed is not None:
                return failed
        if self.stage is not Stage.LIVE:
            return None
        return await self._stop(blocks, tail=self._waiting)

    async def _write(self) -> None:
        while self._goes_on():
            await self._wake.wait()
            self._wake.clear()
            while self._waiting and self._goes_on():
                pause_s = self._not_before - self._means.pace.now()
                if pause_s > 0:
                    await self._means.sleep(pause_s)
                # A cancelled call leaves its effect unknown, so every call is completed.
                await _whole(self._flush())

    def _goes_on(self) -> bool:
        return self.stage in {Stage.UNBEGUN, Stage.LIVE} and not self._refused

    async def _flush(self) -> None:
        if not await asyncio.to_thread(
            self._means.store.begin_posting, self._claimed.id, self._means.owner
        ):
            self.stage = Stage.GONE
            return
        if self.stage is Stage.UNBEGUN:
            await self._start()
        elif self._is_full() or self._is_old():
            await self._roll_over()
        else:
            await self._append()
        pace = self._means.pace
        await asyncio.to_thread(pace.look)
        self._not_before = max(self._not_before, pace.now() + pace.interval_s())

    def _is_full(self) -> bool:
        return self._bytes + len(defuse_markdown(self._waiting).encode()) > MAX_PART_BYTES

    def _is_old(self) -> bool:
        return self._means.pace.now() - self._begun_at >= MAX_PART_S

    async def _start(self) -> None:
        if not self._counted and not await asyncio.to_thread(self._means.pace.begin):
            self._refused = True
            await self._retract()
            return
        self._counted = True
        piece = _first(self._waiting, MAX_PART_BYTES)
        received = self._claimed.received
        is_alone = received.channel.startswith("D")
        try:
            begun = await self._means.posts.chat_startStream(
                channel=received.channel,
                thread_ts=received.thread_ts,
                recipient_team_id=None if is_alone else received.team,
                recipient_user_id=None if is_alone else received.user,
                chunks=[_chunk(piece)],
            )
        except CALL_ERRORS as error:
            await self._not_begun(failure(error))
            return
        ts = str(begun["ts"])
        await asyncio.to_thread(self._means.store.note_part, self._claimed.id, ts)
        self.parts.append(ts)
        self.stage = Stage.LIVE
        self._begun_at = self._means.pace.now()
        self._bytes = 0
        self._sent(piece)

    async def _not_begun(self, failed: Failure) -> None:
        self._log("stream not begun", failed)
        is_first = not self.parts
        if failed.fault in {Fault.UNSURE, Fault.BROKEN}:
            self.stage = Stage.LOST if is_first else Stage.SPOILT
        elif failed.fault is Fault.TOKEN:
            self.stage = Stage.TOKEN
        elif failed.code in _GONE:
            self.stage = Stage.GONE
        elif not is_first:
            self.stage = Stage.SPOILT
        else:
            self._unbegun(failed)
        if self.stage is Stage.UNBEGUN:
            await self._retract()

    def _unbegun(self, failed: Failure) -> None:
        """Handle that nothing was begun: the answer is posted as one message later."""
        self._refused = True
        if failed.code in _NO_STREAMS:
            self._means.pace.is_known = False

    async def _append(self) -> Failure | None:
        piece = self._waiting
        try:
            await self._means.posts.chat_appendStream(
                channel=self._claimed.received.channel, ts=self.parts[-1], chunks=[_chunk(piece)]
            )
        except CALL_ERRORS as error:
            failed = failure(error)
            await self._not_appended(failed)
            return failed
        self._sent(piece)
        return None

    async def _not_appended(self, failed: Failure) -> None:
        self._log("piece not shown", failed)
        if failed.fault is Fault.NOT_DONE:
            wait_s = max(failed.retry_after_s, self._means.pace.interval_s())
            self._not_before = self._means.pace.now() + wait_s
        elif failed.code == "msg_too_long":
            self._bytes = MAX_PART_BYTES  # full, whatever we counted: then a new message starts
        elif failed.code == "stopped_by_user":
            self.stage = Stage.STOPPED
        elif failed.code in _GONE:
            self.stage = Stage.GONE
        elif failed.fault is Fault.TOKEN:
            self.stage = Stage.TOKEN
        elif failed.code in _EXPIRED or failed.fault is not Fault.CLOSED:
            self.stage = Stage.SPOILT
        else:
            self.stage = Stage.CLOSED

    async def _roll_over(self) -> Failure | None:
        """End this message and continue in another."""
        failed = await self._stop((), tail="")
        if failed is None:
            self.stage = Stage.LIVE
            await self._start()
        return failed

    async def _stop(self, blocks: Sequence[Block], *, tail: str) -> Failure | None:
        try:
            await self._means.posts.chat_stopStream(
                channel=self._claimed.received.channel,
                ts=self.parts[-1],
                chunks=[_chunk(tail)] if tail else None,
                blocks=list(blocks) or None,
                metadata=marked(self._claimed.id),
            )
        except CALL_ERRORS as error:
            failed = failure(error)
            self._log("stream not ended", failed)
            if failed.fault is Fault.NOT_DONE:
                return failed
            self.stage = Stage.TOKEN if failed.fault is Fault.TOKEN else Stage.SPOILT
            return failed
        self._waiting = self._waiting[len(tail) :]
        return None

    async def _retract(self) -> None:
        await asyncio.to_thread(self._means.store.retract, self._claimed.id, self._means.owner)

    def _sent(self, piece: str) -> None:
        self._bytes += len(defuse_markdown(piece).encode())
        self._waiting = self._waiting[len(piece) :]

    def _log(self, message: str, failed: Failure) -> None:
        self.code = failed.code
        log.info(message, extra={"question_id": self._claimed.id, "code": failed.code})


async def _whole(work: Awaitable[None]) -> None:
    """Wait for *work* to end, even if this wait is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _chunk(text: str) -> dict[str, str]:
    return {"type": "markdown_text", "text": defuse_markdown(text)}


def _first(text: str, max_bytes: int) -> str:
    """Return the beginning of *text* that fits, up to a space if there is one."""
    head = text
    while len(defuse_markdown(head).encode()) > max_bytes:
        shorter = head[: len(head) * 3 // 4]
        head = shorter.rpartition(" ")[0] or shorter
    return head
