"""The real bot in a process of its own, with a small `ask`: `python -m … STATE_FILE GATE_FILE`."""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from footnote_qa.bot.database import Target, parse_state_url
from footnote_qa.bot.errors import BotError
from footnote_qa.bot.settings import ChannelSettings, Settings, SlackSettings, load
from footnote_qa.bot.slack import app as slack_app
from footnote_qa.bot.slack.app import Service, run
from footnote_qa.bot.slack.inbound.http import parse_address
from footnote_qa.bot.state.questions import QuestionRepository
from footnote_qa.bot.trace import Step, StepKind
from footnote_qa.bot.types import Answer, Choice, Citation, Question, Status, Usage
from footnote_qa.index.errors import IndexMissingError

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


class Engine:
    """Waits for the gate if the question begins with "wait", fails if it begins with "fail"."""

    def __init__(self, gate: Path) -> None:
        self.gate = gate
        odd = os.environ.get("TEST_ODD")
        self.odd: list[str] = json.loads(Path(odd).read_text()) if odd else []

    async def aask(self, question: Question) -> Answer:
        if question.text.startswith("wait"):
            self.gate.with_name("waiting").touch()
        while question.text.startswith("wait") and not self.gate.exists():  # noqa: ASYNC110 opened by another process
            await asyncio.sleep(0.01)
        if question.text.startswith("fail index"):
            raise IndexMissingError(FAILURE)
        if question.text.startswith("fail"):
            raise RuntimeError(FAILURE)
        if question.text.startswith("unknown"):
            return not_found()
        if question.text.startswith("vague") and "(" not in question.text:
            return asking_back(question)
        if question.text.startswith("odd"):
            return replace(answered(question), text=self.odd[int(question.text.split()[1])])
        return answered(question)

    async def astream(self, question: Question) -> AsyncGenerator[str | Step | Answer]:
        """Stream if the question begins with "stream", a sentence for each of its words."""
        if question.text.startswith("stream"):
            words = question.text.split()
            if "stepping" in words:
                yield Step(kind=StepKind.SEARCH, detail="rules <!here> of leave")
                yield Step(kind=StepKind.READ, detail="Leave policy")
            for word in words:
                yield f"{word} [1]."
                await asyncio.sleep(float(os.environ.get("TEST_SENTENCE_S", "0.5")))
                while word == "wait" and not self.gate.exists():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            text = " ".join(f"{word} [1]." for word in words)
            yield replace(answered(question), text=text)
            return
        yield await self.aask(question)


def asking_back(question: Question) -> Answer:
    labels = ("Leave <!channel>", "Travel", "https://evil.example/x")
    return replace(
        answered(question),
        status=Status.CLARIFY,
        text="Do you mean one of these?",
        citations=(),
        choices=tuple(
            Choice(label=label, question=f"{question.text} ({label})") for label in labels
        ),
    )


def not_found() -> Answer:
    return replace(
        answered(Question(text="")),
        status=Status.NOT_FOUND,
        text="",
        citations=(),
        message="The documents don't say.",
    )


def let_die(store: QuestionRepository, at: str) -> None:
    """Kill this process "before" or "after" the first call of a method of *store*.

    To look for questions where there are none does not count.
    """
    when, _, name = at.partition(" ")
    method = getattr(store, name)

    def dying(*args: Any, **kwargs: Any) -> None:
        if when == "after" and method(*args, **kwargs) is None and name == "claim":
            return
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(store, name, dying)


def hurry_up(environment: Mapping[str, str]) -> None:
    """Let what takes minutes in earnest take less: each of these is a number of seconds."""
    for name in ("PING_S", "WATCH_S", "UNREADY_AFTER_S", "LOST_AFTER_S"):
        if f"TEST_{name}" in environment:
            setattr(slack_app, name, float(environment[f"TEST_{name}"]))


def read_again() -> Settings:
    """Read the tokens from the file that a test has written meanwhile, as from `.env`."""
    return load(Path(os.environ["TEST_CONFIG"]))


def main() -> int:
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    state, gate = (Path(argument) for argument in sys.argv[1:])
    slack = SlackSettings(
        channels=(
            ChannelSettings(id="C0GENERAL", audience=("staff",), helper="U0HELPER"),
            ChannelSettings(id="C0OPEN", follow_ups=True, unasked=True),
            ChannelSettings(id="C0OFF", enabled=False),
        ),
        groups={"staff": ("U0STAFF",)},
        guests=os.environ.get("TEST_GUESTS", "refuse"),
        max_concurrent=int(os.environ.get("TEST_MAX_CONCURRENT", "4")),
        max_queue=int(os.environ.get("TEST_MAX_QUEUE", "100")),
        max_per_user=int(os.environ.get("TEST_MAX_PER_USER", "2")),
    )
    try:
        if "TEST_CONFIG" in os.environ:
            read_again()
        # A killed process is given up for dead sooner than in earnest, so that tests need not wait.
        lease_s = float(os.environ.get("TEST_LEASE_S", "1"))
        jump = gate.with_name("jump")  # its size is how many seconds the clock has jumped

        def now() -> float:
            return time.time() + (jump.stat().st_size if jump.exists() else 0)

        target: Target = state
        clock: Callable[[], float] | None = now
        if "TEST_STATE_URL" in os.environ:
            target, clock = parse_state_url(os.environ["TEST_STATE_URL"]), None
        with QuestionRepository(target, lease_s=lease_s, now=clock) as store:
            if "TEST_KILL" in os.environ:
                let_die(store, os.environ["TEST_KILL"])
            hurry_up(os.environ)
            http, health = (os.environ.get(name) for name in ("TEST_HTTP", "TEST_HEALTH"))
            service = Service(
                engine=Engine(gate),
                store=store,
                answers=state.parent / "answers",
                spend=lambda: ["Spent today, all: $1.2500"],
                http=parse_address(http) if http else None,
                health=parse_address(health) if health else None,
                reload=read_again,
            )
            return asyncio.run(run(Settings(slack=slack), service))
    except BotError as error:
        sys.stderr.write(f"footnote: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
