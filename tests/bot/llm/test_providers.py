import asyncio
import importlib
import itertools
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import pytest
from llama_index.core import Settings
from pydantic import SecretStr

from footnote_qa.bot.engine.context import for_answer, show
from footnote_qa.bot.errors import AnswererError, SettingsError
from footnote_qa.bot.llm.provider_kinds import KINDS
from footnote_qa.bot.llm.providers import build_models
from footnote_qa.bot.settings import ModelsSettings, ProviderSettings
from footnote_qa.bot.types import Messages, Question, ShownPassage, Usage
from tests.fakes.model_server import ModelServer, Reply, model_server
from tests.fakes.patience import with_patience
from tests.fakes.searcher import a_passage

KEY = "sk-canary-5f1e"
BODY_SECRET = "canary-in-the-body"  # noqa: S105 (a mark to look for)
MESSAGES = Messages(system="the rules", user="the question")
WIRES = ("openai_like", "anthropic")
both_wires = pytest.mark.parametrize("kind", WIRES)
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def a_provider(base_url: str | None = "http://127.0.0.1:9/v1", **changes: Any) -> ProviderSettings:
    if base_url and changes.get("kind") == "anthropic":
        base_url = base_url.removesuffix("/v1")  # its client adds the version by itself
    values = {
        "name": "local",
        "kind": "openai_like",
        "model": "scripted",
        "base_url": base_url,
        "api_key": SecretStr(KEY),
        "timeout_s": 5.0,
    }
    return ProviderSettings(**(values | changes))


async def whole_reply(
    provider: ProviderSettings, messages: Messages, *, stream: bool
) -> tuple[str, Usage]:
    """Return the text and the usage of one reply, within its deadline."""
    model = build_models(ModelsSettings(providers=(provider,)))[0]
    async with (
        asyncio.timeout(provider.timeout_s),
        aclosing(model.reply(messages, stream=stream)) as parts,
    ):
        pieces = [piece async for piece in parts]
    *texts, usage = pieces
    assert isinstance(usage, Usage)
    return "".join(str(text) for text in texts), usage


def reply(server: ModelServer, *, stream: bool, **changes: Any) -> tuple[str, Usage]:
    # A limit for a busy machine: what ends by time sets a short one
    provider = a_provider(server.base_url, **({"timeout_s": 300.0} | changes))
    return asyncio.run(whole_reply(provider, MESSAGES, stream=stream))


@pytest.fixture(scope="module", autouse=True)
def _clients_are_loaded() -> None:
    """Ask once of each kind: what the first request imports takes longer than a fault may."""
    with model_server(Reply(text="NOT FOUND")) as server:
        for kind in WIRES:
            reply(server, stream=False, kind=kind)


@both_wires
@both_ways
def test_reply_comes_with_its_usage(kind: str, stream: bool) -> None:
    text = "SENTENCE: It is 30 days.\nEVIDENCE: k7q2mz | Leave is 30 days"

    with model_server(Reply(text=text)) as server:
        made, usage = reply(server, stream=stream, kind=kind)

    assert made == text
    assert (usage.input_tokens, usage.output_tokens) == (120, 17)
    assert len(server.requests) == 1
    assert bool(server.requests[0].get("stream")) is stream


def test_request_names_the_model_its_limits_and_the_key() -> None:
    with model_server(Reply(text="NOT FOUND")) as server:
        reply(server, stream=False, max_tokens=321)

    request = server.requests[0]
    assert request["path"] == "/v1/chat/completions"
    assert request["authorization"] == f"Bearer {KEY}"
    assert (request["model"], request["temperature"], request["max_tokens"]) == ("scripted", 0, 321)
    assert [(m["role"], m["content"]) for m in request["messages"]] == [
        ("system", "the rules"),
        ("user", "the question"),
    ]


