import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from llama_index.core import Settings
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events import BaseEvent
from llama_index.core.instrumentation.events.query import QueryEndEvent, QueryStartEvent
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, TextNode
from llama_index.core.tools import QueryEngineTool
from llama_index_instrumentation import get_dispatcher
from pydantic import PrivateAttr

from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.engine.query_engine import FootnoteQueryEngine, bundle
from footnote_qa.bot.engine.reply_parser import parse_draft
from footnote_qa.bot.engine.retriever import AudienceBundle, PassageRetriever, passages_of
from footnote_qa.bot.llm.portfolio import Portfolio
from footnote_qa.bot.settings import ModelsSettings
from footnote_qa.bot.types import (
    Answer,
    Draft,
    Messages,
    Question,
    ShownPassage,
    Status,
    Turn,
    Usage,
)
from footnote_qa.index.errors import IndexDamagedError
from footnote_qa.index.types import Audience, Correction, SearchResult
from tests.fakes.models import (
    Blocks,
    Script,
    ScriptedModel,
    a_portfolio,
    a_provider,
    breaking,
    inventing,
    quoting,
    quoting_all,
    said,
    silent,
    unreachable,
)
from tests.fakes.searcher import CREATED_AT, GENERATION, MemorySearcher, a_chunk

LEAVE = a_chunk("Everybody has 30 days of leave a year.", id=1, document="leave.md", page=2)
PARKING = a_chunk("Parking costs 3 euros a day.", id=2, document="parking.md", start=7)
SALARY = a_chunk("The leave of directors is 99 days.", id=3, document="x.md", audience=("board",))


@dataclass
class ScriptedAnswerer:
    """Drafts what its script makes of the passages, as the offline reader would."""

    script: Script
    name: str = "offline"

    async def draft(self, question: Question, passages: Sequence[ShownPassage]) -> Draft:
        assert question.text.strip()
        reply = self.script([(one.id, one.passage.chunk.text) for one in passages])
        return Draft(sentences=parse_draft(reply), answerer=self.name, confidence=0.5)


def an_engine(
    *scripts: Script, fallback: Script = quoting, searcher: MemorySearcher | None = None
) -> AnswerEngine:
    return AnswerEngine(
        searcher or MemorySearcher([LEAVE, PARKING, SALARY]),
        a_portfolio(*scripts),
        fallback=ScriptedAnswerer(fallback),
        k=8,
    )


def engine_of(*models: ScriptedModel, **settings: Any) -> AnswerEngine:
    portfolio = Portfolio(models, ModelsSettings(**settings))
    searcher = MemorySearcher([LEAVE, PARKING, SALARY])
    return AnswerEngine(searcher, portfolio, fallback=ScriptedAnswerer(quoting), k=8)


def test_answer_holds_checked_text_citations_and_the_age_of_its_index() -> None:
    answer = an_engine(quoting).ask(Question(text="How much leave do I have?"))

    assert answer.status is Status.ANSWERED
    assert answer.text == "Everybody has 30 days of leave a year [1]."
    assert [(c.document, c.page, c.quote) for c in answer.citations] == [
        ("leave.md", 2, LEAVE.text)
    ]
    assert (answer.generation, answer.indexed_at) == (GENERATION, CREATED_AT)
    assert (answer.answerer, answer.usage.input_tokens) == ("model-0", 500)
    assert answer.usage.cost_usd == Decimal("0.0012")
    assert (answer.message, answer.nearest, answer.reference) == ("", (), "")


def test_answer_from_an_index_without_vectors_says_so() -> None:
    class WordsOnly(MemorySearcher):
        def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
            return replace(super().search(question, k=k, audience=audience), lexical_only=True)

    answer = an_engine(quoting, searcher=WordsOnly([LEAVE])).ask(Question(text="How much leave?"))

    assert answer.status is Status.ANSWERED
    assert "by words only" in answer.message


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_empty_question_asks_for_one_and_searches_nothing(text: str) -> None:
    searcher = MemorySearcher([LEAVE])

    answer = an_engine(quoting, searcher=searcher).ask(Question(text=text))

    assert answer.status is Status.NOT_FOUND
    assert answer.message.startswith("Ask a question")
    assert searcher.asked == []


