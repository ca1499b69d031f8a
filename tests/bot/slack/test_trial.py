import asyncio
import json
import re
import shutil
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from bot.slack.blocks import Frame, answer_message
from bot.slack.rendering import message_html
from bot.slack.text import JOINER
from bot.slack.trial import page
from bot.types import Answer, Question
from index.errors import IndexMissingError
from tests.fakes.slack_bot_process import answered

EVIL = "<img src=x onerror=alert(1)> [x](https://evil.example) <script>alert(2)</script>"


class Engine:
    """Says two sentences and the answer; keeps the questions."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    async def aask(self, question: Question) -> Answer:
        return answered(question)

    async def astream(self, question: Question) -> AsyncGenerator[str | Answer]:
        self.questions.append(question)
        if question.text == "fail":
            raise IndexMissingError("secret words")
        yield "One [1]."
        yield EVIL
        yield answered(question)


async def opened(session: aiohttp.ClientSession, url: str) -> str:
    """Open the page; returns the token that lets it ask."""
    async with session.get(url) as reply:
        text = await reply.text()
        policy = reply.headers["Content-Security-Policy"]
    nonce = re.search(r'<script nonce="([^"]+)"', text)
    assert nonce is not None
    assert f"script-src 'nonce-{nonce[1]}'" in policy
    assert policy.startswith("default-src 'none'")
    token = re.search(r'"X-Footnote": "([^"]+)"', text)
    assert token is not None
    return token[1]


def asks(*questions: str) -> tuple[Engine, list[list[dict[str, str]]]]:
    engine = Engine()

    async def run() -> list[list[dict[str, str]]]:
        async with page(engine, port=0) as url, aiohttp.ClientSession() as session:
            headers = {"X-Footnote": await opened(session, url)}
            told = []
            for question in questions:
                async with session.post(f"{url}ask", data=question, headers=headers) as reply:
                    told.append([json.loads(line) for line in (await reply.text()).splitlines()])
            return told

    return engine, asyncio.run(run())


def test_a_question_is_answered_sentence_by_sentence_and_then_whole() -> None:
    engine, (events,) = asks("why?")

    assert events[0] == {"sentence": "One [1]."}
    assert "You asked: why?" in events[-1]["html"].replace(JOINER, "")
    assert "<details><summary>Sources (1)</summary>" in events[-1]["html"]
    assert engine.questions[0].audience is None


def test_a_follow_up_brings_along_what_was_said() -> None:
    engine, _ = asks("first?", "second?")

    assert next(turn.text for turn in engine.questions[1].history) == "first?"
    assert len(engine.questions[1].history) == 2


def test_an_error_is_told_in_a_fixed_sentence() -> None:
    _, (events,) = asks("fail")

    assert "reach my index right now" in events[-1]["html"]
    assert "secret" not in str(events)


def test_whatever_is_answered_is_escaped_and_links_to_the_index_alone() -> None:
    evil = replace(answered(Question(text="?")), text=EVIL)
    citation = replace(evil.citations[0], title=EVIL, quote=EVIL, heading=(EVIL,))
    bad = replace(citation, label=2, url="javascript:alert(1)")

    html = message_html(
        answer_message(
            replace(evil, citations=(citation, bad)),
            Frame(now=evil.indexed_at),  # type: ignore[arg-type]  # it has one
        )
    )

    tags = set(re.findall(r"<(/?[a-z]+)", html))
    assert tags <= {t for tag in _TAGS for t in (tag, f"/{tag}")}
    assert re.findall(r'(?:href|src)="([^"]*)"', html) == ["https://wiki.example/a"]


_TAGS = ("a", "b", "blockquote", "br", "code", "details", "i", "p", "pre", "small", "summary")


def test_other_pages_can_neither_ask_nor_read() -> None:
    async def run() -> list[int]:
        async with page(Engine(), port=0) as url, aiohttp.ClientSession() as session:
            await opened(session, url)
            statuses = []
            for headers in ({}, {"X-Footnote": "guess"}):
                async with session.post(f"{url}ask", data="why?", headers=headers) as reply:
                    statuses.append(reply.status)
            async with session.get(url, headers={"Host": "evil.example"}) as reply:
                statuses.append(reply.status)
            return statuses

    assert asyncio.run(run()) == [403, 403, 403]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_in_a_browser_the_answer_appears_and_nothing_of_it_runs(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    assert chromium is not None
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    arguments += ["--disable-background-networking", f"--user-data-dir={tmp_path}"]
    arguments += ["--virtual-time-budget=5000", "--dump-dom"]

    async def run() -> str:
        async with page(Engine(), port=0) as url:
            address = f"{url}?q={quote(EVIL)}"
            browser = await asyncio.create_subprocess_exec(
                *(chromium, *arguments, address),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            dom, _ = await asyncio.wait_for(browser.communicate(), 60)
            return dom.decode().replace(JOINER, "")

    dom = asyncio.run(run())

    assert 'data-whole="yes"' in dom
    assert "<summary>Sources (1)</summary>" in dom
    assert "You asked: &lt;img src=x onerror=alert(1)&gt;" in dom
    assert "<img" not in dom