def test_request_in_anthropics_format_names_the_same() -> None:
    with model_server(Reply(text="NOT FOUND")) as server:
        reply(server, stream=False, kind="anthropic", max_tokens=321)

    request = server.requests[0]
    assert (request["path"], request["authorization"]) == ("/v1/messages", KEY)
    assert (request["model"], request["max_tokens"]) == ("scripted", 321)
    assert "the rules" in str(request["system"])


def test_passages_that_do_not_fit_the_model_are_not_sent() -> None:
    passages = show([a_passage("near " * 100), a_passage("far " * 6000, rank=2)])

    messages = for_answer(Question(text="Where?"), passages, room_tokens=2976)

    assert "near near" in messages.user
    assert "far far" not in messages.user


def test_what_requests_share_comes_first_so_that_providers_can_cache_it() -> None:
    shown = show([a_passage("Leave is 30 days a year."), a_passage("Lunch is free.", id=2)])

    one, other = (
        for_answer(Question(text=text, language="German"), shown, room_tokens=6000, further=left)
        for text, left in (("How much leave?", 2), ("Is lunch free?", 0))
    )

    pairs = itertools.takewhile(
        lambda pair: pair[0] == pair[1], zip(one.user, other.user, strict=False)
    )
    shared = "".join(first for first, _ in pairs)
    assert one.system == other.system
    assert "Leave is 30 days" in shared
    assert "Lunch is free" in shared
    assert one.user.index("Lunch is free") < one.user.index("How much leave?")


def test_question_and_passages_are_marked_off() -> None:
    shown = (ShownPassage(id="1", passage=a_passage("Leave is 30 days a year.")),)

    messages = for_answer(Question(text="How much\nleave?"), shown, room_tokens=4000)

    assert "NOT FOUND" in messages.system
    assert "<<< passage 1 >>>\nfrom: Handbook\n| Leave is 30 days a year." in messages.user
    assert "Question: How much leave?" in messages.user


def test_the_language_of_a_channel_goes_into_the_rules_and_nothing_else_changes() -> None:
    shown = (ShownPassage(id="1", passage=a_passage("Leave is 30 days a year.")),)

    free, german = (
        for_answer(Question(text="Leave?", language=language), shown, room_tokens=4000)
        for language in ("", "German")
    )

    assert german.user == free.user
    assert german.system.startswith(free.system)
    assert "write the answer in German" in german.system.removeprefix(free.system)


def test_provider_without_a_key_is_asked_without_one() -> None:
    with model_server(Reply(text="NOT FOUND")) as server:
        reply(server, stream=False, api_key=None)

    assert KEY not in server.requests[0]["authorization"]


FAULTS = {
    "401": Reply(status=401, body='{"error": {"message": "bad key canary-in-the-body"}}'),
    "429": Reply(status=429, body='{"error": {"message": "canary-in-the-body"}}'),
    "500": Reply(status=500, body="canary-in-the-body"),
    "hang": Reply(hang=True),
    "refused": Reply(refuse=True),
    "slow drip": Reply(text="SENTENCE: canary-in-the-body", drip=True),
    "stall": Reply(text="SENTENCE: canary-in-the-body " * 9, stall=True),
    "cut body": Reply(text="SENTENCE: canary-in-the-body " * 9, cut=True),
    "length": Reply(text="SENTENCE: canary-in-the-body", finish_reason="length"),
    "content filter": Reply(text="canary-in-the-body", finish_reason="content_filter"),
    "no finish reason": Reply(text="SENTENCE: canary-in-the-body", finish_reason=None),
    "empty": Reply(text=""),
    "blanks": Reply(text=" \n "),
    "html": Reply(body="<html>canary-in-the-body</html>", content_type="text/html"),
    "half json": Reply(body='{"choices": [{"canary-in-the-body"'),
    "no choices": Reply(body='{"id": "x", "object": "chat.completion", "choices": []}'),
    "null choices": Reply(body='{"id": "x", "object": "chat.completion", "choices": null}'),
}
_SILENT = ("hang", "slow drip", "stall")


