"""Respond to one question: check whether it may be asked, find the answer, deliver it."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from footnote_qa.bot.languages import speak, tr
from footnote_qa.bot.slack.inbound import Audiences, People, Standing
from footnote_qa.bot.slack.messages import (
    Frame,
    Message,
    answer_message,
    note,
    question_text,
    texts,
)
from footnote_qa.bot.slack.outbound import OVER, Delivery, StatusIndicator, Stream, Writer
from footnote_qa.bot.state import (
    AnswerRepository,
    ChannelRepository,
    Claimed,
    Kind,
    Outcome,
    marks_of,
)
from footnote_qa.bot.trace import Step
from footnote_qa.bot.types import Answer, Question, Status
from footnote_qa.index.errors import IndexingError

log = logging.getLogger(__name__)

MAX_AGE_S: Final = 600.0
"""Oldest question from an earlier process that is still answered."""

MAX_ATTEMPTS: Final = 3
"""After this many tries a question is not asked again: a note says that it has no answer."""

GIVE_UP_AFTER_S: Final = 86_400.0
"""A process tries this long to post that note; then the question ends without it."""

ASK_TIMEOUT_S: Final = 180.0
_UNSEEN: Final = frozenset({Kind.COMMAND, Kind.UNASKED})
"""For these kinds, no status is shown while the bot works on them."""

HISTORY: Final = 6
"""How many earlier questions of a thread a new one may refer to."""


class Engine(Protocol):
    """An engine that finds answers."""

    async def aask(self, question: Question) -> Answer:
        """Answer *question*; raises `IndexingError`."""
        ...


class StreamingEngine(Engine, Protocol):
    """An engine that can also yield answers sentence by sentence."""

    def astream(self, question: Question) -> AsyncGenerator[str | Step | Answer]:
        """Yield steps, each checked sentence, and the answer last; raises `IndexingError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which questions are answered.

    Attributes:
        bot_user: The app's own user.
        max_question_chars: A longer question is not asked.
        guests: How guests and people of other companies are treated: refuse, ignore or answer.
        started_at: When this process began, in seconds since the epoch.
        now: Seconds since the epoch.
        stale: Changes in the documents since the build, in words; "" if there are none.
    """

    bot_user: str
    max_question_chars: int
    started_at: float
    guests: str = "refuse"
    now: Callable[[], float] = time.time
    stale: Callable[[], str] = lambda: ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """Answers one question at a time; any number may run side by side.

    Attributes:
        engine: Finds the answer; if it is a `StreamingEngine`, the answer is streamed.
        delivery: Delivers it to where it was asked.
        writer: Stores how it ended.
        indicator: Shows that it is being worked on.
        records: Store it for a while.
        channels: Rules of each channel.
        people: Looks up who asks.
        policy: Which questions are answered.
    """

    engine: Engine
    delivery: Delivery
    writer: Writer
    indicator: StatusIndicator
    records: AnswerRepository
    channels: ChannelRepository
    people: People
    audiences: Audiences
    policy: Policy

    async def respond(self, claimed: Claimed) -> None:
        """Bring *claimed* to its one outcome, and then end its status.

        Raises:
            SlackError: The token is no longer valid.
        """
        speak(await self.people.locale(claimed.received.user))
        await self._settle(claimed)
        if claimed.received.kind not in _UNSEEN:
            await self.indicator.at_rest(claimed)

    async def _settle(self, claimed: Claimed) -> None:
        if self._is_hopeless(claimed):
            log.error("question given up", extra={"question_id": claimed.id})
            await self.writer.finish(claimed, Outcome.GIVEN_UP)
            return
        if claimed.maybe_posted or claimed.parts:
            resumed = await self.delivery.resumed(claimed)
            if resumed is None:
                return
            claimed = resumed
        text = question_text(claimed.received.text, self.policy.bot_user)
        said = await self._without_asking(claimed, text)
        if said is not None and claimed.received.kind is Kind.UNASKED:
            await self._silent(claimed)  # nobody asked, so nobody needs a reason
        elif said is not None:
            await self.delivery.whole(claimed, said)
        else:
            await self._ask(claimed, text)

    async def _without_asking(self, claimed: Claimed, text: str) -> Message | None:
        if failed := self._failed(claimed):
            return note(failed, again=claimed.id)
        if not text:
            return note(tr(texts.HINT))
        if len(text) > self.policy.max_question_chars:
            return note(tr(texts.TOO_LONG).format(max_chars=self.policy.max_question_chars))
        if claimed.received.is_open and self.policy.guests != "answer":
            return note(tr(texts.OPEN))
        rules = await asyncio.to_thread(self.channels.rules, claimed.received.channel)
        return None if rules.enabled else note(tr(texts.OFF))

    def _failed(self, claimed: Claimed) -> str:
        """Return why the question can no longer be answered, or ""."""
        if claimed.turned_away:
            return tr(texts.BUSY)
        if claimed.attempts > MAX_ATTEMPTS:
            return tr(texts.GIVEN_UP).format(reference=claimed.id)
        return tr(texts.INTERRUPTED) if self._is_stale(claimed) else ""

    def _is_stale(self, claimed: Claimed) -> bool:
        is_left_behind = claimed.received_at < self.policy.started_at
        is_old = self.policy.now() - claimed.received_at > MAX_AGE_S
        return is_left_behind and is_old

    def _is_hopeless(self, claimed: Claimed) -> bool:
        since = max(claimed.received_at, self.policy.started_at)
        is_old = self.policy.now() - since > GIVE_UP_AFTER_S
        return is_old and claimed.attempts > 2 * MAX_ATTEMPTS

    async def _ask(self, claimed: Claimed, text: str) -> None:
        shows = claimed.received.kind not in _UNSEEN
        working = asyncio.create_task(self.indicator.working(claimed)) if shows else None
        try:
            await self._ask_whoever_may(claimed, text, may_stream=shows and not claimed.parts)
        finally:
            if working is not None:
                # If it were shown after the answer, it would stay.
                working.cancel()
                await asyncio.wait([working])

    async def _ask_whoever_may(self, claimed: Claimed, text: str, *, may_stream: bool) -> None:
        person = await self.people.person(claimed.received.user)
        if person.standing is Standing.APP:
            await self._silent(claimed)
            return
        is_strange = person.standing in {Standing.GUEST, Standing.EXTERNAL}
        if is_strange and self.policy.guests != "answer":
            if self.policy.guests == "ignore" or claimed.received.kind is Kind.UNASKED:
                await self._silent(claimed)
            else:
                await self.delivery.whole(claimed, note(tr(texts.GUEST)))
            return
        question = await asyncio.to_thread(self._question, claimed, text)
        # It is unknown what an unknown person may see, or what people of other companies in a
        # shared channel may see.
        if person.standing is Standing.MEMBER and not claimed.received.is_open:
            received = claimed.received
            audience = await self.audiences.of(received.channel, received.user)
            question = replace(question, audience=audience)
        await self._answer(claimed, question, may_stream=may_stream)

    def _question(self, claimed: Claimed, text: str) -> Question:
        received = claimed.received
        is_private = received.kind is Kind.COMMAND
        return Question(
            text=text,
            audience=frozenset(),
            history=() if is_private else self.records.turns(received, limit=HISTORY),
            thread=f"{received.channel}:{received.thread_ts}",
            user=received.user,
            channel=received.channel,
            language=self.channels.rules(received.channel).language,
        )

    async def _answer(self, claimed: Claimed, question: Question, *, may_stream: bool) -> None:
        stream = self.delivery.stream(claimed) if may_stream else None
        try:
            answer = await self._listen(claimed, question, stream)
        except _OverError:
            await self._deliver(claimed, stream, note(""))
            return
        except IndexingError:
            log.exception("index unusable", extra={"question_id": claimed.id})
            failed = note(tr(texts.NO_INDEX).format(reference=claimed.id), again=claimed.id)
            await self._deliver(claimed, stream, failed)
            return
        except Exception:
            log.exception("question failed", extra={"question_id": claimed.id})
            failed = note(tr(texts.FAILED).format(reference=claimed.id), again=claimed.id)
            await self._deliver(claimed, stream, failed)
            return
        finally:
            if stream is not None:
                await stream.pause()
        if claimed.received.kind is Kind.UNASKED and answer.status is not Status.ANSWERED:
            await self._silent(claimed)
            return
        await asyncio.to_thread(
            self.records.keep, claimed.id, claimed.received, question.text, answer
        )
        await self._show(claimed, stream, answer)
        if await self.writer.is_withdrawn(claimed):
            # Its question was deleted before this process noticed: nothing of it is stored.
            await asyncio.to_thread(self.records.forget_question, claimed.id)

    async def _show(self, claimed: Claimed, stream: Stream | None, answer: Answer) -> None:
        text = question_text(claimed.received.text, self.policy.bot_user)
        helper = await asyncio.to_thread(self.channels.helper, claimed.received.channel, text)
        frame = Frame(
            now=datetime.fromtimestamp(self.policy.now(), UTC),
            question_id=claimed.id,
            helper=bool(helper),
            marks=await asyncio.to_thread(marks_of, self.records.database),
            stale=self.policy.stale(),
            is_private=claimed.received.kind is Kind.COMMAND,
        )
        if stream is not None:
            await self.delivery.streamed(claimed, stream, answer, frame=frame)
        else:
            await self.delivery.whole(claimed, answer_message(answer, frame))

    async def _deliver(self, claimed: Claimed, stream: Stream | None, message: Message) -> None:
        if stream is not None:
            await self.delivery.replaced(claimed, stream, message)
            return
        await self.delivery.whole(claimed, message)

    async def _silent(self, claimed: Claimed) -> None:
        await self.writer.finish(claimed, Outcome.SILENT)
        if claimed.received.kind is not Kind.UNASKED:
            await self.indicator.nothing_came(claimed)

    async def _listen(self, claimed: Claimed, question: Question, stream: Stream | None) -> Answer:
        astream: Callable[[Question], AsyncGenerator[str | Step | Answer]] | None
        astream = getattr(self.engine, "astream", None)
        async with asyncio.timeout(ASK_TIMEOUT_S):
            if stream is None or astream is None:
                return await self.engine.aask(question)
            async with aclosing(astream(question)) as events:
                async for event in events:
                    if isinstance(event, Answer):
                        return event
                    if isinstance(event, Step):
                        await self.indicator.step(claimed, event)
                        continue
                    stream.add(event)
                    if stream.stage in OVER:
                        raise _OverError
        raise RuntimeError("the engine gave no answer")


class _OverError(Exception):
    """Nobody will read the rest of the engine's reply."""
