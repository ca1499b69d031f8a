"""Synthesise a checked answer from passages: ask each model in turn, then the offline reader."""

import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from bot.citations import Checked, Checker, Proves
from bot.engine.context import for_answer, for_retry, within
from bot.engine.reply_parser import JsonReader, ReplyReader
from bot.errors import AnswererError
from bot.llm import Model, ModelSession
from bot.types import Answerer, Draft, Messages, Question, Sentence, ShownPassage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome for a question.

    Attributes:
        checked: The draft after the check.
        said_something: Whether anything was drafted, kept or not.
        answerer: Name of the answerer.
        fell_back: Whether there were models but none could be used.
        confidence: The offline reader's; None if it was not used.
        points_at: The words that it marks as the answer itself.
        missing: Names in the question that no document has.
        left_out: How many items, rows or lines of what is quoted are not shown.
    """

    checked: Checked
    said_something: bool
    answerer: str
    fell_back: bool
    confidence: float | None = None
    points_at: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many tokens of passages an answerer is handed.

    Attributes:
        model: For models whose provider sets nothing else.
        extractive: For the answerer that works without a model.
    """

    model: int = 6000
    extractive: int = 12_000


class AnswerSynthesizer:
    """Drafts and checks the answer to one question.

    Args:
        question: A question that needs no context.
        shown: The passages to answer from.
        session: The models.
        fallback: Drafts if no model can be used.
        proves: Compares the meaning of a sentence and its evidence.
        room: How many tokens of passages are handed over.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all the parts of an answer, passed in once
        self,
        question: Question,
        shown: Sequence[ShownPassage],
        session: ModelSession,
        fallback: Answerer,
        *,
        proves: Proves | None,
        room: Room = Room(),
    ) -> None:
        self._room = room
        self._question = question
        self._shown = shown
        self._talk = session
        self._fallback = fallback
        self._checker = Checker(shown, proves)
        self._told_by: list[str] = []

    async def events(self, *, stream: bool) -> AsyncGenerator[str | Result]:
        """Yield each sentence with its labels once it is checked, and the result last.

        Text that was yielded stays: if a stream breaks off, the next answerer adds to it without
        repeating it.
        """
        for model in self._talk.models:
            try:
                said = False
                async for sentence in self._drafted(model, stream=stream):
                    said = True
                    if told := self._told(sentence, model.provider.name):
                        yield told
            except AnswererError:
                continue  # the session has logged it
            yield self._result(model.provider.name, said_something=said)
            return
        some = within(self._shown, tokens=self._room.extractive)
        draft = await self._fallback.draft(self._question, some)
        for sentence in draft.sentences:
            if told := self._told(sentence, draft.answerer):
                yield told
        yield self._offline(draft)

    async def _drafted(self, model: Model, *, stream: bool) -> AsyncGenerator[Sentence]:
        """Yield the model's sentences; if none is kept, ask once more and yield those."""
        limits = model.provider
        messages = for_answer(
            self._question,
            self._shown,
            room_tokens=limits.context_tokens - limits.max_tokens,
            passage_tokens=limits.passage_tokens or self._room.model,
            structured=limits.structured,
        )
        said = False
        async for sentence in self._sentences(model, messages, purpose="answer", stream=stream):
            said = True
            yield sentence
        checked = self._checker.checked
        if not said or checked.text:
            return
        again = for_retry(messages, checked.removed)
        try:
            async for sentence in self._sentences(model, again, purpose="retry", stream=stream):
                yield sentence
        except AnswererError:
            return  # the first reply was complete and unsupported, so that is the outcome

    async def _sentences(
        self, model: Model, messages: Messages, *, purpose: str, stream: bool
    ) -> AsyncGenerator[Sentence]:
        reader = JsonReader() if messages.schema else ReplyReader()
        async for text in self._talk.reply(model, messages, purpose=purpose, stream=stream):
            for sentence in reader.feed(text):
                yield sentence
        for sentence in reader.end():
            yield sentence

    def _told(self, sentence: Sentence, answerer: str) -> str | None:
        told = self._checker.add(sentence)
        if told is not None and answerer not in self._told_by:
            self._told_by.append(answerer)
        return told

    def _result(self, answerer: str, *, said_something: bool) -> Result:
        checked = self._checker.checked
        if checked.removed:
            reasons = sorted(str(one.reason) for one in checked.removed)
            log.info("sentences removed", extra={"count": len(reasons), "reasons": reasons})
        return Result(
            checked=checked,
            said_something=said_something or bool(self._told_by),
            answerer=", ".join(self._told_by) or answerer,
            fell_back=False,
        )

    def _offline(self, draft: Draft) -> Result:
        result = self._result(draft.answerer, said_something=bool(draft.sentences))
        return Result(
            checked=result.checked,
            said_something=result.said_something,
            answerer=result.answerer,
            fell_back=bool(self._talk.models),
            confidence=draft.confidence,
            points_at=draft.points_at,
            missing=draft.missing,
            left_out=draft.left_out,
        )
