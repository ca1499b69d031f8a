"""Deliver an answer to its thread, as a completed stream or as one message."""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from footnote_qa.bot.errors import SlackError
from footnote_qa.bot.languages import tr
from footnote_qa.bot.slack.messages import Frame, Message, answer_message, blocks_below, note, texts
from footnote_qa.bot.slack.outbound.errors import Fault
from footnote_qa.bot.slack.outbound.streaming import Stage, Stream, StreamContext
from footnote_qa.bot.slack.outbound.writer import PAUSES_S, Writer
from footnote_qa.bot.state import Claimed, Outcome
from footnote_qa.bot.types import Answer, Status

log = logging.getLogger(__name__)

OVER: Final = frozenset({Stage.STOPPED, Stage.GONE, Stage.CLOSED, Stage.TOKEN})
"""Nobody will read the rest of the reply."""


class Delivery:
    """Delivers answers to where they were asked for.

    Args:
        writer: Posts, changes and deletes.
        means: Shared context of all streams.
    """

    def __init__(self, writer: Writer, means: StreamContext) -> None:
        self._writer = writer
        self._means = means

    def stream(self, claimed: Claimed) -> Stream:
        """Return a stream for sentences while the answer is written."""
        return Stream(self._means, claimed)

    async def resumed(self, claimed: Claimed) -> Claimed | None:
        """Find out what an earlier try left in Slack.

        Returns:
            The question with the messages begun for it; None if it now has its outcome.
        """
        if claimed.parts:
            return claimed
        begun = await self._writer.find(claimed)
        if begun.ts is not None and begun.is_whole:
            await self._writer.finish(
                claimed, Outcome.POSTED, begun.ts, keep_words=begun.offers_again
            )
            return None
        if begun.ts is not None:
            return replace(claimed, parts=(begun.ts,))
        if begun.permitted or claimed.received.response_url:  # a second private answer does no harm
            return claimed
        await self._writer.write(claimed, note(tr(texts.UNCERTAIN), again=claimed.id))
        return None

    async def whole(self, claimed: Claimed, message: Message) -> None:
        """Deliver *message*, replacing messages that were begun.

        Raises:
            SlackError: The token is no longer valid.
        """
        if claimed.parts:
            await self._writer.rewrite(claimed, claimed.parts, message)
        else:
            await self._writer.write(claimed, message)

    async def streamed(
        self, claimed: Claimed, stream: Stream, answer: Answer, *, frame: Frame
    ) -> None:
        """Complete *stream* with *answer*, whatever state it is in.

        Raises:
            SlackError: The token is no longer valid.
        """
        await stream.pause()
        is_same = answer.status is Status.ANSWERED and _words(answer.text) == _words(stream.said)
        if stream.stage is Stage.LIVE and is_same:
            below = blocks_below(answer, frame)
            if not await self._end(stream, below):
                return
        if stream.stage is Stage.LIVE and is_same:
            await self._writer.finish(claimed, Outcome.POSTED, stream.parts[-1])
            return
        await self.replaced(claimed, stream, answer_message(answer, frame))

    async def replaced(self, claimed: Claimed, stream: Stream, message: Message) -> None:
        """Show *message* in place of *stream*.

        Raises:
            SlackError: The token is no longer valid.
        """
        await stream.pause()
        match stream.stage:
            case Stage.UNBEGUN:
                await self._writer.write(claimed, message)
            case Stage.LIVE | Stage.SPOILT:
                await self._writer.rewrite(claimed, stream.parts, message)
            case Stage.LOST:
                await self._found(claimed, message)
            case Stage.STOPPED:
                await self._writer.finish(claimed, Outcome.STOPPED, stream.parts[-1])
            case Stage.GONE:
                await self._withdrawn(claimed, stream)
            case Stage.CLOSED:
                await self._writer.refuse(claimed)
            case _:
                raise SlackError(f"Slack no longer accepts SLACK_BOT_TOKEN: {stream.code}")

    async def _found(self, claimed: Claimed, message: Message) -> None:
        resumed = await self.resumed(claimed)
        if resumed is not None:
            await self.whole(resumed, message)

    async def _end(self, stream: Stream, below: Message) -> bool:
        """End a stream as soon as Slack accepts it; return False to leave it to the next try."""
        blocks = below.blocks
        for pause_s in PAUSES_S:
            failed = await stream.end(blocks)
            if failed is None or failed.fault is not Fault.NOT_DONE:
                return True
            await self._means.sleep(max(pause_s, failed.retry_after_s))
        return False

    async def _withdrawn(self, claimed: Claimed, stream: Stream) -> None:
        outcome = await asyncio.to_thread(self._means.store.outcome, claimed.id)
        if outcome is None and not stream.code:
            log.info("another process owns the question now", extra={"question_id": claimed.id})
            return
        if outcome in {None, Outcome.WITHDRAWN}:
            for ts in stream.parts[-1:]:
                await self._writer.end_stream(claimed, ts)
            await self._writer.remove(claimed.received.channel, stream.parts)
        await self._writer.finish(claimed, Outcome.WITHDRAWN)


def _words(text: str) -> list[str]:
    return text.split()
