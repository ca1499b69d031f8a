"""`footnote models` as a person runs it, on a portfolio that was used before."""

import json
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

import footnote_qa.bot.cli.models
import footnote_qa.bot.cli.slack
from footnote_qa.bot.cli.app import app
from footnote_qa.bot.llm.ledger import Ledger, Request

SETTINGS = """
[models]
budget_usd_per_day = 5
[[models.providers]]
name = "main"
kind = "openai_like"
model = "big"
base_url = "http://127.0.0.1:9/v1"
share = 0.75
budget_usd_per_day = 2
[models.providers.price]
input_usd_per_million = 1
output_usd_per_million = 4
[[models.providers]]
name = "second"
kind = "ollama"
model = "small"
share = 0.25
[models.providers.price]
input_usd_per_million = 0
output_usd_per_million = 0
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "footnote.toml"
    path.write_text(f'data_dir = "data"\n{SETTINGS}', encoding="utf-8")
    ledger = Ledger(tmp_path / "data" / "spend.sqlite")
    for ms in (100.0, 300.0, 200.0):
        ledger.choose({"main": 0.75, "second": 0.25}, "")
        ledger.record(a_request(ms=ms))
    ledger.record(a_request(reason="refused with status 500", cost_usd=Decimal(0)))
    ledger.close()
    return path


def a_request(
    *, ms: float = 1.0, reason: str = "", cost_usd: Decimal = Decimal("0.0125")
) -> Request:
    return Request(
        provider="main",
        purpose="answer",
        reason=reason,
        ms=ms,
        input_tokens=10,
        output_tokens=1,
        cost_usd=cost_usd,
    )


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_command_shows_shares_latency_failures_and_spending(config: Path) -> None:
    told = json.loads(run("--config", str(config), "models", "--json"))

    assert footnote_qa.bot.cli.models.__doc__ == "The command `footnote models`."
    main, second = told["providers"]
    assert (main["name"], main["share"], main["first_choices"]) == ("main", 0.75, 2)
    assert (main["requests"], main["failures"]) == (4, 1)
    assert (main["ms_p50"], main["ms_p95"]) == (200.0, 300.0)
    assert (main["spent_today_usd"], main["budget_usd_per_day"]) == (0.0375, 2.0)
    assert (second["requests"], second["ms_p50"], second["share_actual"]) == (0, None, 0.3333)
    assert (told["spent_today_usd"], told["budget_usd_per_day"]) == (0.0375, 5.0)


def test_command_shows_a_table_to_people(config: Path) -> None:
    told = run("--config", str(config), "models")

    assert "main (big)" in told
    assert "75.0 %" in told
    assert "$0.0375" in told
    assert "≈" not in told


def test_spending_that_is_partly_an_estimate_is_marked_as_one(config: Path) -> None:
    with closing(Ledger(config.parent / "data" / "spend.sqlite")) as ledger:
        ledger.record(replace(a_request(reason="cut"), estimated=True))

    told = json.loads(run("--config", str(config), "models", "--json"))

    assert [one["estimated_requests"] for one in told["providers"]] == [1, 0]
    assert "≈$0.0500" in run("--config", str(config), "models")


def test_command_without_models_says_who_answers(tmp_path: Path) -> None:
    config = tmp_path / "footnote.toml"
    config.write_text("", encoding="utf-8")

    told = run("--config", str(config), "--data-dir", str(tmp_path), "models")

    assert told.startswith("No models are set: the offline answerer quotes the documents")


def test_forgetting_a_person_leaves_no_request_under_their_name(config: Path) -> None:
    with closing(Ledger(config.parent / "data" / "spend.sqlite")) as ledger:
        ledger.record(replace(a_request(), user="U0CANARY"))

    first = run("--config", str(config), "forget-user", "U0CANARY", "--json")
    second = run("--config", str(config), "forget-user", "U0CANARY", "--json")

    assert json.loads(first)["requests_without_name"] == 1
    assert json.loads(second)["requests_without_name"] == 0
