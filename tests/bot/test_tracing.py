"""Each question is one trace, sent to a local collector over HTTP."""

import sys
from collections.abc import Iterator

import pytest

from footnote_qa.bot import composition, tracing
from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.llm.portfolio import Portfolio
from footnote_qa.bot.llm.providers import build_models
from footnote_qa.bot.settings import ModelsSettings, Settings, TracingSettings
from footnote_qa.bot.tracing import TraceExporter
from footnote_qa.bot.types import Answer, Question, Status
from tests.bot.engine.test_faults import a_supplier
from tests.bot.engine.test_query_engine import ScriptedAnswerer
from tests.fakes.model_server import Reply, model_server
from tests.fakes.models import breaking, quoting
from tests.fakes.otlp_receiver import Receiver, otlp_receiver
from tests.fakes.searcher import GENERATION, MemorySearcher, a_chunk

TEXT = "Everybody has thirty days of leave a year."
QUESTION = Question(text="How much leave is there?", thread="C1:17.5")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with otlp_receiver() as opened:
        yield opened


def ask(receiver: Receiver, *replies: Reply, texts: bool = False) -> Answer:
    export = TraceExporter(receiver.endpoint, texts=texts)
    with model_server(*replies) as server:
        settings = ModelsSettings(providers=(a_supplier(server.base_url, name="main"),))
        engine = AnswerEngine(
            MemorySearcher([a_chunk(TEXT)]),
            Portfolio(build_models(settings), settings),
            fallback=ScriptedAnswerer(quoting),
            k=8,
            export=export,
        )
        answer = engine.ask(QUESTION)
    export.close()
    return answer


def test_question_is_one_trace_with_a_span_for_each_step(receiver: Receiver) -> None:
    answer = ask(receiver, Reply(script=quoting))

    assert answer.status is Status.ANSWERED
    root, *steps = sorted(receiver.spans, key=lambda one: one.parent != b"")
    assert receiver.paths == ["/v1/traces"]
    assert (root.name, root.parent) == ("question", b"")
    assert sorted(one.name for one in steps) == ["chat", "check", "retrieve"]
    assert {one.trace for one in steps} == {root.trace}
    assert {one.parent for one in steps} == {root.id}
    assert all(root.start_ns <= one.start_ns <= one.end_ns <= root.end_ns for one in steps)
    assert root.attributes["footnote.status"] == "answered"
    assert root.attributes["footnote.generation"] == GENERATION


def test_call_of_a_model_has_its_tokens_and_its_cost(receiver: Receiver) -> None:
    ask(receiver, Reply(script=quoting))

    (chat,) = (one for one in receiver.spans if one.name == "chat")
    assert chat.attributes["gen_ai.provider.name"] == "main"
    assert chat.attributes["gen_ai.usage.input_tokens"] == 120
    assert chat.attributes["gen_ai.usage.output_tokens"] == 17
    assert chat.attributes["footnote.cost_usd"] == pytest.approx((120 * 2 + 17 * 10) / 1e6)
    assert not chat.failed


def test_call_that_fails_is_a_failed_span_with_the_reason(receiver: Receiver) -> None:
    answer = ask(receiver, Reply(status=503))

    assert answer.status is Status.ANSWERED
    (chat,) = (one for one in receiver.spans if one.name == "chat")
    assert chat.failed
    assert chat.attributes["error.type"] == "refused with status 503"
    assert "offline" in {one.name for one in receiver.spans}


def test_no_word_of_question_or_document_is_sent(receiver: Receiver) -> None:
    ask(receiver, Reply(script=quoting))

    sent = b"".join(receiver.raw)
    assert sent
    assert not any(word in sent for word in (b"leave", b"thirty", b"C1:17", b"Handbook"))


def test_texts_are_sent_if_they_are_asked_for(receiver: Receiver) -> None:
    answer = ask(receiver, Reply(script=quoting), texts=True)

    by_name = {one.name: one.attributes for one in receiver.spans}
    assert by_name["question"]["footnote.question"] == QUESTION.text
    assert by_name["question"]["footnote.answer"] == answer.text
    assert by_name["retrieve"]["footnote.detail"] == QUESTION.text


def test_question_that_fails_is_a_failed_trace(receiver: Receiver) -> None:
    export = TraceExporter(receiver.endpoint, texts=False)
    engine = AnswerEngine(
        MemorySearcher([a_chunk(TEXT)]),
        Portfolio([], ModelsSettings()),
        fallback=ScriptedAnswerer(breaking),
        k=8,
        export=export,
    )

    answer = engine.ask(QUESTION)
    export.close()

    (root,) = (one for one in receiver.spans if one.name == "question")
    assert root.failed
    assert root.attributes["footnote.reference"] == answer.reference
    assert b"sk-12345" not in b"".join(receiver.raw)


def test_collector_that_cannot_be_reached_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "TIMEOUT_S", 0.1)
    export = TraceExporter("http://127.0.0.1:9", texts=False)
    engine = AnswerEngine(
        MemorySearcher([a_chunk(TEXT)]),
        Portfolio([], ModelsSettings()),
        fallback=ScriptedAnswerer(quoting),
        k=8,
        export=export,
    )

    assert engine.ask(QUESTION).status is Status.ANSWERED
    export.close()


@pytest.mark.parametrize(
    "variable", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
)
def test_the_usual_variables_name_the_collector(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert composition.tracing(Settings()) is None

    monkeypatch.setenv(variable, "http://127.0.0.1:9")

    assert isinstance(composition.tracing(Settings()), TraceExporter)


def test_missing_packages_are_named_only_if_the_setting_is_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "footnote_qa.bot.tracing", None)
    ours = Settings(tracing=TracingSettings(endpoint="http://127.0.0.1:1"))

    with pytest.raises(SettingsError, match=r"footnote-qa\[tracing\]"):
        composition.tracing(ours)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:2")
    assert composition.tracing(Settings()) is None
