"""The dashboard and the alerts ask only for what the bot exports."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes.slack_process import Start, finish, free_address, get
from tests.fakes.slack_workspace import CHANNEL, SlackWorkspace

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
ALERTS = yaml.safe_load((MONITORING / "alerts.yaml").read_text(encoding="utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
NAME = re.compile(r"\bfootnote_\w+")


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in RULES)
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (variable["query"] for variable in DASHBOARD["templating"]["list"])


def asked() -> set[str]:
    return {name for text in expressions() for name in NAME.findall(text)}


def labels() -> set[tuple[str, str]]:
    return {
        (name, label)
        for text in expressions()
        for name, block in re.findall(r"\b(footnote_\w+)\{([^}]*)\}", text)
        for label in re.findall(r"(\w+)\s*[=!]", block)
        if label not in {"job", "instance"}
    }


@pytest.mark.slow
def test_the_bot_exports_every_metric_that_the_dashboard_and_the_alerts_ask_for(
    slack: SlackWorkspace, start: Start
) -> None:
    address = free_address()
    bot = start(TEST_HEALTH=address)
    slack.mention("why?")
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")

    _, text = get(address, "metrics")
    finish(bot)

    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    names = {sample.name for sample in samples}
    # The bot of the tests has no index: its age is tested with the library, below
    assert asked() - names == {"footnote_index_age_seconds"}
    assert labels() <= {(s.name, label) for s in samples for label in s.labels}


def test_each_metric_has_a_help_text_and_is_in_the_documentation() -> None:
    from footnote_qa.bot.slack import metrics

    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    gauges = {name for name in asked() if not name.startswith("footnote_question")}

    assert gauges <= set(metrics._HELP)
    assert sorted(name for name in metrics._HELP if name not in page) == []


def test_outcomes_in_the_alerts_are_outcomes_of_the_bot() -> None:
    from footnote_qa.bot.state import Outcome

    named = {
        one
        for rule in RULES
        for group in re.findall(r'outcome=~?"([^"]+)"', rule["expr"])
        for one in group.split("|")
    }

    assert named
    assert named <= set(Outcome)


def test_the_limits_of_the_slow_alert_are_limits_of_the_histogram() -> None:
    from footnote_qa.bot.slack.metrics import BUCKETS_S

    (rule,) = [rule for rule in RULES if rule["alert"] == "FootnoteSlow"]

    assert float(rule["expr"].rpartition(">")[2]) in BUCKETS_S


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert all(rule["annotations"][part].strip() for part in ("summary", "description"))


def test_every_panel_has_its_own_place() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place: dict[str, Any] = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    identifiers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identifiers)) == len(identifiers)


@pytest.mark.parametrize(
    "arguments",
    [["check", "rules", "deploy/monitoring/alerts.yaml"], ["test", "rules", "alerts-test.yaml"]],
    ids=["the rules are rules", "each fires when it should"],
)
def test_prometheus_takes_the_rules(arguments: list[str]) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("needs promtool, of Debian's package prometheus")
    where = ROOT if arguments[0] == "check" else Path(__file__).parent

    done = subprocess.run(
        ["promtool", *arguments], cwd=where, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
