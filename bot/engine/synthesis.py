"""Synthesise a checked answer from passages: ask each model in turn, then the offline reader."""

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from footnote_qa.bot.citations import Checked, Checker, Proves, Reason, Removed
from footnote_qa.bot.engine.context import for_answer, for_check, for_retry, verdicts_in, within
from footnote_qa.bot.engine.further_requests import Request
from footnote_qa.bot.engine.reply_parser import JsonReader, ReplyReader
from footnote_qa.bot.errors import AnswererError
from footnote_qa.bot.llm import Model, ModelSession
from footnote_qa.bot.trace import NS_PER_MS, Step, StepKind
from footnote_qa.bot.types import Answerer, Draft, Messages, Question, Sentence, ShownPassage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome for a question.

    Attributes:
        checked: The draft after the check.
        said_something: Whether anything was stated, kept or not.
        answerer: Name of the answerer.
        fell_back: Whether there were models but none could be used.
        confidence: The offline reader's; None if it was not used.
        points_at: The words that it marks as the answer itself.
        missing: Names in the question that no document has.
        left_out: How many items, rows or lines of what is quoted are not shown.
        is_partial: Whether the answerer says that the documents lack a part of the answer.
    """

    checked: Checked
    said_something: bool
    answerer: str
    fell_back: bool
    confidence: float | None = None
    points_at: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    left_out: int = 0
    is_partial: bool = False


MOST_ASKED = 12
"""How many open statements a model is asked about at most; the others are marked."""

_UNSAID = frozenset({Reason.ABSENT, Reason.REMARK, Reason.EMPTY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many tokens of passages an answerer is handed.

    Attributes:
        model: For models whose provider sets nothing else.
        extractive: For the answerer that works without a model.
    """

    model: int = 6000
    extractive: int = 12_000


FURTHER_TIME = 0.3
"""Share of the time for models that must be left for a further search."""

Further = Callable[[Sequence[Request], int], Awaitable[Sequence[ShownPassage]]]
"""Fetches what a model asks for, with how many tokens of passages it is handed; returns all that
it is shown then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The passages for an answerer, and how it gets more.

    Attributes:
        shown: The passages to answer from.
        notes: Notes on them that a model gets in their place; "" for the passages themselves.
        further: Fetches what a model asks for besides; None if it may not ask.
        most_further: How many searches and documents it may ask for.
    """

    shown: Sequence[ShownPassage]
    notes: str = ""
    further: Further | None = None
    most_further: int = 0