@both_wires
@both_ways
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_ends_in_an_error_after_exactly_one_request(
    fault: str, stream: bool, kind: str
) -> None:
    silent = fault in _SILENT
    expected = (TimeoutError, AnswererError) if silent else AnswererError

    def attempt(factor: float) -> None:
        limit = {"timeout_s": 0.4 * factor} if silent else {}
        with model_server(FAULTS[fault]) as server:
            with pytest.raises(expected) as caught:
                reply(server, stream=stream, kind=kind, **limit)
            requests = len(server.requests)

        assert requests == 1
        assert KEY not in str(caught.value)
        assert BODY_SECRET not in str(caught.value)
        if isinstance(caught.value, AnswererError):
            assert str(caught.value).startswith("local: ")
            assert caught.value.__suppress_context__

    with_patience(attempt)


@both_wires
def test_stream_that_ends_cleanly_before_its_end_is_an_error(kind: str) -> None:
    with (
        model_server(Reply(text="SENTENCE: It is 30 days and more.", drop=4)) as server,
        pytest.raises(AnswererError, match="not complete") as caught,
    ):
        reply(server, stream=True, kind=kind)

    assert caught.value.outage


@pytest.mark.parametrize(
    ("fault", "outage"),
    [
        (Reply(status=400, body="{}"), False),
        (Reply(status=413, body="{}"), False),
        (Reply(text="x", finish_reason="length"), False),
        (Reply(status=401, body="{}"), True),
        (Reply(status=529, body="{}"), True),
        (Reply(text=""), True),
    ],
)
def test_error_says_whether_the_provider_is_to_blame(fault: Reply, outage: bool) -> None:
    with model_server(fault) as server, pytest.raises(AnswererError) as caught:
        reply(server, stream=False)

    assert caught.value.outage is outage


@pytest.mark.parametrize(("header", "seconds"), [("3600", 3600.0), ("1", 1.0), ("soon", None)])
def test_error_says_how_long_the_provider_wants_to_be_left_alone(
    header: str, seconds: float | None
) -> None:
    fault = Reply(status=429, body="{}", headers=(("Retry-After", header),))

    with model_server(fault) as server, pytest.raises(AnswererError) as caught:
        reply(server, stream=False)

    assert caught.value.retry_after_s == seconds


def test_reply_that_was_cut_for_length_says_what_it_cost() -> None:
    fault = Reply(text="x", finish_reason="length")

    with model_server(fault) as server, pytest.raises(AnswererError) as caught:
        reply(server, stream=False)

    assert caught.value.spent == (120, 17)


@both_wires
def test_model_can_be_used_from_one_event_loop_after_another(kind: str) -> None:
    with model_server(Reply(text="NOT FOUND")) as server:
        provider = a_provider(server.base_url, kind=kind)
        model = build_models(ModelsSettings(providers=(provider,)))[0]

        async def ask() -> list[str | Usage]:
            return [piece async for piece in model.reply(MESSAGES, stream=False)]

        replies = [asyncio.run(ask())[0] for _ in range(2)]

    assert replies == ["NOT FOUND", "NOT FOUND"]


@both_wires
def test_two_event_loops_can_use_a_model_together(kind: str) -> None:
    with model_server(Reply(text="NOT FOUND")) as server:
        provider = a_provider(server.base_url, kind=kind)
        model = build_models(ModelsSettings(providers=(provider,)))[0]

        async def ask() -> str | Usage:
            pieces = [piece async for piece in model.reply(MESSAGES, stream=False)]
            return pieces[0]

        async def ask_here_and_there() -> list[str | Usage]:
            here = await ask()
            there = await asyncio.to_thread(lambda: asyncio.run(ask()))
            return [here, there, await ask()]

        replies = asyncio.run(ask_here_and_there())

    assert replies == ["NOT FOUND"] * 3


def test_no_providers_give_no_models() -> None:
    assert build_models(ModelsSettings()) == []


