"""Say what models cost today, for the bot and the pages."""

from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footnote_qa.bot.settings import Settings


def spent_lines(settings: "Settings") -> list[str]:
    """Return what models cost today, in lines."""
    from footnote_qa.bot import composition
    from footnote_qa.bot.llm import Scope

    if not settings.models.providers:
        return ["Models: none, answers quote the documents at no cost"]
    with closing(composition.ledger(settings)) as ledger:
        spent = [("all", ledger.spent_today(Scope.ALL), settings.models.budget_usd_per_day)]
        for provider in settings.models.providers:
            today = ledger.spent_today(Scope.PROVIDER, provider.name)
            spent.append((provider.name, today, provider.budget_usd_per_day))
    return [
        f"Spent today, {name}: ${today:.4f}" + ("" if budget is None else f" of ${budget:.2f}")
        for name, today, budget in spent
    ]
