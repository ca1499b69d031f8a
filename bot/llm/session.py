"""Model requests for one question: their order, their shared deadline and their cost."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self, TypeVar

from footnote_qa.bot.errors import AnswererError
from footnote_qa.bot.llm.budgets import OVER_BUDGET
from footnote_qa.bot.llm.ledger import Request
from footnote_qa.bot.llm.portfolio import Model, Portfolio
from footnote_qa.bot.trace import Step, StepKind, Trace
from footnote_qa.bot.types import BYTES_PER_TOKEN, Messages, Question, Usage

log = logging.getLogger(__name__)

T = TypeVar("T")

FOR_THE_OFFLINE_READER = 0.9
"""Share of the deadline for the models; the rest is for the offline reader."""
_ABANDONED = "nobody waited for its end"


@dataclass
class _Result:
    """How a request ended, as far as is known."""

    purpose: str
    messages: Messages
    received_bytes: int = 0
    started: float = field(default_factory=time.perf_counter)
    reason: str = _ABANDONED
    usage: Usage = Usage()  # noqa: RUF009 - frozen

    def counted(self, max_tokens: int) -> tuple[Usage, bool]:
        """Return its usage, and whether that is an estimate because the reply gave no numbers."""
        told = self.usage.input_tokens or self.usage.output_tokens
        if told or not self.received_bytes:
            return self.usage, False
        out = min(max_tokens, self.received_bytes // BYTES_PER_TOKEN + 1)
        return Usage(input_tokens=self.messages.tokens_at_most, output_tokens=out), True


class ModelSession:
    """Asks models for one question, within one deadline over all requests.

    Args:
        portfolio: The models.
        question: Who asks, where, and in which conversation.
        trace: Records each request.
    """

    def __init__(
        self, portfolio: Portfolio, question: Question, trace: Trace | None = None
    ) -> None:
        self.trace = trace or Trace()
        self.portfolio = portfolio
        self.question = question
        self.usage = Usage()
        self.notes: list[str] = []
        self.over_budget = False
        self.models = portfolio.order(question.thread)
        self._deadline_s = portfolio.settings.deadline_s * FOR_THE_OFFLINE_READER
        # asyncio's own clock, also in a thread without its loop
        self._until = time.monotonic() + self._deadline_s

    @classmethod
    async def begin(
        cls, portfolio: Portfolio, question: Question, trace: Trace | None = None
    ) -> Self:
        """Return a session; it may have to wait for the database of the turns."""
        return await _done(portfolio, lambda: cls(portfolio, question, trace))

    @property
    def time_left(self) -> float:
        """The share of the time for models that is left, from 0 to 1."""
        return max(0.0, (self._until - time.monotonic()) / self._deadline_s)

    async def reply(
        self, model: Model, messages: Messages, *, purpose: str, stream: bool
    ) -> AsyncGenerator[str]:
        """Yield the text of one reply as it arrives.

        Raises:
            AnswererError: For any failure, also after some of the text has arrived.
        """
        provider = model.provider
        try:
            reservation = await _done(
                self.portfolio, lambda: self.portfolio.admit(provider, self.question, messages)
            )
            result = _Result(purpose=purpose, messages=messages)
            try:
                async for piece in self._pieces(model, messages, stream=stream):
                    if isinstance(piece, Usage):
                        result.reason, result.usage = "", piece
                    else:
                        result.received_bytes += len(piece.encode(errors="replace"))
                        yield piece
            except AnswererError as error:
                result.reason = str(error).removeprefix(f"{provider.name}: ")
                into, out = error.spent
                result.usage = Usage(input_tokens=into, output_tokens=out)
                self._blame(provider.name, error)
                raise
            finally:
                await _done(self.portfolio, lambda: self._keep(model, result, reservation))
            self.portfolio.breaker(provider.name).succeeded()
        except AnswererError as error:
            self.over_budget = self.over_budget or OVER_BUDGET in str(error)
            log.warning("model failed", extra={"reason": str(error)})
            raise

    async def _pieces(
        self, model: Model, messages: Messages, *, stream: bool
    ) -> AsyncGenerator[str | Usage]:
        loop = asyncio.get_running_loop()
        until = min(self._until, loop.time() + model.provider.timeout_s)
        async with aclosing(model.reply(messages, stream=stream)) as pieces:
            while True:
                try:
                    # One deadline over all parts, because a slow stream never pauses for long
                    async with asyncio.timeout_at(until):
                        piece = await anext(pieces, None)
                except TimeoutError:
                    name = model.provider.name
                    raise AnswererError(f"{name}: no reply within the deadline") from None
                if piece is None:
                    return
                yield piece

    def _blame(self, name: str, error: AnswererError) -> None:
        breaker = self.portfolio.breaker(name)
        if error.outage:
            breaker.failed(error.retry_after_s)
        else:
            breaker.succeeded()

    def _keep(self, model: Model, result: _Result, reservation: str) -> None:
        usage, estimated = result.counted(model.provider.reply_tokens)
        used = self.portfolio.priced(model.provider, usage)
        self.usage = _sum(self.usage, used)
        request = Request(
            provider=model.provider.name,
            purpose=result.purpose,
            reason=result.reason,
            ms=round((time.perf_counter() - result.started) * 1000, 1),
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            cost_usd=used.cost_usd,
            user=self.question.user,
            channel=self.question.channel,
            estimated=estimated,
        )
        self.notes += self.portfolio.record(request, model.provider, self.question)
        self.portfolio.leave(reservation)
        self.trace.add(_step_of(request))


async def _done(portfolio: Portfolio, work: Callable[[], T]) -> T:
    """Do *work* with the ledger: in a thread, if it may have to wait for a server."""
    if portfolio.ledger.database.is_remote:
        return await asyncio.to_thread(work)
    return work()


def _step_of(request: Request) -> Step:
    names = {"provider": request.provider, "purpose": request.purpose}
    if request.reason:
        names["error"] = request.reason
    return Step(
        kind=StepKind.MODEL,
        ms=request.ms,
        counts={"input_tokens": request.input_tokens, "output_tokens": request.output_tokens},
        names=names,
        cost_usd=request.cost_usd,
    )


def _sum(one: Usage, other: Usage) -> Usage:
    costs = (one.cost_usd, other.cost_usd)
    known: list[Decimal] = [cost for cost in costs if cost is not None]
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cost_usd=sum(known, Decimal(0)) if len(known) == len(costs) else None,
    )