def test_one_message_names_all_missing_keys() -> None:
    keys = {"KEY_A": None, "KEY_B": SecretStr("sk-b"), "KEY_C": None}
    providers = tuple(a_provider(name=n, api_key=k, api_key_env=n) for n, k in keys.items())

    with pytest.raises(SettingsError, match=r"KEY_A.*KEY_C") as caught:
        build_models(ModelsSettings(providers=providers))

    assert "KEY_B" not in str(caught.value)


def test_environment_is_not_asked_for_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_A", "sk-a")
    provider = a_provider(api_key=None, api_key_env="KEY_A")

    with pytest.raises(SettingsError, match="KEY_A"):
        build_models(ModelsSettings(providers=(provider,)))


@pytest.mark.parametrize(
    ("kind", "extra"),
    [
        ("openai_like", "openai-like"),
        ("openai", "openai-like"),
        ("azure_openai", "azure-openai"),
        ("anthropic", "anthropic"),
        ("google", "google"),
        ("bedrock", "bedrock"),
        ("ollama", "ollama"),
    ],
)
def test_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, kind: str, extra: str
) -> None:
    whole = importlib.import_module

    def without_the_extra(name: str, package: str | None = None) -> Any:
        if name.startswith("llama_index.llms."):
            raise ModuleNotFoundError(name)
        return whole(name, package)

    monkeypatch.setattr(importlib, "import_module", without_the_extra)

    with pytest.raises(SettingsError, match=rf'pip install "footnote-qa\[{extra}\]"'):
        build_models(ModelsSettings(providers=(a_provider(kind=kind),)))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("openai_like", {"model": "m", "max_retries": 0, "timeout": 5.0, "max_tokens": 99}),
        ("openai", {"model": "m", "max_retries": 0, "timeout": 5.0, "max_tokens": 99}),
        ("azure_openai", {"engine": "m", "max_retries": 0, "timeout": 5.0, "max_tokens": 99}),
        ("anthropic", {"model": "m", "max_retries": 0, "timeout": 5.0, "max_tokens": 99}),
        ("bedrock", {"max_retries": 1, "timeout": 5.0, "max_tokens": 99}),
        ("ollama", {"model": "m", "request_timeout": 5.0, "context_window": 8192}),
    ],
)
def test_class_of_each_kind_asks_once_and_keeps_its_limits(
    kind: str, expected: dict[str, object]
) -> None:
    model = "anthropic.claude-3-haiku-20240307-v1:0" if kind == "bedrock" else "m"
    provider = a_provider(
        kind=kind, model=model, max_tokens=99, region="us-east-1", api_version="2024-10-21"
    )

    llm = build_models(ModelsSettings(providers=(provider,)))[0].llm

    assert type(llm).__name__ == KINDS[kind].name
    assert {name: getattr(llm, name) for name in expected} == expected


def test_google_is_built_with_its_limits_and_without_asking_the_network() -> None:
    arguments = KINDS["google"].arguments(a_provider(None, kind="google"))

    assert arguments["max_retries"] == 0
    assert (arguments["max_tokens"], arguments["context_window"]) == (1024, 8192)
    assert arguments["http_options"] == {"timeout": 5000}


def test_repr_of_a_model_hides_its_key() -> None:
    model = build_models(ModelsSettings(providers=(a_provider(),)))[0]

    assert KEY not in repr(model)


def test_a_model_never_touches_the_global_settings_of_llama_index() -> None:
    with model_server(Reply(text="NOT FOUND")) as server:
        reply(server, stream=False)

    assert Settings._llm is None


def test_two_providers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="several are called local"):
        ModelsSettings(providers=(a_provider(), a_provider()))


def test_kind_that_has_no_address_of_its_own_needs_one() -> None:
    with pytest.raises(ValueError, match="needs base_url"):
        a_provider(None)


def test_price_in_the_settings_is_a_decimal() -> None:
    price = {"input_usd_per_million": "0.15", "output_usd_per_million": "0.60"}

    provider = a_provider(price=price)

    assert provider.price is not None
    assert provider.price.input_usd_per_million == Decimal("0.15")
