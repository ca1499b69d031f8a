"""Faults of a provider over real HTTP: each question still gets one good outcome."""

import asyncio
import socket
from typing import Any

import pytest
from pydantic import SecretStr

from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.llm.portfolio import Portfolio
from footnote_qa.bot.llm.providers import build_models
from footnote_qa.bot.settings import ModelsSettings, ProviderSettings
from footnote_qa.bot.types import Answer, Question, Status
from tests.bot.engine.test_query_engine import ScriptedAnswerer
from tests.fakes.model_server import Reply, model_server
from tests.fakes.models import Blocks, a_provider, inventing, quoting, said
from tests.fakes.patience import with_patience
from tests.fakes.searcher import MemorySearcher, a_chunk

KEY = "sk-canary-5f1e"
TEXT = "Everybody has 30 days of leave a year."
DEADLINE_S = 20.0
TIMEOUT_S = 1.0
PATIENCE_S = 9.0
GOOD = Reply(script=quoting)


def repeating(blocks: Blocks) -> str:
    return said(blocks[0][1], *blocks[0]) * 40


def unknown_source(_: Blocks) -> str:
    return said("Everybody has 99 days.", "zzzzz7", "everybody has 99 days of leave")


def refused(status: int, **changes: Any) -> Reply:
    return Reply(status=status, body='{"error": {"message": "canary-in-the-body"}}', **changes)


FAULTS = {
    "refused": Reply(refuse=True),
    "no first byte": Reply(hang=True),
    "slow drip": Reply(script=quoting, drip=True),
    "stall": Reply(script=repeating, stall=True),
    "cut": Reply(script=repeating, cut=True),
    "clean end without a finish reason": Reply(script=quoting, drop=3, finish_reason=None),
    "length": Reply(script=quoting, finish_reason="length"),
    "content filter": Reply(script=quoting, finish_reason="content_filter"),
    **{str(s): refused(s) for s in (400, 401, 403, 404, 408, 409, 413, 429, 500, 502, 503, 529)},
    "429, later": refused(429, headers=(("Retry-After", "1"),)),
    "429, in an hour": refused(429, headers=(("Retry-After", "3600"),)),
    "503, at a date": refused(503, headers=(("Retry-After", "Wed, 21 Oct 2099 07:28:00 GMT"),)),
    "a page of HTML": Reply(body="<html>busy</html>", content_type="text/html"),
    "half JSON": Reply(body='{"choices": [{"mess'),
    "empty": Reply(text=""),
    "blanks": Reply(text=" \n\t "),
}
SILENT = ("no first byte", "slow drip", "stall")
NOT_FAULTS_OF_THE_WIRE = {
    "repeated text": (Reply(script=repeating), Status.ANSWERED),
    "source that does not exist": (Reply(script=unknown_source), Status.UNSUPPORTED),
    "prose": (Reply(script=inventing), Status.UNSUPPORTED),
}
ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
kinds_and_ways = pytest.mark.parametrize(
    ("kind", "stream"), [("openai_like", False), ("openai_like", True), ("anthropic", True)]
)


@pytest.fixture(scope="module", autouse=True)
def _clients_are_loaded() -> None:
    """Ask once of each kind: what the first request imports takes longer than a fault may."""
    with model_server(GOOD) as server:
        for kind in ("openai_like", "anthropic"):
            ask(a_supplier(server.base_url, kind=kind, timeout_s=300.0), deadline_s=300.0)


def a_supplier(base_url: str, name: str = "first", **changes: Any) -> ProviderSettings:
    if changes.get("kind") == "anthropic":
        base_url = base_url.removesuffix("/v1")
    values = {"base_url": base_url, "api_key": SecretStr(KEY), "timeout_s": 9.0}
    return a_provider(name, **(values | changes))


def patience(fault: str) -> float:
    """Return a short timeout for what never ends, and else one that a busy machine keeps."""
    return TIMEOUT_S if fault in SILENT else PATIENCE_S


