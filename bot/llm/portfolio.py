"""The portfolio: whose turn it is, who is left alone, and what may still be spent."""

import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Protocol

from bot.errors import AnswererError, SettingsError, StoreError
from bot.llm.spend import Ledger, Request, Scope, cost_usd
from bot.settings import ModelsSettings, ProviderSettings
from bot.types import Messages, Question, Usage

log = logging.getLogger(__name__)

OVER_BUDGET: Final = "over budget"
PAUSED: Final = "left alone for a while after failures"


class Model(Protocol):
    """A language model that can be asked."""

    @property
    def provider(self) -> ProviderSettings:
        """Its name, share, limits and price."""
        ...

    def reply(self, messages: Messages, *, stream: bool) -> AsyncGenerator[str | Usage]:
        """Yield the text of one reply as it comes, and its usage last; raise `AnswererError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A budget for one day.

    Attributes:
        scope: Whose spending counts.
        name: Whose, within the scope.
        usd: How much.
        words: What to call it.
    """

    scope: Scope
    name: str
    usd: Decimal
    words: str


class CircuitBreaker:
    """Says whether a supplier may be asked.

    Closed, everybody may ask. After some failures in a row it is open, and nobody may. When the
    pause is over one question goes through as a probe, and its outcome closes or opens it again.

    Args:
        now: Seconds on a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: float | None = None
        self._probe_until: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether everybody may ask."""
        return self._open_until is None

    def admit(self) -> bool:
        """Whether this question may ask; after a pause that is true for one question only."""
        with self._lock:
            if self._open_until is None:
                return True
            if self._now() < max(self._open_until, self._probe_until or 0.0):
                return False
            # A probe whose outcome never comes, since its process was stopped, blocks no other
            self._probe_until = self._now() + PAUSE_S
            return True

    def succeeded(self) -> None:
        """Close: the supplier works."""
        with self._lock:
            self._failures, self._open_until, self._probe_until = 0, None, None

    def failed(self, retry_after_s: float | None = None) -> None:
        """Count a failure; with *retry_after_s* the supplier itself asks for a pause."""
        with self._lock:
            self._failures += 1
            was_open = self._open_until is not None
            if was_open or self._failures >= FAILURES or retry_after_s is not None:
                pause_s = PAUSE_S if retry_after_s is None else retry_after_s
                self._open_until = self._now() + min(pause_s, LONGEST_PAUSE_S)
                self._probe_until = None


