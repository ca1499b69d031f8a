import asyncio
import json
import logging
import re
import shutil
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from footnote_qa.bot.slack.documents import Excerpt, Facts
from footnote_qa.bot.slack.features.app_home import hello
from footnote_qa.bot.slack.messages import texts
from footnote_qa.bot.slack.messages.blocks import Frame, answer_message
from footnote_qa.bot.slack.messages.texts import JOINER, Hello
from footnote_qa.bot.slack.preview.server import message_html, page
from footnote_qa.bot.trace import Step, StepKind
from footnote_qa.bot.types import Answer, Citation, Question
from footnote_qa.index.errors import IndexMissingError
from footnote_qa.index.types import Audience, Passage
from tests.fakes.slack_bot_process import answered, asking_back
from tests.fakes.slack_browser import browser

EVIL = "<img src=x onerror=alert(1)> [x](https://evil.example) <script>alert(2)</script>"


class Engine:
    """Says two sentences and the answer; keeps the questions."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    async def aask(self, question: Question) -> Answer:
        return answered(question)

    async def astream(self, question: Question) -> AsyncGenerator[str | Step | Answer]:
        self.questions.append(question)
        if question.text == "fail":
            raise IndexMissingError("secret words")
        if question.text == "vague":
            yield Step(kind=StepKind.SEARCH, detail=EVIL)
            yield asking_back(question)
            return
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


def test_a_question_is_answered_sentence_by_sentence_and_then_completely() -> None:
    engine, (events,) = asks("why?")

    assert events[0] == {"sentence": "One [1]."}
    assert "You asked: why?" in events[-1]["html"].replace(JOINER, "")
    assert "<details><summary>Sources (1)</summary>" in events[-1]["html"]
    assert engine.questions[0].audience is None


def test_a_follow_up_brings_along_what_was_said() -> None:
    engine, _ = asks("first?", "second?")

    assert next(turn.text for turn in engine.questions[1].history) == "first?"
    assert len(engine.questions[1].history) == 2


def test_steps_are_shown_and_a_question_back_has_buttons_that_ask() -> None:
    _, (events,) = asks("vague")

    assert events[0]["step"].startswith("is searching for")
    assert 'data-question="vague (Travel)">Travel</button>' in events[-1]["html"]
    assert "<!channel>" not in events[-1]["html"]


def test_steps_of_an_answer_keep_their_numbers() -> None:
    steps = replace(answered(Question(text="?")), text="Do this:\n1. Open it.\n2. Close it. [1]")

    html = message_html(answer_message(steps, Frame(now=datetime.now(UTC))))

    assert '<ol start="1"><li>Open it.</li>' in html.replace(JOINER, "")


def test_an_error_is_shown_as_a_fixed_sentence() -> None:
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


class Shelf:
    """A library of one document, or none at all."""

    def __init__(self, *titles: str) -> None:
        self.titles = titles

    def facts(self, audience: Audience) -> Facts:
        assert audience is None
        if not self.titles:
            raise IndexMissingError("secret words")
        created = datetime.now(UTC) - timedelta(hours=2)
        return Facts(
            generation="gen-000042", created_at=created, titles=self.titles, failed=0, stale=""
        )

    def stale(self) -> str:
        return ""

    def excerpt(self, _: Citation, __: frozenset[str]) -> Excerpt | None:
        return None

    def search(self, _: str, *, k: int, audience: frozenset[str]) -> list[Passage]:
        raise NotImplementedError

    def audience_of(self, _: Sequence[str]) -> tuple[str, ...]:
        return ()


def test_the_page_begins_with_what_can_be_asked() -> None:
    told, nothing = hello(Shelf("Parking"), ("How many days?",)), hello(Shelf(), ())

    assert told.words.splitlines()[1] == (
        "I know 1 document, namely “Parking” (index gen-000042, built 2 hours ago)."
    )
    assert told.prompts == ("How many days?",)
    assert nothing == Hello(words=texts.HOME_NO_INDEX)


def test_a_reader_who_leaves_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    class Slow(Engine):
        async def astream(self, question: Question) -> AsyncGenerator[str | Answer]:
            self.questions.append(question)
            while len(self.questions) < 2:
                yield "One [1]."
                await asyncio.sleep(0.01)
            yield answered(question)

    async def run() -> None:
        async with page(Slow(), port=0) as url, aiohttp.ClientSession() as session:
            headers = {"X-Footnote": await opened(session, url)}
            async with session.post(f"{url}ask", data="leaving", headers=headers) as reply:
                await reply.content.readany()
            async with session.post(f"{url}ask", data="staying", headers=headers) as reply:
                assert "You asked: staying" in (await reply.text()).replace(JOINER, "")

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())

    assert caplog.records == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_in_a_browser_the_answer_appears_and_nothing_of_it_runs(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    assert chromium is not None

    async def run() -> tuple[str, str]:
        said = Hello(words=f"I know {EVIL}", prompts=("What does it say?",))
        served = page(Engine(), hello=lambda: said, port=0)
        async with served as url, browser(chromium, tmp_path) as tab:
            await tab.goto(f"{url}?q={quote(EVIL)}")
            await tab.until("!!document.querySelector('[data-whole]')")
            asked: str = await tab.evaluate("document.body.innerHTML")
            await tab.goto(f"{url}?")
            await tab.until("!location.search && document.readyState === 'complete'")
            await tab.evaluate("document.querySelector('.prompt').click()")
            await tab.until("!!document.querySelector('[data-whole]')")
            return asked, await tab.evaluate("document.getElementById('talk').innerText")

    asked, clicked = asyncio.run(run())

    dom = asked.replace(JOINER, "")
    assert "<summary>Sources (1)</summary>" in dom
    assert "You asked: &lt;img src=x onerror=alert(1)&gt;" in dom
    assert "I know &lt;img src=x" in dom
    assert "<img" not in dom
    assert "You asked: What does it say?" in clicked.replace(JOINER, "")