class AnswerSynthesizer:
    """Drafts and checks the answer to one question.

    Args:
        question: A question that needs no context.
        reading: What there is to read.
        session: The models.
        fallback: Drafts if no model can be used.
        proves: Compares the meaning of a sentence and its evidence.
        room: How many tokens of passages are handed over.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all the parts of an answer, passed in once
        self,
        question: Question,
        reading: Reading,
        session: ModelSession,
        fallback: Answerer,
        *,
        proves: Proves | None,
        room: Room = Room(),
    ) -> None:
        self._room = room
        self._question = question
        self._reading = reading
        self._proves = proves
        self._talk = session
        self._fallback = fallback
        self._show(reading.shown)
        self._left = reading.most_further if reading.further else 0
        self._asked_for: Sequence[Request] = ()
        self._check_ns = 0
        self._told_by: list[str] = []

    def _show(self, shown: Sequence[ShownPassage]) -> None:
        """Answer from these passages; nothing may have been shown of an answer yet."""
        self._shown = shown
        self._checker = Checker(shown, self._proves, asked=self._question.text)

    async def events(self, *, stream: bool) -> AsyncGenerator[str | Step | Result]:
        """Yield what is shown of the answer as soon as it is checked, and the result last.

        Before a model's further searches and documents are fetched, a step says so.

        The pieces joined are the answer. Text that was yielded stays: if a stream breaks off, the
        next answerer adds to it without repeating it.
        """
        for model in self._talk.models:
            try:
                async for told in self._by_model(model, stream=stream):
                    yield told
            except AnswererError:  # the session has logged it
                if told := self._shown_by(self._checker.settle({}), model.provider.name):
                    yield told
                continue
            yield self._result(model.provider.name)
            return
        some = within(self._shown, tokens=self._room.extractive)
        with self._talk.trace.step(StepKind.OFFLINE) as step:
            step.counts["passages"] = len(some)
            draft = await self._fallback.draft(self._question, some)
        shown = [self._checked(part) for part in draft.sentences]
        for told in filter(None, [*shown, self._checker.settle({})]):
            yield self._shown_by(told, draft.answerer)
        yield self._offline(draft)

    async def _by_model(self, model: Model, *, stream: bool) -> AsyncGenerator[str | Step]:
        """Yield what is shown of a model's reply, and at its end what was left open."""
        name = model.provider.name
        async for part in self._drafted(model, stream=stream):
            if isinstance(part, Step):
                yield part
            elif told := self._shown_by(self._checked(part), name):
                yield told
        settled = self._checker.settle(await self._verdicts(model))
        if told := self._shown_by(settled, name):
            yield told

    async def _drafted(self, model: Model, *, stream: bool) -> AsyncGenerator[Sentence | Step]:
        """Yield the model's parts; if none is kept, ask once more and yield those.

        A reply that only asks for searches or documents is no answer: they are fetched, and the
        model is asked again.
        """
        said = False
        while True:
            messages = self._messages(model)
            async for part in self._parts(model, messages, purpose="answer", stream=stream):
                said = True
                yield part
            asked = self._asked_for[: self._left]
            if said or not asked or not self._may_fetch():
                break
            for one in asked:
                yield Step(kind=StepKind.SEARCH if one.search else StepKind.READ, detail=one.search)
            await self._fetch(asked, model)
        removed = self._stated()
        if not said or not removed or self._checker.checked.text or self._checker.undecided:
            return
        again = for_retry(messages, removed)
        try:
            async for part in self._parts(model, again, purpose="retry", stream=stream):
                yield part
        except AnswererError:
            return  # the first reply was complete and unsupported, so that is the outcome

    def _messages(self, model: Model) -> Messages:
        limits = model.provider
        return for_answer(
            self._question,
            self._shown,
            room_tokens=limits.context_tokens - limits.reply_tokens,
            passage_tokens=self._passage_tokens(model),
            structured=limits.structured,
            further=self._left if self._may_fetch() else 0,
            notes=self._reading.notes,
        )

    def _passage_tokens(self, model: Model) -> int:
        return model.provider.passage_tokens or self._room.model

    def _may_fetch(self) -> bool:
        """Return whether a model may ask for more: nothing is shown yet, and there is time."""
        return self._left > 0 and not self._told_by and self._talk.time_left > FURTHER_TIME

    async def _fetch(self, asked: Sequence[Request], model: Model) -> None:
        self._left -= len(asked)
        if self._reading.further is not None:
            self._show(await self._reading.further(asked, self._passage_tokens(model)))

    async def _parts(
        self, model: Model, messages: Messages, *, purpose: str, stream: bool
    ) -> AsyncGenerator[Sentence]:
        reader = JsonReader() if messages.schema else ReplyReader(len(self._shown))
        pieces = self._talk.reply(model, messages, purpose=purpose, stream=stream)
        if not stream:  # a reply that does not end well is not used
            pieces = _listed([piece async for piece in pieces])
        async for text in pieces:
            for part in reader.feed(text):
                yield part
        for part in reader.end():
            yield part
        self._asked_for = reader.requests.found if isinstance(reader, ReplyReader) else []

    def _checked(self, part: Sentence) -> str:
        """Check a part; return the text that is shown because of it."""
        began = time.perf_counter_ns()
        told = self._checker.add(part)
        self._check_ns += time.perf_counter_ns() - began
        return told

    async def _verdicts(self, model: Model) -> dict[int, bool]:
        """Ask the model once about everything that the check left open."""
        undecided = self._checker.undecided[:MOST_ASKED]
        if not undecided:
            return {}
        try:
            replies = self._talk.reply(model, for_check(undecided), purpose="check", stream=False)
            reply = "".join([piece async for piece in replies])
        except AnswererError:
            return {}  # the session has logged it; what is open is marked
        return verdicts_in(reply, len(undecided))

    def _shown_by(self, told: str, answerer: str) -> str:
        if told and answerer not in self._told_by:
            self._told_by.append(answerer)
        return told

    def _stated(self) -> list[Removed]:
        """Return what was removed of what was said about the documents."""
        return [one for one in self._checker.checked.removed if one.reason not in _UNSAID]

    def _result(self, answerer: str) -> Result:
        checked = self._checker.checked
        if checked.removed:
            reasons = sorted(str(one.reason) for one in checked.removed)
            log.info("parts removed", extra={"count": len(reasons), "reasons": reasons})
        counts = {"kept": len(checked.parts), "removed": len(checked.removed)}
        ms = round(self._check_ns / NS_PER_MS, 1)
        self._talk.trace.add(Step(kind=StepKind.CHECK, ms=ms, counts=counts))
        return Result(
            checked=checked,
            said_something=bool(self._stated()) or bool(self._told_by),
            is_partial=any(one.reason is Reason.ABSENT for one in checked.removed),
            answerer=", ".join(self._told_by) or answerer,
            fell_back=False,
        )

    def _offline(self, draft: Draft) -> Result:
        result = self._result(draft.answerer)
        return replace(
            result,
            fell_back=bool(self._talk.models),
            confidence=draft.confidence,
            points_at=draft.points_at,
            missing=draft.missing,
            left_out=draft.left_out,
        )


async def _listed(pieces: Sequence[str]) -> AsyncGenerator[str]:
    for piece in pieces:
        yield piece
