"""The command `footnote models`."""

from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import Json, JsonOption, app, print_json, shared_of

if TYPE_CHECKING:
    from rich.table import Table

    from footnote_qa.bot.llm import Portfolio
    from footnote_qa.bot.settings import ProviderSettings


@app.command("models")
def models(
    context: typer.Context,
    *,
    days: Annotated[
        float,
        typer.Option(
            min=0.01, help="Count the requests of the last days, this many.", show_default=True
        ),
    ] = 7,
    as_json: JsonOption = False,
) -> None:
    """Show the language models: their shares, speed, failures and costs.

    This command sends no request to a model.

    [bold]Example[/]

        footnote models --days 1
    """
    from footnote_qa.bot import composition

    settings = shared_of(context).settings
    portfolio = composition.portfolio(settings)
    shares = {provider.name: provider.share for provider in settings.models.providers}
    chosen = portfolio.ledger.chosen(shares)
    rows = [
        _row(portfolio, provider, shares=shares, chosen=chosen, days=days)
        for provider in settings.models.providers
    ]
    budget = settings.models.budget_usd_per_day
    if as_json:
        print_json(
            {
                "providers": rows,
                "spent_today_usd": sum(float(str(row["spent_today_usd"])) for row in rows),
                "budget_usd_per_day": None if budget is None else float(budget),
                "deadline_s": settings.models.deadline_s,
                "days": days,
            }
        )
        return
    from footnote_qa.bot.cli.console import stdout

    if rows:
        stdout().print(_table(rows, days))
    else:
        stdout().print("No models are set: the offline answerer quotes the documents, at no cost.")


def _row(
    portfolio: "Portfolio",
    provider: "ProviderSettings",
    *,
    shares: dict[str, float],
    chosen: dict[str, int],
    days: float,
) -> Json:
    from footnote_qa.bot.llm import Scope

    tally = portfolio.ledger.tally(provider.name, days=days)
    total = sum(chosen.values())
    budget = provider.budget_usd_per_day
    return {
        "name": provider.name,
        "kind": provider.kind,
        "model": provider.model,
        "share": round(shares[provider.name] / sum(shares.values()), 4),
        "first_choices": chosen[provider.name],
        "share_actual": round(chosen[provider.name] / total, 4) if total else None,
        "requests": tally.requests,
        "failures": tally.failures,
        "ms_p50": _percentile(tally.ms, 0.50),
        "ms_p95": _percentile(tally.ms, 0.95),
        "spent_today_usd": float(portfolio.ledger.spent_today(Scope.PROVIDER, provider.name)),
        "spent_usd": float(tally.cost_usd),
        "unpriced_requests": tally.unpriced,
        "estimated_requests": tally.estimated,
        "budget_usd_per_day": None if budget is None else float(budget),
    }


def _percentile(ascending: tuple[float, ...], share: float) -> float | None:
    """Return the value that *share* of all do not exceed.

    >>> _percentile((1.0, 2.0, 3.0, 4.0), 0.5)
    2.0
    """
    if not ascending:
        return None
    return ascending[max(0, -int(-share * len(ascending) // 1) - 1)]


def _table(rows: list[Json], days: float) -> "Table":
    from rich.table import Table

    table = Table(
        title=f"Models, requests of the last {days:g} days", title_justify="left", box=None
    )
    table.add_column("Model")
    for name in ("Share", "Actual", "Asked", "Failed", "Half in", "95 % in", "Today", "Budget"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        budget = row["budget_usd_per_day"]
        table.add_row(
            f"{row['name']} ({row['model']})",
            _percent(row["share"]),
            _percent(row["share_actual"]),
            str(row["requests"]),
            str(row["failures"]),
            _ms(row["ms_p50"]),
            _ms(row["ms_p95"]),
            ("≈" if row["estimated_requests"] else "")
            + f"${row['spent_today_usd']:.4f}"
            + (" + ?" if row["unpriced_requests"] else ""),
            "–" if budget is None else f"${budget:.2f}",
        )
    return table


def _percent(share: object) -> str:
    return f"{100 * share:.1f} %" if isinstance(share, float) else "–"


def _ms(value: object) -> str:
    return f"{value:.0f} ms" if isinstance(value, float) else "–"