def test_question_without_passages_is_not_found_and_asks_no_model() -> None:
    model = ScriptedModel(quoting)
    engine = engine_of(model)

    answer = engine.ask(Question(text="unheard"))

    assert (answer.status, answer.message) == (
        Status.NOT_FOUND,
        "I found no passage that answers this.",
    )
    assert answer.generation == GENERATION
    assert model.prompts == []


def test_answerer_that_finds_nothing_is_not_found_with_the_nearest_passages() -> None:
    answer = an_engine(silent).ask(Question(text="How much leave and parking?", audience=None))

    assert (answer.status, answer.text) == (Status.NOT_FOUND, "")
    assert [passage.chunk.id for passage in answer.nearest] == [1, 2, 3]
    assert answer.answerer == "model-0"


def test_draft_of_which_nothing_survives_is_unsupported_and_not_shown() -> None:
    answer = an_engine(inventing).ask(Question(text="What does parking cost?"))

    assert (answer.status, answer.text, answer.citations) == (Status.UNSUPPORTED, "", ())
    assert [passage.chunk.id for passage in answer.nearest] == [2]
    assert "euros" not in answer.message


def test_next_answerer_drafts_when_the_first_fails() -> None:
    answer = an_engine(unreachable, quoting).ask(Question(text="leave"))

    assert (answer.status, answer.answerer) == (Status.ANSWERED, "model-1")
    assert answer.message == ""


def test_fallback_drafts_when_all_fail_and_the_message_says_so() -> None:
    answer = an_engine(unreachable, unreachable).ask(Question(text="leave"))

    assert (answer.status, answer.answerer) == (Status.ANSWERED, "offline")
    assert answer.message.startswith("The language model could not be reached")


def test_fallback_that_finds_nothing_says_that_the_model_was_not_reached() -> None:
    answer = an_engine(unreachable, fallback=silent).ask(Question(text="leave"))

    assert answer.status is Status.NOT_FOUND
    assert answer.message.startswith("The language model could not be reached")


def test_without_answerers_the_fallback_is_no_failure() -> None:
    answer = an_engine().ask(Question(text="leave"))

    assert (answer.status, answer.answerer, answer.message) == (Status.ANSWERED, "offline", "")


def test_unexpected_error_fails_with_a_reference_that_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, logger="footnote_qa.bot.engine.answer_engine"):
        answer = an_engine(breaking).ask(Question(text="leave"))

    assert answer.status is Status.FAILED
    assert answer.reference
    assert answer.reference in answer.message
    assert "sk-12345" not in answer.message
    record = caplog.records[0]
    assert record.__dict__["reference"] == answer.reference
    assert record.exc_info is not None


def test_damaged_index_rises() -> None:
    class Damaged:
        def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
            raise IndexDamagedError(f"{question} {k} {audience}")

    offline = ScriptedAnswerer(quoting)
    engine = AnswerEngine(Damaged(), a_portfolio(), fallback=offline, k=8)

    with pytest.raises(IndexDamagedError):
        engine.ask(Question(text="leave"))


@pytest.mark.parametrize(
    ("audience", "found"),
    [(frozenset[str](), [1]), (frozenset({"board"}), [1, 3]), (None, [1, 3])],
)
def test_audience_of_the_question_limits_what_is_read(audience: Audience, found: list[int]) -> None:
    engine = an_engine(quoting_all)

    answer = engine.ask(Question(text="leave", audience=audience))

    by_document = {"leave.md": 1, "x.md": 3}
    assert [by_document[citation.document] for citation in answer.citations] == found


def test_ask_answers_from_within_a_running_event_loop() -> None:
    async def ask_in_loop() -> Status:
        return an_engine(quoting).ask(Question(text="leave")).status

    assert asyncio.run(ask_in_loop()) is Status.ANSWERED


def test_query_returns_the_text_and_a_node_for_each_cited_span() -> None:
    response = FootnoteQueryEngine(an_engine(quoting)).query("How much leave do I have?")

    assert str(response) == "Everybody has 30 days of leave a year [1]."
    node = response.source_nodes[0].node
    assert isinstance(node, TextNode)
    assert (node.text, node.start_char_idx, node.end_char_idx) == (LEAVE.text, 100, 138)
    assert node.ref_doc_id == "leave.md"
    metadata = response.metadata or {}
    assert metadata["status"] == "answered"
    assert metadata["answer"] == str(response)
    assert metadata["generation"] == GENERATION
    assert metadata["citations"][0]["quote"] == LEAVE.text


