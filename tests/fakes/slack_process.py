"""The bot as a process of its own, beside a fake Slack."""

import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from tests.fakes import fork_server
from tests.fakes.slack_display import show
from tests.fakes.slack_wire import PATIENCE_S
from tests.fakes.slack_workspace import (
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    SlackWorkspace,
)

ROOT = Path(__file__).parents[2]


class Bot:
    """The bot's process."""

    def __init__(self, slack: SlackWorkspace, folder: Path, **environment: str) -> None:
        self.log = folder / "log"
        self.gate = folder / "gate"
        self.waiting = folder / "waiting"
        self.state = folder / "state"
        self._slack = slack
        tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
        tokens |= {"SLACK_SIGNING_SECRET": SIGNING_SECRET}
        if "TEST_CONFIG" in environment:
            tokens = {}  # they are in `.env`
        with self.log.open("ab") as log:
            self._process = fork_server.start(
                str(folder / "state" / "state.sqlite"),
                str(self.gate),
                cwd=ROOT,
                target="tests.fakes.slack_bot_process:main",
                env=os.environ | tokens | {"SLACK_API_URL": slack.api_url} | environment,
                stderr=log.fileno(),
            )

    def wait_until_listening(self, address: str) -> None:
        """Return as soon as it answers by HTTP; fail if it ends before."""
        for _ in range(15_000):
            try:
                urllib.request.urlopen(f"http://{address}/healthz").close()
            except OSError:
                assert self._process.poll() is None, self.log.read_text()
                time.sleep(0.02)
            else:
                return
        raise AssertionError("it never listened")

    def wait_until_waiting(self) -> None:
        """Return as soon as a question that begins with "wait" is in work."""
        eventually(self.waiting.exists, "a question waits for the gate")

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.ended()
        self._slack.wait_until_gone()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        return self._process.wait(PATIENCE_S)

    def clean_up(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def free_address() -> str:
    """Return an address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


Start: TypeAlias = Callable[..., Bot]


def eventually(happened: Callable[[], object], what: str) -> None:
    """Return as soon as *happened*, which the fake Slack does not see; fail after a long time."""
    for _ in range(30_000):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError(f"never happened: {what}")


def get(address: str, path: str) -> tuple[int, str]:
    """Return what the bot answers to whoever watches it."""
    try:
        with urllib.request.urlopen(f"http://{address}/{path}") as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def settled(slack: SlackWorkspace) -> bool:
    return all(d.acked for d in slack.deliveries)


def message_texts(slack: SlackWorkspace, channel: str) -> list[str]:
    return [show(m).text for m in slack.answers(channel)]


def finish(bot: Bot) -> None:
    """Let the bot end in good order: whatever it still meant to post is posted by then."""
    bot.gate.touch()
    bot.signal(signal.SIGTERM)
    assert bot.ended() == 0
