from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.bot.slack.manifest import SCOPES
from tests.fakes.slack_process import Bot, Start
from tests.fakes.slack_workspace import SlackWorkspace


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    with SlackWorkspace(SCOPES) as workspace:
        yield workspace


@pytest.fixture
def start(slack: SlackWorkspace, tmp_path: Path) -> Iterator[Start]:
    bots: list[Bot] = []

    def start_bot(**environment: str) -> Bot:
        bots.append(Bot(slack, tmp_path, **environment))
        if "TEST_HTTP" in environment:
            bots[-1].wait_until_listening(environment["TEST_HTTP"])
        else:
            slack.wait_until_connected()
        return bots[-1]

    yield start_bot
    for bot in bots:
        bot.clean_up()
