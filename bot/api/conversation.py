"""A conversation: each question is understood with the ones before it."""

import secrets
from collections.abc import Callable, Sequence
from typing import Protocol

from footnote_qa.bot.api.streams import AnswerStream, AsyncAnswerStream, Heard
from footnote_qa.bot.types import Answer, Question, Turn
from footnote_qa.index.types import Audience

HISTORY_TURNS = 20
"""How many earlier turns a question takes along."""

_Ended = Callable[[Answer], None]


class Answering(Protocol):
    """Answers one question, as the query engine does."""

    def ask(self, question: Question) -> Answer:
        """Answer a question."""
        ...

    async def aask(self, question: Question) -> Answer:
        """Answer a question."""
        ...

    def stream(
        self, question: Question, *, on_step: Heard | None, on_answer: _Ended
    ) -> AnswerStream:
        """Answer a question piece by piece."""
        ...

    def astream(
        self, question: Question, *, on_step: Heard | None, on_answer: _Ended
    ) -> AsyncAnswerStream:
        """Answer a question piece by piece."""
        ...


class Conversation:
    """Questions one after another, such as "And in summer?"; of one person, so not for threads.

    Args:
        answering: Answers each question.
        audience: Groups whose documents may be used besides public ones; None uses all.
        turns: What was said before, oldest first.
    """

    def __init__(
        self, answering: Answering, *, audience: Audience, turns: Sequence[Turn] = ()
    ) -> None:
        self._answering = answering
        self._audience = audience
        self._turns = list(turns)
        self._thread = f"conversation-{secrets.token_hex(8)}"

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Everything said so far, oldest first; it can be the start of another conversation."""
        return tuple(self._turns)

    def ask(self, question: str) -> Answer:
        """Answer the next question; raises as `Footnote.ask` does."""
        answer = self._answering.ask(self._next(question))
        self._keep(question, answer)
        return answer

    async def aask(self, question: str) -> Answer:
        """Answer the next question; raises as `Footnote.ask` does."""
        answer = await self._answering.aask(self._next(question))
        self._keep(question, answer)
        return answer

    def stream(self, question: str, *, on_step: Heard | None = None) -> AnswerStream:
        """Answer the next question piece by piece; it counts as said once the stream has ended."""
        return self._answering.stream(
            self._next(question),
            on_step=on_step,
            on_answer=lambda answer: self._keep(question, answer),
        )

    def astream(self, question: str, *, on_step: Heard | None = None) -> AsyncAnswerStream:
        """Answer the next question piece by piece; it counts as said once the stream has ended."""
        return self._answering.astream(
            self._next(question),
            on_step=on_step,
            on_answer=lambda answer: self._keep(question, answer),
        )

    def _next(self, question: str) -> Question:
        return Question(
            text=question,
            audience=self._audience,
            history=tuple(self._turns[-HISTORY_TURNS:]),
            thread=self._thread,
        )

    def _keep(self, question: str, answer: Answer) -> None:
        self._turns += [
            Turn(role="user", text=question),
            Turn(role="assistant", text=answer.text or answer.message, answer=answer),
        ]
