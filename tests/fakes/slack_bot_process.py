"""The real bot in a process of its own, with a small `ask`: `python -m … STATE_FILE GATE_FILE`."""

import asyncio
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import BotError
from bot.settings import ChannelSettings, Settings, SlackSettings
from bot.slack.app import run
from bot.store import Store
from bot.types import Answer, Citation, Question, Status, Usage
from index.errors import IndexMissingError

FAILURE = "the wording of a failure"
"""Part of every error here; nobody in Slack may ever read it."""


def answered(question: Question) -> Answer:
    """Answer with the question's own words and groups, so that mixing them up would show."""
    groups = ",".join(sorted(question.audience or ()))
    text = f"You asked: {question.text} ({groups}) [1]."
    return Answer(
        status=Status.ANSWERED,
        text=text,
        citations=(citation(text),),
        nearest=(),
        message="",
        reference="",
        generation="gen-000001",
        indexed_at=datetime(2026, 1, 1, tzinfo=UTC),
        answerer="offline",
        usage=Usage(),
        ms=1.0,
    )


def citation(quote: str) -> Citation:
    return Citation(
        label=1,
        document="a.md",
        title="Handbook",
        page=None,
        heading=("Rules",),
        start=0,
        end=len(quote),
        quote=quote,
        url="https://wiki.example/a",
        modified_at=datetime(2025, 1, 1, tzinfo=UTC),
    )


class Ask:
    """Waits for the gate if the question begins with "wait", fails if it begins with "fail"."""

    def __init__(self, gate: Path) -> None:
        self.gate = gate

    async def __call__(self, question: Question) -> Answer:
        while question.text.startswith("wait") and not self.gate.exists():  # noqa: ASYNC110 opened by another process
            await asyncio.sleep(0.01)
        if question.text.startswith("fail index"):
            raise IndexMissingError(FAILURE)
        if question.text.startswith("fail"):
            raise RuntimeError(FAILURE)
        return answered(question)


def main() -> int:
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    state, gate = (Path(argument) for argument in sys.argv[1:])
    slack = SlackSettings(
        channels=(ChannelSettings(id="C0GENERAL", audience=("staff",)),),
        max_concurrent=int(os.environ.get("TEST_MAX_CONCURRENT", "4")),
        max_queue=int(os.environ.get("TEST_MAX_QUEUE", "100")),
    )
    try:
        # A killed process is given up for dead sooner than in earnest, so that tests need not wait.
        with Store(state, lease_s=float(os.environ.get("TEST_LEASE_S", "1"))) as store:
            return asyncio.run(run(Settings(slack=slack), Ask(gate), store))
    except BotError as error:
        sys.stderr.write(f"footnote: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