def test_query_sees_only_everybodys_documents() -> None:
    searcher = MemorySearcher([LEAVE, SALARY])

    FootnoteQueryEngine(an_engine(quoting, searcher=searcher)).query("leave of directors")

    assert searcher.asked == [("leave of directors", frozenset())]


def test_query_without_an_audience_sees_what_its_engine_was_made_for() -> None:
    searcher = MemorySearcher([LEAVE, SALARY])
    board = FootnoteQueryEngine(
        an_engine(quoting, searcher=searcher), audience=frozenset({"board"})
    )

    response = board.query("leave of directors")
    nodes = board.retrieve(QueryBundle("leave of directors"))

    assert response.source_nodes[0].node.ref_doc_id == "x.md"
    assert [audience for _, audience in searcher.asked] == [frozenset({"board"})] * 2
    assert nodes


def test_query_bundle_of_a_question_carries_its_audience() -> None:
    searcher = MemorySearcher([LEAVE, SALARY])
    question = Question(text="leave of directors", audience=frozenset({"board"}))

    response = FootnoteQueryEngine(an_engine(quoting, searcher=searcher)).query(bundle(question))

    assert response.source_nodes[0].node.ref_doc_id == "x.md"


def test_query_that_is_not_answered_returns_the_message_and_no_nodes() -> None:
    response = FootnoteQueryEngine(an_engine(silent)).query("leave")

    assert str(response) == "I found no passage that answers this."
    assert response.source_nodes == []
    assert (response.metadata or {})["nearest"] == [1]


class _Recorder(BaseEventHandler):
    _events: list[BaseEvent] = PrivateAttr(default_factory=list)

    def handle(self, event: BaseEvent, **_: Any) -> None:
        self._events.append(event)


@pytest.fixture
def recorder() -> Iterator[_Recorder]:
    handler = _Recorder()
    dispatcher = get_dispatcher()
    dispatcher.add_event_handler(handler)
    yield handler
    dispatcher.event_handlers.remove(handler)


def test_query_fires_its_events(recorder: _Recorder) -> None:
    asyncio.run(FootnoteQueryEngine(an_engine(quoting)).aquery("leave"))

    kinds = [type(event) for event in recorder._events]
    assert kinds[0] is QueryStartEvent
    assert kinds[-1] is QueryEndEvent


def test_engine_works_as_a_tool_of_llama_index() -> None:
    tool = QueryEngineTool.from_defaults(
        FootnoteQueryEngine(an_engine(quoting)), name="documents", description="all"
    )

    output = asyncio.run(tool.acall("How much leave?"))

    assert output.content == "Everybody has 30 days of leave a year [1]."


def test_retrieve_then_synthesize_gives_what_query_gives() -> None:
    engine = FootnoteQueryEngine(an_engine(quoting))
    query = QueryBundle("How much leave do I have?")

    nodes = engine.retrieve(query)
    response = engine.synthesize(query, nodes)

    asked = engine.query(query)
    assert str(response) == str(asked)
    assert response.source_nodes == asked.source_nodes
    assert (response.metadata or {}) == (asked.metadata or {})


def test_nodes_of_another_retriever_are_answered_from() -> None:
    node = NodeWithScore(node=TextNode(id_="n1", text="Lunch is served at noon."), score=None)

    response = asyncio.run(
        FootnoteQueryEngine(an_engine(quoting)).asynthesize(QueryBundle("When is lunch?"), [node])
    )

    assert str(response) == "Lunch is served at noon [1]."
    assert (response.metadata or {})["indexed_at"] is None


def test_retrieved_nodes_come_back_as_the_same_passages() -> None:
    retriever = PassageRetriever(MemorySearcher([LEAVE, PARKING]), k=1)

    nodes = asyncio.run(retriever.aretrieve(AudienceBundle("leave", audience=None)))

    assert [passage.chunk for passage in passages_of(nodes)] == [LEAVE]
    node = nodes[0].node
    assert node.node_id == "1"
    assert node.relationships[NodeRelationship.SOURCE].node_id == "leave.md"  # type: ignore[union-attr]  # one node


