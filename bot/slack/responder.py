"""The life of one question: is it fit, what is its answer, and off to the writer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.slack import sentences
from bot.slack.blocks import Message, answer_message, note
from bot.slack.text import question_text
from bot.slack.writer import Writer
from bot.store import Claimed, Outcome
from bot.types import Answer, Question
from index.errors import IndexingError

log = logging.getLogger(__name__)

Ask = Callable[[Question], Awaitable[Answer]]

MAX_AGE_S: Final = 600.0
"""A question that an earlier process left behind is answered up to this age."""

MAX_ATTEMPTS: Final = 3
"""After so many a question is not asked again, only told of; after twice as many, it is dropped."""

ASK_TIMEOUT_S: Final = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """Answers one question at a time; any number may run side by side.

    Attributes:
        ask: Finds the answer.
        writer: Posts it.
        bot_user: The app's own user.
        audiences: The groups whose documents a channel may see, by its id.
        max_question_chars: A longer question is not asked.
        started_at: When this process began, in seconds since the epoch.
        now: Seconds since the epoch.
    """

    ask: Ask
    writer: Writer
    bot_user: str
    audiences: Mapping[str, frozenset[str]]
    max_question_chars: int
    started_at: float
    now: Callable[[], float] = time.time

    async def respond(self, claimed: Claimed) -> None:
        """Bring *claimed* to its one outcome.

        Raises:
            SlackError: The token does not hold any more.
        """
        if claimed.attempts > 2 * MAX_ATTEMPTS:
            await self.writer.finish(claimed, Outcome.GIVEN_UP)
            return
        if not claimed.maybe_posted:
            await self.writer.write(claimed, await self._reply(claimed))
            return
        found = await self.writer.find(claimed)
        if found.ts is not None:
            await self.writer.finish(claimed, Outcome.POSTED, found.ts)
        elif found.permitted:
            await self.writer.write(claimed, await self._reply(claimed))
        else:
            await self.writer.write(claimed, note(sentences.UNCERTAIN))

    async def _reply(self, claimed: Claimed) -> Message:
        if claimed.turned_away:
            return note(sentences.BUSY)
        if self._is_stale(claimed):
            return note(sentences.INTERRUPTED)
        text = question_text(claimed.received.text, self.bot_user)
        if not text:
            return note(sentences.HINT)
        if len(text) > self.max_question_chars:
            return note(sentences.TOO_LONG.format(max_chars=self.max_question_chars))
        return await self._answer(claimed, text)

    def _is_stale(self, claimed: Claimed) -> bool:
        is_left_behind = claimed.received_at < self.started_at
        is_old = self.now() - claimed.received_at > MAX_AGE_S
        return (is_left_behind and is_old) or claimed.attempts > MAX_ATTEMPTS

    async def _answer(self, claimed: Claimed, text: str) -> Message:
        working = asyncio.create_task(self.writer.show_working(claimed))
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S):
                answer = await self.ask(Question(text=text, audience=self._audience(claimed)))
            return answer_message(answer, now=datetime.fromtimestamp(self.now(), UTC))
        except IndexingError:
            log.exception("index unusable", extra={"question_id": claimed.id})
            return note(sentences.NO_INDEX.format(reference=claimed.id))
        except Exception:
            log.exception("question failed", extra={"question_id": claimed.id})
            return note(sentences.FAILED.format(reference=claimed.id))
        finally:
            # Shown after the answer, it would stay.
            working.cancel()
            await asyncio.wait([working])

    def _audience(self, claimed: Claimed) -> frozenset[str]:
        channel = claimed.received.channel
        # A direct message has no groups yet: whose the asker is, nothing here knows.
        return frozenset() if channel.startswith("D") else self.audiences.get(channel, frozenset())
