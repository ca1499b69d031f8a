import asyncio
import importlib
import logging
from typing import Any

import pytest
from llama_index.core import Settings
from pydantic import SecretStr

from bot.engine import FootnoteQueryEngine
from bot.errors import AnswererError, SettingsError
from bot.providers import build_answerers
from bot.settings import ModelsSettings, ProviderSettings
from bot.showing import show
from bot.types import Draft, Question, Sentence, ShownPassage, Status
from tests.bot.test_engine import LEAVE, ScriptedAnswerer, quoting
from tests.fakes.model_server import ModelServer, Reply, model_server
from tests.fakes.searcher import MemorySearcher, a_passage

KEY = "sk-canary-5f1e"
BODY_SECRET = "canary-in-the-body"  # noqa: S105 (a mark to look for)


def a_provider(base_url: str = "http://127.0.0.1:9/v1", **changes: Any) -> ProviderSettings:
    values = {
        "name": "local",
        "kind": "openai_like",
        "model": "scripted",
        "base_url": base_url,
        "api_key": SecretStr(KEY),
        "timeout_s": 5.0,
    }
    return ProviderSettings(**(values | changes))


def draft(server: ModelServer, **changes: Any) -> Draft:
    settings = ModelsSettings(providers=(a_provider(server.base_url, **changes),))
    answerer = build_answerers(settings)[0]
    shown = (ShownPassage(id="k7q2mz", passage=a_passage("Leave is 30 days a year.")),)
    return asyncio.run(answerer.draft(Question(text="How much\nleave?"), shown))


def test_reply_becomes_a_draft_with_its_usage() -> None:
    text = "SENTENCE: It is 30 days.\nEVIDENCE: k7q2mz | Leave is 30 days"

    with model_server(Reply(text=text)) as server:
        made = draft(server)

    assert made.answerer == "local"
    assert [sentence.text for sentence in made.sentences] == ["It is 30 days."]
    assert made.sentences[0].evidence[0].quote == "Leave is 30 days"
    assert (made.usage.input_tokens, made.usage.output_tokens) == (120, 17)
    assert made.usage.cost_usd is None


def test_request_names_the_model_its_limits_the_key_and_the_passages() -> None:
    with model_server(Reply(text="NOT FOUND")) as server:
        made = draft(server, max_tokens=321)

    assert made.sentences == ()
    request = server.requests[0]
    assert request["path"] == "/v1/chat/completions"
    assert request["authorization"] == f"Bearer {KEY}"
    assert (request["model"], request["temperature"], request["max_tokens"]) == ("scripted", 0, 321)
    system, user = request["messages"]
    assert system["role"] == "system"
    assert "NOT FOUND" in system["content"]
    assert "<<< passage k7q2mz >>>\nfrom: Handbook\n| Leave is 30 days a year." in user["content"]
    assert "Question: How much leave?" in user["content"]


def test_passages_that_do_not_fit_the_model_are_not_sent() -> None:
    passages = show([a_passage("near " * 100), a_passage("far " * 6000, rank=2)])

    with model_server(Reply(text="NOT FOUND")) as server:
        provider = a_provider(server.base_url, context_tokens=4000)
        answerer = build_answerers(ModelsSettings(providers=(provider,)))[0]
        asyncio.run(answerer.draft(Question(text="Where?"), passages))

    content = server.requests[0]["messages"][1]["content"]
    assert "near near" in content
    assert "far far" not in content


def test_provider_without_a_key_is_asked_without_one() -> None:
    with model_server(Reply(text="NOT FOUND")) as server:
        made = draft(server, api_key=None)

    assert made.sentences == ()
    assert KEY not in server.requests[0]["authorization"]


