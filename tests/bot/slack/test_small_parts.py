"""Channels, numbers, freshness, and the commands."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from footnote_qa.bot.cli.app import app
from footnote_qa.bot.cli.spending import spent_lines
from footnote_qa.bot.database import Database, Target
from footnote_qa.bot.errors import SlackError
from footnote_qa.bot.llm.ledger import Ledger, Request
from footnote_qa.bot.settings import ModelsSettings, ProviderSettings, Settings
from footnote_qa.bot.slack.documents import Freshness
from footnote_qa.bot.slack.inbound.http import parse_address
from footnote_qa.bot.slack.metrics import Meter
from footnote_qa.bot.state.channel_settings import ChannelRepository, ChannelRules, Chosen
from footnote_qa.bot.state.database import open_state
from footnote_qa.bot.state.erasure import note_erasure
from footnote_qa.bot.state.questions import Outcome

CHOSEN = Chosen(enabled=False, follow_ups=True, unasked=True, helper="U9", language="German")


@pytest.fixture
def database(target: Target) -> Iterator[Database]:
    opened = open_state(target)
    yield opened
    opened.close()


def channels(database: Database, team: str = "T1") -> ChannelRepository:
    rules = {"C1": ChannelRules(audience=frozenset({"hr"}), helper="U1")}
    return ChannelRepository(database, team=team, configured=rules, groups={"it": ["U5"]})


def test_what_is_chosen_in_slack_goes_over_the_settings_but_not_over_who_may_see_what(
    database: Database,
) -> None:
    before = channels(database).rules("C1")

    channels(database).choose("C1", CHOSEN, by="U7")

    after = channels(database).rules("C1")
    assert before == ChannelRules(audience=frozenset({"hr"}), helper="U1")
    assert after == ChannelRules(
        enabled=False,
        follow_ups=True,
        unasked=True,
        helper="U9",
        audience=frozenset({"hr"}),
        language="German",
    )
    assert channels(database, team="T2").rules("C1") == before


def test_an_unknown_channel_sees_what_is_everybodys(database: Database) -> None:
    assert channels(database).audience("C2", "U5") == frozenset()
    assert channels(database).audience("D2", "U5") == frozenset({"it"})
    assert channels(database).audience("D2", "U6") == frozenset()


def test_a_quiet_thread_speaks_again_when_mentioned(database: Database) -> None:
    found = channels(database)

    found.hush("C1", "1.0")
    found.hush("C1", "1.0")
    quiet, other = found.is_quiet("C1", "1.0"), found.is_quiet("C1", "2.0")
    found.speak("C1", "1.0")

    assert (quiet, other, found.is_quiet("C1", "1.0")) == (True, False, False)


def test_metrics_are_in_the_format_that_prometheus_reads() -> None:
    meter = Meter()
    meter.count(Outcome.POSTED, 0.7)
    meter.count(Outcome.POSTED, 400.0)
    meter.count(Outcome.REFUSED, 3.0)

    families = {
        family.name: family
        for family in text_string_to_metric_families(meter.text({"footnote_running": 2.0}))
    }

    kinds = {name: family.type for name, family in families.items()}
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert kinds == {
        "footnote_questions": "counter",
        "footnote_question_seconds": "histogram",
        "footnote_running": "gauge",
    }
    assert values["footnote_questions_total", "posted"] == 2
    assert values["footnote_questions_total", "refused"] == 1
    assert values["footnote_question_seconds_bucket", "1.0"] == 1
    assert values["footnote_question_seconds_bucket", "300.0"] == 2
    assert values["footnote_question_seconds_bucket", "+Inf"] == 3
    assert values["footnote_question_seconds_sum",] == pytest.approx(403.7)
    assert values["footnote_running",] == 2


def test_an_outcome_without_questions_is_zero_and_two_bots_count_apart() -> None:
    one, other = Meter(), Meter()
    one.count(Outcome.POSTED, 0.1)

    lines = [line for line in other.text({}).splitlines() if not line.startswith("#")]

    outcomes = {line for line in lines if line.startswith("footnote_questions_total")}
    assert outcomes == {f'footnote_questions_total{{outcome="{each}"}} 0.0' for each in Outcome}
    assert not [line for line in lines if "created" in line]


def test_what_changed_is_looked_for_aside_and_a_failure_says_nothing() -> None:
    looked = threading.Semaphore(0)
    looks: list[int] = []

    def look() -> str:
        looks.append(1)
        looked.release()
        if len(looks) > 1:
            raise OSError("gone")
        return "3 files changed"

    with Freshness(look, every_s=0.01) as freshness:
        for _ in range(3):
            assert looked.acquire(timeout=20)
        assert freshness.told() == ""

    assert Freshness(lambda: "x").told() == ""


@pytest.mark.parametrize("text", ["", "no", "1:2:x", "127.0.0.1:", "127.0.0.1:99999"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SlackError, match="not an address"):
        parse_address(text)


def test_an_erasure_leaves_a_line_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit.jsonl"

    for user in ("U1", "U2"):
        note_erasure(path, user, {"answers": 3})

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["user"], line["answers"], line["event"]) for line in lines] == [
        *(("U1", 3, "forget_user"), ("U2", 3, "forget_user")),
    ]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "url", ["https://bot.example", "https://bot.example/", "https://bot.example/slack/events"]
)
def test_the_manifest_for_http_names_the_address_that_is_listened_on(url: str) -> None:
    done = CliRunner().invoke(app, ["slack", "manifest", "--http", url])

    settings = json.loads(done.stdout)["settings"]
    address = "https://bot.example/slack/events"
    assert settings["event_subscriptions"]["request_url"] == address
    assert settings["interactivity"]["request_url"] == address


def test_administrators_see_what_models_cost_today(tmp_path: Path) -> None:
    main = ProviderSettings(
        name="main",
        kind="openai_like",
        model="m",
        base_url="http://127.0.0.1:9/v1",
        budget_usd_per_day=Decimal(10),
    )
    settings = Settings(data_dir=tmp_path, models=ModelsSettings(providers=(main,)))
    request = Request(
        provider="main",
        purpose="answer",
        reason="",
        ms=1.0,
        input_tokens=1,
        output_tokens=1,
        cost_usd=Decimal("0.25"),
    )
    with closing(Ledger(tmp_path / "spend.sqlite")) as ledger:
        ledger.record(request)

    told, offline = spent_lines(settings), spent_lines(Settings(data_dir=tmp_path))

    assert told == ["Spent today, all: $0.2500", "Spent today, main: $0.2500 of $10.00"]
    assert offline == ["Models: none, answers quote the documents at no cost"]


def test_without_feedback_there_is_nothing_to_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    as_json = CliRunner().invoke(app, ["slack", "feedback", "--json"])
    in_words = CliRunner().invoke(app, ["slack", "feedback"])

    assert (as_json.exit_code, as_json.stdout) == (0, "")
    assert in_words.stdout == "Nobody has rated an answer yet.\n"
