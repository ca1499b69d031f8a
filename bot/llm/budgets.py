"""Daily budgets: of all models, of a provider, of a person and of a channel."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from footnote_qa.bot.errors import AnswererError, SettingsError, StoreError
from footnote_qa.bot.llm.ledger import Ledger, Request, Scope
from footnote_qa.bot.llm.prices import cost_usd
from footnote_qa.bot.settings import ModelsSettings, ProviderSettings
from footnote_qa.bot.types import Messages, Question

log = logging.getLogger(__name__)

OVER_BUDGET: Final = "over budget"

SPARE_S: Final = 120.0
"""How much longer than its request a reservation lasts if its process dies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A budget for one day.

    Attributes:
        scope: The kind of spending that counts.
        name: Whose spending, within the scope.
        usd: The budget in US dollars.
        words: Its name in messages.
    """

    scope: Scope
    name: str
    usd: Decimal
    words: str


class Budgets:
    """Keeps requests within the daily budgets; may be used from any thread.

    Args:
        settings: The budgets.
        ledger: What was spent today.
    """

    def __init__(self, settings: ModelsSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger

    def reserve(self, provider: ProviderSettings, question: Question, messages: Messages) -> str:
        """Set the maximum cost of a request aside in every budget, over all processes.

        Returns:
            The id of the reservation; "" if there is no budget.

        Raises:
            AnswererError: It would be over a budget, or the spending so far is unknown.
        """
        limits = {
            (limit.scope, limit.name): limit.usd for limit in self._limits(provider, question)
        }
        if not limits:
            return ""
        worst = cost_usd(
            provider,
            input_tokens=messages.tokens_at_most,
            output_tokens=provider.reply_tokens,
        ) or Decimal(0)
        longest_s = min(provider.timeout_s, self._settings.deadline_s) + SPARE_S
        try:
            reservation = self._ledger.reserve(limits, worst, for_s=longest_s)
        except StoreError:
            log.exception("spending could not be read")
            reservation = None
        if reservation is None:
            raise AnswererError(f"{provider.name}: {OVER_BUDGET}", outage=False)
        return reservation

    def release(self, reservation: str) -> None:
        """End a reservation; without it, it ends by itself some time later."""
        if not reservation:
            return
        try:
            self._ledger.release(reservation)
        except StoreError:
            log.exception("reservation not ended")

    def warnings(
        self, request: Request, provider: ProviderSettings, question: Question
    ) -> Iterator[str]:
        """Yield a sentence for each budget of the asker that *request* has nearly used up."""
        for limit in self._limits(provider, question):
            mark = limit.usd * Decimal(str(self._settings.warn_at))
            after = self._ledger.spent_today(limit.scope, limit.name)
            if after - (request.cost_usd or 0) < mark <= after:
                log.warning("budget nearly used up", extra={"budget": limit.words})
                if limit.scope in {Scope.USER, Scope.CHANNEL}:
                    share = int(100 * after / limit.usd)
                    yield (
                        f"{share} % of today's budget for {limit.words} is used. "
                        "After that, answers only quote the documents."
                    )

    def _limits(self, provider: ProviderSettings, question: Question) -> list[Limit]:
        """Return the budgets that apply to a request of this question."""
        ours = self._settings
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


def require_prices(settings: ModelsSettings, providers: Sequence[ProviderSettings]) -> None:
    """Check that every provider with a budget has a price; raises `SettingsError`."""
    shared = (
        settings.budget_usd_per_day,
        settings.user_budget_usd_per_day,
        settings.channel_budget_usd_per_day,
    )
    unknown = [
        provider.name
        for provider in providers
        if any(usd is not None for usd in (*shared, provider.budget_usd_per_day))
        and cost_usd(provider, input_tokens=1, output_tokens=1) is None
    ]
    if unknown:
        raise SettingsError(
            "models: a budget needs a price for every model; give one under "
            "[models.providers.price] to " + ", ".join(unknown)
        )