FAULTS = {
    "401": Reply(status=401, body='{"error": {"message": "bad key canary-in-the-body"}}'),
    "429": Reply(status=429, body='{"error": {"message": "canary-in-the-body"}}'),
    "500": Reply(status=500, body="canary-in-the-body"),
    "hang": Reply(hang=True),
    "slow drip": Reply(text="SENTENCE: canary-in-the-body", drip=True),
    "cut body": Reply(text="SENTENCE: canary-in-the-body", cut=True),
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


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_ends_in_an_error_after_exactly_one_request(fault: str) -> None:
    reply = FAULTS[fault]
    timeout_s = 0.4 if reply.hang or reply.drip else 5.0

    with model_server(reply) as server:
        with pytest.raises(AnswererError, match=r"^local: ") as caught:
            draft(server, timeout_s=timeout_s)
        requests = len(server.requests)

    assert requests == 1
    assert KEY not in str(caught.value)
    assert BODY_SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("fault", ["hang", "slow drip"])
def test_reply_that_never_ends_is_cut_at_the_deadline(fault: str) -> None:
    with (
        model_server(FAULTS[fault]) as server,
        pytest.raises(AnswererError, match="no reply within the deadline"),
    ):
        draft(server, timeout_s=0.4)


@pytest.mark.parametrize("fault", ["401", "cut body", "empty", "html"])
def test_engine_falls_back_to_the_documents_own_words(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "bot"), model_server(FAULTS[fault]) as server:
        settings = ModelsSettings(providers=(a_provider(server.base_url),))
        engine = FootnoteQueryEngine(
            MemorySearcher([LEAVE]),
            build_answerers(settings),
            fallback=ScriptedAnswerer(quoting, name="offline"),
            k=8,
        )
        answer = engine.ask(Question(text="How much leave?"))

    assert (answer.status, answer.answerer) == (Status.ANSWERED, "offline")
    assert answer.message.startswith("The language model could not be reached")
    assert len(server.requests) == 1
    logged = "".join(str(record.__dict__) for record in caplog.records)
    assert "local: " in logged
    assert KEY not in logged
    assert BODY_SECRET not in logged


def test_answerers_can_be_used_from_one_event_loop_after_another() -> None:
    with model_server(Reply(text="NOT FOUND")) as server:
        answerer = build_answerers(ModelsSettings(providers=(a_provider(server.base_url),)))[0]
        shown = show([a_passage("Leave is 30 days a year.")])
        drafts = [asyncio.run(answerer.draft(Question(text="leave"), shown)) for _ in range(2)]

    assert [made.sentences for made in drafts] == [(), ()]


def test_reply_in_prose_is_a_draft_without_evidence() -> None:
    with model_server(Reply(text="Thirty, I believe.")) as server:
        made = draft(server)

    assert made.sentences == (Sentence(text="Thirty, I believe.", evidence=()),)


def test_no_providers_give_no_answerers() -> None:
    assert build_answerers(ModelsSettings()) == []


def test_providers_are_asked_by_share() -> None:
    providers = [a_provider(name=name, share=share) for name, share in [("a", 0.2), ("b", 0.8)]]

    answerers = build_answerers(ModelsSettings(providers=tuple(providers)))

    assert [name_of(answerer) for answerer in answerers] == ["b", "a"]


def name_of(answerer: Any) -> str:
    return str(answerer.provider.name)


def test_missing_keys_are_all_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_B", "sk-b")
    monkeypatch.delenv("KEY_A", raising=False)
    monkeypatch.setenv("KEY_C", " ")
    names = ["KEY_A", "KEY_B", "KEY_C"]
    providers = tuple(a_provider(name=n, api_key=None, api_key_env=n) for n in names)

    with pytest.raises(SettingsError, match=r"KEY_A.*KEY_C") as caught:
        build_answerers(ModelsSettings(providers=providers))

    assert "KEY_B" not in str(caught.value)


def test_key_is_read_from_the_variable_that_the_settings_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KEY_A", "sk-a")

    with model_server(Reply(text="NOT FOUND")) as server:
        draft(server, api_key=None, api_key_env="KEY_A")

    assert server.requests[0]["authorization"] == "Bearer sk-a"


def test_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = importlib.import_module

    def without_the_extra(name: str, package: str | None = None) -> Any:
        if name == "llama_index.llms.openai_like":
            raise ModuleNotFoundError(name)
        return whole(name, package)

    monkeypatch.setattr(importlib, "import_module", without_the_extra)

    with pytest.raises(SettingsError, match=r'pip install "footnote\[openai-like\]"'):
        build_answerers(ModelsSettings(providers=(a_provider(),)))


def test_repr_of_an_answerer_hides_its_key() -> None:
    answerer = build_answerers(ModelsSettings(providers=(a_provider(),)))[0]

    assert KEY not in repr(answerer)


def test_a_model_never_touches_the_global_settings_of_llama_index() -> None:
    with model_server(Reply(text="NOT FOUND")) as server:
        draft(server)

    assert Settings._llm is None