class Portfolio:
    """All models, and what is known of them across questions; may be used from any thread.

    Args:
        models: Each with a name of its own.
        settings: Budgets and the deadline.
        ledger: Where choices and spending are kept; None keeps them in memory.
        now: Seconds on a clock that never goes back, for the breakers.
    """

    def __init__(
        self,
        models: Sequence[Model],
        settings: ModelsSettings,
        ledger: Ledger | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.ledger = ledger or Ledger(None)
        self._models = {model.provider.name: model for model in models}
        self._shares = {name: model.provider.share for name, model in self._models.items()}
        self._breakers = {name: CircuitBreaker(now) for name in self._models}
        self._reserved: dict[tuple[Scope, str], Decimal] = {}
        self._lock = threading.Lock()
        self._refuse_budgets_without_prices()

    def __len__(self) -> int:
        return len(self._models)

    def breaker(self, name: str) -> CircuitBreaker:
        """Return the breaker of one provider."""
        return self._breakers[name]

    def order(self, thread: str) -> list[Model]:
        """Return the models in the order in which they are asked: first whose turn it is.

        The others follow by their shares, those that are not left alone first.
        """
        if not self._models:
            return []
        try:
            first = self.ledger.choose(self._shares, thread)
        except StoreError:
            log.exception("choice could not be kept")
            first = max(self._shares, key=lambda name: self._shares[name])
        others = sorted(
            (name for name in self._shares if name != first),
            key=lambda name: (not self._breakers[name].is_closed, -self._shares[name]),
        )
        return [self._models[name] for name in (first, *others)]

    @contextmanager
    def admitted(
        self, provider: ProviderSettings, question: Question, messages: Messages
    ) -> Iterator[None]:
        """Keep back what a request may cost at most while it runs.

        Raises:
            AnswererError: If the request may not be made: over budget, or left alone.
        """
        limits = self.limits(provider, question)
        worst = self._cost(provider, messages.tokens_at_most, provider.max_tokens) or Decimal(0)
        with self._lock:
            if self._beyond(limits, worst):
                raise AnswererError(f"{provider.name}: {OVER_BUDGET}", outage=False)
            if not self._breakers[provider.name].admit():
                raise AnswererError(f"{provider.name}: {PAUSED}", outage=False)
            self._reserve(limits, worst)
        try:
            yield
        finally:
            with self._lock:
                self._reserve(limits, -worst)

    def record(self, request: Request, provider: ProviderSettings, question: Question) -> list[str]:
        """Keep what a request cost; returns a sentence for each budget that is nearly used up."""
        try:
            self.ledger.record(request)
            return list(self._warnings(request, provider, question))
        except StoreError:
            log.exception("what was spent could not be kept")
            return []

    def priced(self, provider: ProviderSettings, usage: Usage) -> Usage:
        """Return *usage* with its cost."""
        cost = self._cost(provider, usage.input_tokens, usage.output_tokens)
        return replace(usage, cost_usd=cost)

    def limits(self, provider: ProviderSettings, question: Question) -> list[Limit]:
        """Return the budgets that a request of this question falls under."""
        ours = self.settings
        wanted = [
            (Scope.ALL, "", ours.budget_usd_per_day, "all models"),
            (Scope.PROVIDER, provider.name, provider.budget_usd_per_day, provider.name),
            (Scope.USER, question.user, ours.user_budget_usd_per_day, "you"),
            (Scope.CHANNEL, question.channel, ours.channel_budget_usd_per_day, "this channel"),
        ]
        return [
            Limit(scope=scope, name=name, usd=usd, words=words)
            for scope, name, usd, words in wanted
            if usd is not None and (name or scope is Scope.ALL)
        ]

    def _cost(self, provider: ProviderSettings, into: int, out: int) -> Decimal | None:
        return cost_usd(provider, input_tokens=into, output_tokens=out)

    def _beyond(self, limits: Sequence[Limit], usd: Decimal) -> bool:
        """Whether *usd* more would be too much; so it is where nobody knows what was spent."""
        try:
            return any(self._used(limit) + usd > limit.usd for limit in limits)
        except StoreError:
            log.exception("what was spent could not be read")
            return True

    def _used(self, limit: Limit) -> Decimal:
        spent = self.ledger.spent_today(limit.scope, limit.name)
        return spent + self._reserved.get((limit.scope, limit.name), Decimal(0))

    def _reserve(self, limits: Sequence[Limit], usd: Decimal) -> None:
        for limit in limits:
            key = (limit.scope, limit.name)
            self._reserved[key] = self._reserved.get(key, Decimal(0)) + usd
            if not self._reserved[key]:
                del self._reserved[key]

    def _warnings(
        self, request: Request, provider: ProviderSettings, question: Question
    ) -> Iterator[str]:
        for limit in self.limits(provider, question):
            mark = limit.usd * Decimal(str(self.settings.warn_at))
            after = self.ledger.spent_today(limit.scope, limit.name)
            if after - (request.cost_usd or 0) < mark <= after:
                log.warning("budget nearly used up", extra={"budget": limit.words})
                if limit.scope in {Scope.USER, Scope.CHANNEL}:
                    share = int(100 * after / limit.usd)
                    yield (
                        f"{share} % of today's budget for {limit.words} is used; "
                        "beyond it, answers quote the documents only."
                    )

    def _refuse_budgets_without_prices(self) -> None:
        ours = self.settings
        shared = (
            ours.budget_usd_per_day,
            ours.user_budget_usd_per_day,
            ours.channel_budget_usd_per_day,
        )
        unknown = [
            model.provider.name
            for model in self._models.values()
            if any(usd is not None for usd in (*shared, model.provider.budget_usd_per_day))
            and self._cost(model.provider, 1, 1) is None
        ]
        if unknown:
            raise SettingsError(
                "models: a budget cannot be kept without a price; give one under "
                "[models.providers.price] to " + ", ".join(unknown)
            )


FAILURES: Final = 5
PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 300.0
"""A supplier that asks for an hour is probed after this long all the same."""
