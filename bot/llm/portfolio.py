"""The model portfolio: which model answers next, and the circuit breaker that pauses a model."""

import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from footnote_qa.bot.errors import AnswererError, SettingsError, StoreError
from footnote_qa.bot.llm.budgets import Budgets, require_prices
from footnote_qa.bot.llm.ledger import Ledger, Request
from footnote_qa.bot.llm.prices import cost_usd
from footnote_qa.bot.settings import ModelsSettings, ProviderSettings
from footnote_qa.bot.types import Messages, Question, Usage

log = logging.getLogger(__name__)

PAUSED: Final = "paused after failures"


class Model(Protocol):
    """A language model that can be asked."""

    @property
    def provider(self) -> ProviderSettings:
        """Its name, share, limits and price."""
        ...

    def reply(self, messages: Messages, *, stream: bool) -> AsyncGenerator[str | Usage]:
        """Yield the text of one reply as it arrives, then its usage; raise `AnswererError`."""
        ...


class CircuitBreaker:
    """Decides whether a provider may be asked.

    While it is closed, every question may ask. After several failures in a row it opens, and none
    may. After a pause, one question goes through as a probe; its outcome closes or reopens it.

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
        """Whether every question may ask."""
        return self._open_until is None

    def admit(self) -> bool:
        """Return whether this question may ask; after a pause, only one question may."""
        with self._lock:
            if self._open_until is None:
                return True
            if self._now() < max(self._open_until, self._probe_until or 0.0):
                return False
            # If a probe's process was stopped, its outcome never comes; this must not block others
            self._probe_until = self._now() + PAUSE_S
            return True

    def succeeded(self) -> None:
        """Close: the provider works."""
        with self._lock:
            self._failures, self._open_until, self._probe_until = 0, None, None

    def failed(self, retry_after_s: float | None = None) -> None:
        """Count a failure; *retry_after_s* is the pause that the provider itself asks for."""
        with self._lock:
            self._failures += 1
            was_open = self._open_until is not None
            if was_open or self._failures >= FAILURES or retry_after_s is not None:
                pause_s = PAUSE_S if retry_after_s is None else retry_after_s
                self._open_until = self._now() + min(pause_s, LONGEST_PAUSE_S)
                self._probe_until = None


class Portfolio:
    """All models and what is known about them across questions; may be used from any thread.

    Args:
        models: Each with a unique name.
        settings: Budgets and the deadline.
        ledger: Stores choices and spending; None keeps them in memory.
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
        self._budgets = Budgets(settings, self.ledger)
        require_prices(settings, [model.provider for model in models])

    def __len__(self) -> int:
        return len(self._models)

    def renew(self, models: Sequence[Model]) -> None:
        """Ask these models from now on, which have other keys and the same names.

        Raises:
            SettingsError: There are other models, or other shares.
        """
        if {model.provider.name: model.provider.share for model in models} != self._shares:
            raise SettingsError(
                "models: providers were added, removed or given another share: restart"
            )
        self._models = {model.provider.name: model for model in models}

    def breaker(self, name: str) -> CircuitBreaker:
        """Return the breaker of one provider."""
        return self._breakers[name]

    def order(self, thread: str) -> list[Model]:
        """Return the models in the order in which they are asked: first the one whose turn it is.

        The others follow by their shares, those that are not paused first.
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

    def admit(self, provider: ProviderSettings, question: Question, messages: Messages) -> str:
        """Reserve the maximum cost of a request; return the reservation, to be ended by `leave`.

        Raises:
            AnswererError: The request may not be made: over budget, or paused.
        """
        reservation = self._budgets.reserve(provider, question, messages)
        if not self._breakers[provider.name].admit():
            self._budgets.release(reservation)
            raise AnswererError(f"{provider.name}: {PAUSED}", outage=False)
        return reservation

    def leave(self, reservation: str) -> None:
        """End the reservation of a request whose cost is recorded."""
        self._budgets.release(reservation)

    def record(self, request: Request, provider: ProviderSettings, question: Question) -> list[str]:
        """Store the cost of a request; return a sentence for each budget that is nearly used up."""
        try:
            self.ledger.record(request)
            return list(self._budgets.warnings(request, provider, question))
        except StoreError:
            log.exception("spending could not be stored")
            return []

    def priced(self, provider: ProviderSettings, usage: Usage) -> Usage:
        """Return *usage* with its cost."""
        cost = cost_usd(
            provider, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens
        )
        return replace(usage, cost_usd=cost)


FAILURES: Final = 5
PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 300.0
"""A provider that asks for a longer pause is probed after this many seconds anyway."""
