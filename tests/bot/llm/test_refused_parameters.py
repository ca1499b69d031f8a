"""Parameters that a model refuses, over real HTTP; thinking; classes of llama-index by path."""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

import pytest
from llama_index.core.llms import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    CompletionResponseGen,
    CustomLLM,
    LLMMetadata,
)
from pydantic import ValidationError

from footnote_qa.bot.errors import AnswererError, SettingsError
from footnote_qa.bot.llm import refused_parameters as learning
from footnote_qa.bot.llm.providers import build_models
from footnote_qa.bot.llm.refused_parameters import RefusedParameters
from footnote_qa.bot.settings import ModelsSettings, ProviderSettings
from footnote_qa.bot.types import Usage
from tests.bot.llm.test_providers import MESSAGES, a_provider, both_ways, whole_reply
from tests.fakes.model_server import ModelServer, Reply, model_server
from tests.fakes.model_wires import GOOGLE

TEXT = "It is 30 days [1]."
SECRET = "canary-in-the-refusal"  # noqa: S105 - a mark to look for
REFUSALS = {
    '"temperature"': f"Unsupported value: 'temperature' does not support 0. {SECRET}",
    '"max_tokens"': "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
}


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "_KNOWN", {})


def reply(server: ModelServer, *, stream: bool, **changes: Any) -> tuple[str, Usage]:
    """Return a reply; the first request of a client imports for seconds."""
    provider = a_provider(server.base_url, **({"timeout_s": 60.0} | changes))
    return asyncio.run(whole_reply(provider, MESSAGES, stream=stream))


def names_of(server: ModelServer) -> list[set[str]]:
    names = {"temperature", "max_tokens", "max_completion_tokens", "reasoning_effort", "thinking"}
    return [names & set(request) for request in server.requests]