def test_answering_never_touches_the_global_settings_of_llama_index() -> None:
    FootnoteQueryEngine(an_engine(quoting)).query("leave")

    assert Settings._llm is None
    assert Settings._embed_model is None


async def streamed(engine: AnswerEngine, text: str) -> tuple[list[str], Answer]:
    events = [event async for event in engine.astream(Question(text=text, audience=None))]
    told = [event for event in events if isinstance(event, str)]
    assert isinstance(events[-1], Answer)
    assert len(told) == len(events) - 1
    return told, events[-1]


def mixed(blocks: Blocks) -> str:
    """Say something true, something invented, and something true again."""
    first, second = blocks[:2]
    return said(first[1], *first) + inventing(blocks) + "\n" + said(second[1], *second)


def test_stream_yields_checked_sentences_and_then_the_answer_that_they_make() -> None:
    model = ScriptedModel(mixed)

    told, answer = asyncio.run(streamed(engine_of(model), "leave and parking, costs"))

    assert len(told) == 2
    assert "I believe" not in "".join(told)
    assert answer.text == "".join(told)
    assert [citation.label for citation in answer.citations] == [1, 2]
    assert model.streamed == [True]


def test_first_sentence_is_shown_while_the_model_still_writes() -> None:
    model = ScriptedModel(mixed)
    engine = engine_of(model)

    async def first() -> str:
        events = engine.astream(Question(text="leave and parking", audience=None))
        async for event in events:
            await events.aclose()
            assert isinstance(event, str)
            return event
        raise AssertionError("nothing came")

    assert asyncio.run(first()).endswith("[1].")


def test_sentences_shown_before_a_stream_broke_off_stay_and_the_next_model_adds_to_them() -> None:
    cut = ScriptedModel(quoting_all, a_provider("first"), cut_after=70)
    whole = ScriptedModel(quoting_all, a_provider("second", share=0.01))

    told, answer = asyncio.run(streamed(engine_of(cut, whole), "leave a year, parking costs"))

    assert len(told) == len(set(told)) == 3
    assert answer.text == "".join(told)
    assert answer.answerer == "first, second"


def test_sentences_already_shown_stay_when_only_the_offline_answerer_is_left() -> None:
    cut = ScriptedModel(mixed, cut_after=52)

    told, answer = asyncio.run(streamed(engine_of(cut), "leave a year, parking costs"))

    assert told[0] in answer.text
    assert answer.text == "".join(told)
    assert answer.status is Status.ANSWERED
    assert answer.message.startswith("The language model could not be reached")


def test_reply_of_which_nothing_survives_is_asked_for_once_more_with_the_reasons() -> None:
    scripts = iter([inventing, quoting])
    model = ScriptedModel(inventing)
    model.script = lambda blocks: next(scripts)(blocks)  # noqa: PLW0108 - another one each time

    answer = engine_of(model).ask(Question(text="leave"))

    assert answer.status is Status.ANSWERED
    assert len(model.prompts) == 2
    assert "| It is 7 euros, I believe.\nwas not used: no passage says anything like it" in (
        model.prompts[1].user
    )
    assert answer.usage.input_tokens == 1000


def test_second_reply_of_which_nothing_survives_is_the_last() -> None:
    model = ScriptedModel(inventing)

    answer = engine_of(model).ask(Question(text="leave"))

    assert answer.status is Status.UNSUPPORTED
    assert len(model.prompts) == 2


def test_not_found_is_not_asked_for_again() -> None:
    model = ScriptedModel(silent)

    answer = engine_of(model).ask(Question(text="leave"))

    assert answer.status is Status.NOT_FOUND
    assert len(model.prompts) == 1


def test_a_sentence_of_two_passages_is_shown_once() -> None:
    twin = a_chunk(LEAVE.text, id=9, document="copy.md")
    engine = an_engine(quoting_all, searcher=MemorySearcher([LEAVE, twin]))

    answer = engine.ask(Question(text="leave"))

    assert answer.text == "Everybody has 30 days of leave a year [1]."


HISTORY = (
    Turn(role="user", text="What does parking cost?"),
    Turn(role="assistant", text="3 euros."),
)


