"""The bot in a network whose only way out is a proxy that opens TLS with a CA of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from footnote_qa.bot.slack.manifest import SCOPES
from tests.fakes.company_network import OpeningProxy
from tests.fakes.slack_process import message_texts
from tests.fakes.slack_workspace import APP_TOKEN, BOT_TOKEN, CHANNEL, SlackWorkspace

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
API, LINK = "slack.company.test", "wss.slack.company.test"
"""Names that nobody but the proxy can look up."""


class FarSlack(SlackWorkspace):
    """Slack under names of its own, with TLS."""

    def _checked(self, method: str, args: Mapping[str, Any], token: str) -> Any:
        reply = super()._checked(method, args, token)
        if method == "apps.connections.open":
            return {"url": f"wss://{LINK}/link?{reply['url'].partition('?')[2]}"}
        return reply


@pytest.fixture
def slack() -> Iterator[FarSlack]:
    with FarSlack(SCOPES) as workspace:
        yield workspace


@pytest.fixture
def proxy(slack: FarSlack, tmp_path: Path) -> Iterator[OpeningProxy]:
    opened = OpeningProxy(tmp_path, (API, LINK), ("127.0.0.1", slack._port))
    yield opened
    opened.close()


def start(folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    # A process of its own: aiohttp reads the certificates when it is imported
    module = [sys.executable, "-m", "tests.fakes.slack_bot_process"]
    (folder / "state").mkdir()
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*module, str(folder / "state" / "state.sqlite"), str(folder / "gate")],
            cwd=ROOT,
            stderr=log,
            env={
                **{
                    name: value for name, value in os.environ.items() if "PROXY" not in name.upper()
                },
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_APP_TOKEN": APP_TOKEN,
                "SLACK_API_URL": f"https://{API}/api/",
                **environment,
            },
        )


def test_slack_is_reached_through_the_proxy_with_the_companys_ca(
    slack: FarSlack, proxy: OpeningProxy, tmp_path: Path
) -> None:
    bot = start(tmp_path, HTTPS_PROXY=proxy.url, SSL_CERT_FILE=str(proxy.ca))
    try:
        slack.wait_until_connected()
        slack.mention("why?")
        slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
        bot.send_signal(signal.SIGTERM)
        status = bot.wait(30)
    finally:
        bot.kill()
        bot.wait()

    assert status == 0
    assert "You asked: why?" in message_texts(slack, CHANNEL)[0]
    assert set(proxy.asked) == {f"CONNECT {API}:443", f"CONNECT {LINK}:443"}


def test_a_ca_that_is_not_trusted_gets_no_token(
    slack: FarSlack, proxy: OpeningProxy, tmp_path: Path
) -> None:
    bot = start(tmp_path, HTTPS_PROXY=proxy.url)

    status = bot.wait(120)

    assert status == 2
    assert slack.calls == []
    assert "certificate" in (tmp_path / "log").read_text().splitlines()[-1].lower()