@both_ways
def test_parameters_that_a_model_refuses_are_left_out_from_then_on(
    stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with model_server(Reply(text=TEXT)) as server, caplog.at_level(logging.WARNING):
        server.refuses = dict(REFUSALS)
        first, usage = reply(server, stream=stream, max_tokens=321)
        second, _ = reply(server, stream=stream, max_tokens=321)

    assert (first, second) == (TEXT, TEXT)
    assert usage.output_tokens == 17
    assert names_of(server) == [
        {"temperature", "max_tokens"},
        {"max_tokens"},
        {"max_completion_tokens"},
        {"max_completion_tokens"},
    ]
    assert server.requests[-1]["max_completion_tokens"] == 321
    logged = [(one.getMessage(), getattr(one, "parameter", "")) for one in caplog.records]
    assert [name for text, name in logged if text.startswith("parameter refused")] == [
        *("temperature", "max_tokens"),
    ]
    assert SECRET not in caplog.text


def test_another_model_of_the_same_server_is_not_affected() -> None:
    with model_server(Reply(text=TEXT)) as server:
        server.refuses = {'"temperature"': REFUSALS['"temperature"']}
        reply(server, stream=False)
        server.refuses = {}
        reply(server, stream=False, model="other")

    assert names_of(server)[-1] == {"temperature", "max_tokens"}


def test_anthropic_refusal_is_learnt_too() -> None:
    with model_server(Reply(text=TEXT)) as server:
        server.refuses = {'"temperature"': "`temperature` is deprecated for this model."}
        made, _ = reply(server, stream=True, kind="anthropic")

    assert made == TEXT
    assert names_of(server) == [{"temperature", "max_tokens"}, {"max_tokens"}]


@pytest.mark.parametrize(
    "message",
    [
        "maximum context length is 8192 tokens, you asked for 9000: lower max_tokens or messages",
        "max_tokens: 90000 > 4096, which is the maximum allowed",
        "the messages are not valid",
        "model 'scripted' does not exist",
    ],
)
def test_refusal_of_something_else_is_an_error_without_another_try(message: str) -> None:
    with model_server(Reply(text=TEXT)) as server:
        server.refuses = {'"messages"': message}
        with pytest.raises(AnswererError):
            reply(server, stream=False)

    assert len(server.requests) == 1


def test_server_that_refuses_again_and_again_is_given_up() -> None:
    with model_server(Reply(text=TEXT)) as server:
        server.refuses = {'"messages"': "no temperature, no stop, no max_completion_tokens"}
        with pytest.raises(AnswererError):
            reply(server, stream=False)

    assert len(server.requests) <= 1 + learning.MOST_AT_ONCE


def test_other_statuses_teach_nothing() -> None:
    known = RefusedParameters(name="x", sent=frozenset({"temperature"}))

    assert not known.learn(status=500, message="temperature")
    assert not known.learn(status=None, message="temperature")
    assert known.learn(status=422, message="temperature")
    assert not known.learn(status=422, message="temperature")


@pytest.mark.parametrize(
    ("kind", "thinking", "sent"),
    [
        ("openai_like", "high", {"reasoning_effort": "high", "max_tokens": 1024 + 16_384}),
        ("openai_like", 3000, {"reasoning_effort": "medium", "max_tokens": 1024 + 3000}),
        ("openai_like", "off", {"reasoning_effort": "none", "max_tokens": 1024}),
        (
            "anthropic",
            "medium",
            {"thinking": {"type": "enabled", "budget_tokens": 4096}, "max_tokens": 1024 + 4096},
        ),
        ("ollama", "low", {"think": True}),
        ("ollama", "off", {"think": False}),
    ],
)
def test_thinking_is_a_setting(kind: str, thinking: object, sent: dict[str, object]) -> None:
    with model_server(Reply(text=TEXT)) as server:
        base_url = server.base_url.removesuffix("/v1") if kind == "ollama" else server.base_url
        provider = a_provider(
            base_url, kind=kind, thinking=thinking, context_tokens=32_000, timeout_s=60
        )
        asyncio.run(whole_reply(provider, MESSAGES, stream=False))

    request = server.requests[0]
    assert {name: request.get(name) for name in sent} == sent


def test_thinking_of_google_has_its_budget_and_its_cost() -> None:
    body = GOOGLE.complete(TEXT, "stop")
    body["usageMetadata"]["thoughtsTokenCount"] = 500
    with model_server(Reply(body=json.dumps(body))) as server:
        base_url = server.base_url.removesuffix("/v1")
        provider = a_provider(
            base_url, kind="google", thinking=2048, context_tokens=32_000, timeout_s=60
        )
        _, usage = asyncio.run(whole_reply(provider, MESSAGES, stream=False))

    config = server.requests[0]["generationConfig"]
    assert list(config["thinkingConfig"].values()) == [2048]
    assert config["maxOutputTokens"] == 1024 + 2048
    assert usage.output_tokens == 17 + 500


def test_thinking_that_leaves_no_room_is_a_wrong_setting() -> None:
    with pytest.raises(ValidationError, match="context_tokens leaves no room"):
        a_provider(thinking="high", context_tokens=8192)


class Parrot(CustomLLM):
    """A class as somebody may have it: it repeats the question, and does not say why it ended."""

    words: str = ""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata()

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        raise NotImplementedError

    def stream_complete(
        self, prompt: str, formatted: bool = False, **_: Any
    ) -> CompletionResponseGen:
        raise NotImplementedError

    async def achat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
        said = f"{self.words} {messages[-1].content}".strip()
        return ChatResponse(message=ChatMessage(role="assistant", content=said), raw={})


def by_path(class_path: str, **changes: Any) -> ProviderSettings:
    values = {"name": "own", "kind": "llama_index", "model": "parrot", "class_path": class_path}
    return ProviderSettings(**(values | changes))


@both_ways
def test_any_llama_index_class_answers_by_its_path(
    stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import llama_index.core.llms as home

    monkeypatch.setattr(home, "Parrot", Parrot, raising=False)
    provider = by_path("llama_index.core.llms.Parrot", arguments={"words": "Parrot:"})

    made, usage = asyncio.run(whole_reply(provider, MESSAGES, stream=stream))

    assert made == "Parrot: the question"
    assert usage == Usage(cost_usd=None)


@pytest.mark.parametrize(
    ("class_path", "why"),
    [
        ("no_such_package.Model", "cannot be imported"),
        ("llama_index.core.llms.NoSuchClass", "cannot be imported"),
        ("llama_index.core.llms.ChatMessage", "not a subclass"),
    ],
)
def test_class_path_that_names_no_model_is_a_wrong_setting(class_path: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        build_models(ModelsSettings(providers=(by_path(class_path),)))


def test_class_path_belongs_to_its_kind_alone() -> None:
    with pytest.raises(ValidationError, match="class_path"):
        a_provider(class_path="a.B")
    with pytest.raises(ValidationError, match="class_path"):
        ProviderSettings(name="own", kind="llama_index", model="parrot")