def test_follow_up_is_searched_with_the_words_that_it_leaves_out() -> None:
    searcher = MemorySearcher([LEAVE, PARKING])

    answer = an_engine(searcher=searcher).ask(Question(text="Is it a lot?", history=HISTORY))

    assert searcher.asked[0][0] == "Is it a lot? (parking cost)"
    assert answer.citations[0].document == "parking.md"


def test_the_model_that_answers_also_rewrites_the_follow_up() -> None:
    model = ScriptedModel(quoting, rewriting=lambda _: "Does parking cost a lot?")

    answer = engine_of(model).ask(Question(text="Is it a lot?", history=HISTORY))

    assert answer.citations[0].document == "parking.md"
    assert "| What does parking cost?" in model.prompts[0].user
    assert "Question: Does parking cost a lot?" in model.prompts[1].user
    assert answer.usage.input_tokens == 1000


@pytest.mark.parametrize("reply", ["", "Salaries of directors?", "parking " * 200])
def test_rewriting_that_is_no_use_gives_way_to_the_rule(reply: str) -> None:
    model = ScriptedModel(quoting, rewriting=lambda _: reply)

    engine_of(model).ask(Question(text="Is it a lot?", history=HISTORY))

    assert "Question: Is it a lot? (parking cost)" in model.prompts[1].user


def test_model_that_cannot_rewrite_leaves_it_to_the_rule() -> None:
    model = ScriptedModel(quoting, rewriting=lambda _: unreachable([]))

    answer = engine_of(model).ask(Question(text="Is it a lot?", history=HISTORY))

    assert answer.status is Status.ANSWERED
    assert "Question: Is it a lot? (parking cost)" in model.prompts[1].user


def test_question_with_a_spent_budget_is_answered_offline_and_says_so() -> None:
    model = ScriptedModel(quoting, a_provider(budget_usd_per_day=Decimal("0.000001")))

    answer = engine_of(model).ask(Question(text="leave"))

    assert (answer.status, answer.answerer) == (Status.ANSWERED, "offline")
    assert answer.message.startswith("Today's budget for language models is used up.")
    assert model.prompts == []


class Hanging(ScriptedModel):
    async def reply(self, messages: Messages, *, stream: bool) -> AsyncGenerator[str | Usage]:
        self.prompts.append(messages)
        self.streamed.append(stream)
        await asyncio.Event().wait()
        yield ""


def test_models_that_hang_together_end_within_the_one_deadline() -> None:
    models = [Hanging(quoting, a_provider(f"m{at}", share=0.5)) for at in range(2)]
    engine = engine_of(*models, deadline_s=0.4)

    answer = engine.ask(Question(text="leave"))

    assert (answer.status, answer.answerer) == (Status.ANSWERED, "offline")
    assert sum(len(model.prompts) for model in models) == 2


@pytest.mark.parametrize(
    ("corrections", "suggestions", "message"),
    [
        ((("leeve", "leave"),), (), 'Searched for "leave" instead of "leeve".'),
        ((), (("parking", "packing"),), 'Did you mean "packing" instead of "parking"?'),
    ],
)
def test_the_answer_says_which_words_were_searched_instead(
    corrections: tuple[tuple[str, str], ...],
    suggestions: tuple[tuple[str, str], ...],
    message: str,
) -> None:
    read = "How many days of leave?" if corrections else ""

    class Corrected(MemorySearcher):
        def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
            return replace(
                super().search(question, k=k, audience=audience),
                question=read,
                corrections=tuple(Correction(written=a, meant=b) for a, b in corrections),
                suggestions=tuple(Correction(written=a, meant=b) for a, b in suggestions),
            )

    model = ScriptedModel(quoting if corrections else silent)
    engine = AnswerEngine(
        Corrected([LEAVE]),
        Portfolio([model], ModelsSettings()),
        fallback=ScriptedAnswerer(silent),
        k=8,
    )

    answer = engine.ask(Question(text="How many days of leeve?"))

    assert message in answer.message
    assert (read or "How many days of leeve?") in model.prompts[0].user
    assert [(one.written, one.meant) for one in answer.corrections] == list(corrections)
    assert [(one.written, one.meant) for one in answer.suggestions] == list(suggestions)
