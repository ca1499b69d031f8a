"""The formats of the other providers, with their own classes over real HTTP."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from footnote_qa.bot.engine.reply_parser import SCHEMA
from footnote_qa.bot.errors import AnswererError
from footnote_qa.bot.types import Messages, Usage
from tests.bot.llm.test_providers import BODY_SECRET, FAULTS, KEY, MESSAGES, a_provider, whole_reply
from tests.fakes.model_server import ModelServer, Reply, model_server

pytestmark = pytest.mark.slow  # the clients of four providers take seconds to import

TEXT = "SENTENCE: It is 30 days.\nEVIDENCE: k7q2mz | Leave is 30 days"
# Requests made if the server closes the connection silently: aiohttp, which Google's client
# uses, takes that for a connection that had become old
MOST_REQUESTS = {"google": 2}
MODELS = {"bedrock": "anthropic.claude-3-haiku-20240307-v1:0"}
PATIENCE_S = 600.0  # what a client imports with its first request takes seconds, or more
SILENT = ("hang", "slow drip", "stall")

all_kinds = pytest.mark.parametrize("kind", ["azure_openai", "bedrock", "google", "ollama"])
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture(scope="module", autouse=True)
def _tables_of_aws_are_read_once() -> Iterator[None]:
    """Let all clients of Bedrock share what botocore reads of its services: half a second each."""
    from botocore import loaders, session  # type: ignore[import-untyped] # it has no types

    loader = loaders.create_loader()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(session, "create_loader", lambda _: loader)
        yield


@pytest.fixture(autouse=True)
def _keys_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIACANARY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def reply(
    server: ModelServer,
    kind: str,
    *,
    stream: bool,
    messages: Messages = MESSAGES,
    **changes: Any,
) -> tuple[str, Usage]:
    values = {"model": MODELS.get(kind, "scripted"), "region": "us-east-1", "max_tokens": 99}
    base_url = server.base_url.removesuffix("/v1")
    provider = a_provider(base_url, **(values | {"kind": kind, "timeout_s": PATIENCE_S} | changes))
    return asyncio.run(whole_reply(provider, messages, stream=stream))


@all_kinds
@both_ways
def test_reply_comes_with_its_usage_after_one_request(kind: str, stream: bool) -> None:
    with model_server(Reply(text=TEXT)) as server:
        made, usage = reply(server, kind, stream=stream)

    assert made == TEXT
    assert (usage.input_tokens, usage.output_tokens) == (120, 17)
    (sent,) = server.requests
    told = str(sent)
    assert all(one in told for one in (MESSAGES.system, MESSAGES.user, "99"))
    assert MODELS.get(kind, "scripted") in told or kind == "bedrock"
    assert sent["authorization"] == KEY or kind in {"bedrock", "ollama"}
    assert KEY not in str({name: sent[name] for name in sent if name != "authorization"})


@all_kinds
@both_ways
def test_schema_of_a_structured_reply_goes_with_the_request(kind: str, stream: bool) -> None:
    if kind == "bedrock":
        pytest.skip("its structured replies are calls of a tool, and no text")
    messages = replace(MESSAGES, schema=SCHEMA)

    with model_server(Reply(text='{"sentences": []}')) as server:
        made, _ = reply(server, kind, stream=stream, messages=messages, structured=True)

    assert made == '{"sentences": []}'
    (sent,) = server.requests
    assert str(SCHEMA["properties"]) in str(sent)


@all_kinds
@both_ways
@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in SILENT])
def test_each_fault_ends_in_an_error_without_another_try(
    fault: str, stream: bool, kind: str
) -> None:
    with (
        model_server(FAULTS[fault]) as server,
        pytest.raises(AnswererError) as caught,
    ):
        reply(server, kind, stream=stream)

    most = MOST_REQUESTS.get(kind, 1) if fault == "refused" else 1
    assert len(server.requests) <= most
    assert KEY not in str(caught.value)
    assert BODY_SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


@all_kinds
@pytest.mark.parametrize(("status", "outage"), [(429, True), (400, False)])
def test_refusal_says_with_which_status_and_for_how_long(
    kind: str, status: int, outage: bool
) -> None:
    fault = Reply(status=status, body='{"error": {"message": "no"}}', headers=RETRY_AFTER)

    with model_server(fault) as server, pytest.raises(AnswererError) as caught:
        reply(server, kind, stream=False)

    assert str(caught.value) == f"local: refused with status {status}"
    assert caught.value.outage is outage
    assert caught.value.retry_after_s in {12.0, None}
    assert caught.value.retry_after_s == 12.0 or kind == "ollama"  # its errors hold no headers


RETRY_AFTER = (("Retry-After", "12"),)


@all_kinds
def test_stream_that_ends_cleanly_before_its_end_is_no_reply(kind: str) -> None:
    if kind == "bedrock":
        pytest.skip(
            "its replies are asked for whole: the parts of its streams do not say why it ended"
        )

    with (
        model_server(Reply(text=TEXT, drop=2)) as server,
        pytest.raises(AnswererError, match="not complete"),
    ):
        reply(server, kind, stream=True)