def ask(
    *providers: ProviderSettings, stream: bool = False, deadline_s: float = DEADLINE_S
) -> Answer:
    """Return the one answer, within the deadline or not at all."""
    settings = ModelsSettings(providers=providers, deadline_s=deadline_s)
    engine = AnswerEngine(
        MemorySearcher([a_chunk(TEXT)]),
        Portfolio(build_models(settings), settings),
        fallback=ScriptedAnswerer(quoting),
        k=8,
    )
    question = Question(text="How much leave?")

    async def within() -> Answer:
        async with asyncio.timeout(deadline_s):
            if not stream:
                return await engine.aask(question)
            events = [event async for event in engine.astream(question)]
        *told, answer = events
        assert isinstance(answer, Answer)
        assert "".join(str(one) for one in told) == answer.text
        return answer

    return asyncio.run(within())


@pytest.mark.slow
@kinds_and_ways
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_fails_over_to_the_next_provider(fault: str, kind: str, stream: bool) -> None:
    def attempt(factor: float) -> None:
        with model_server(FAULTS[fault]) as bad, model_server(GOOD) as good:
            answer = ask(
                a_supplier(bad.base_url, kind=kind, timeout_s=patience(fault) * factor),
                a_supplier(good.base_url, "second", share=0.01, timeout_s=PATIENCE_S * factor),
                stream=stream,
                deadline_s=DEADLINE_S * factor,
            )
            requests = len(bad.requests), len(good.requests)

        assert (answer.status, answer.message) == (Status.ANSWERED, "")
        assert answer.text == TEXT.replace(".", " [1].")
        # The second one does not repeat what the first one wrote before its stream broke off
        assert answer.answerer == "second" or (stream and answer.answerer == "first")
        assert requests == (1, 1)

    with_patience(attempt)


@pytest.mark.slow
@ways
@pytest.mark.parametrize("fault", FAULTS)
def test_if_the_only_provider_fails_the_answer_quotes_the_documents(
    fault: str, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def attempt(factor: float) -> None:
        with model_server(FAULTS[fault]) as server:
            answer = ask(
                a_supplier(server.base_url, timeout_s=patience(fault) * factor),
                stream=stream,
                deadline_s=DEADLINE_S * factor,
            )
            requests = len(server.requests)

        assert answer.status is Status.ANSWERED
        assert answer.text == TEXT.replace(".", " [1].")
        assert answer.message.startswith("The language model could not be reached")
        assert requests == 1

    with_patience(attempt)
    logged = "".join(str(record.__dict__) for record in caplog.records)
    assert "first: " in logged
    assert KEY not in logged
    assert "canary-in-the-body" not in logged


@ways
@pytest.mark.parametrize("case", NOT_FAULTS_OF_THE_WIRE)
def test_a_complete_but_useless_reply_does_not_pass_the_check(case: str, stream: bool) -> None:
    reply, status = NOT_FAULTS_OF_THE_WIRE[case]

    with model_server(reply) as server:
        answer = ask(a_supplier(server.base_url), stream=stream)
        requests = len(server.requests)

    assert answer.status is status
    assert answer.text in {"", TEXT.replace(".", " [1].")}
    assert requests <= 2


@ways
@pytest.mark.parametrize(
    "base_url", ["http://no-such-host.invalid/v1", "https://127.0.0.1:{port}/v1", "closed port"]
)
def test_if_the_only_provider_is_unreachable_the_answer_quotes_the_documents(
    base_url: str, stream: bool
) -> None:
    with socket.socket() as unused, model_server(GOOD) as server:
        unused.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = server.base_url.split(":")[2].split("/")[0]
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        address = closed if base_url == "closed port" else base_url.format(port=port)

        answer = ask(a_supplier(address), stream=stream)

    assert (answer.status, answer.answerer) == (Status.ANSWERED, "offline")
    assert answer.message.startswith("The language model could not be reached")


def test_many_hanging_providers_share_one_deadline() -> None:
    def attempt(factor: float) -> None:
        with model_server(Reply(hang=True)) as server:
            providers = [
                a_supplier(server.base_url, f"p{at}", share=0.1, timeout_s=3.75 * factor)
                for at in range(8)
            ]
            answer = ask(*providers, deadline_s=10.0 * factor)
            requests = len(server.requests)

        assert (answer.status, answer.answerer) == (Status.ANSWERED, "offline")
        assert requests <= 3

    with_patience(attempt)
