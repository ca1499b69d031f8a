import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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

from bot.engine import FootnoteQueryEngine, bundle
from bot.errors import AnswererError
from bot.retriever import AudienceBundle, PassageRetriever, passages_of
from bot.types import Draft, Evidence, Question, Sentence, ShownPassage, Status, Usage
from index.errors import IndexDamagedError
from index.types import Audience, SearchResult
from tests.fakes.searcher import CREATED_AT, GENERATION, MemorySearcher, a_chunk

LEAVE = a_chunk("Everybody has 30 days of leave a year.", id=1, document="leave.md", page=2)
PARKING = a_chunk("Parking costs 3 euros a day.", id=2, document="parking.md", start=7)
SALARY = a_chunk("The leave of directors is 99 days.", id=3, document="x.md", audience=("board",))

Drafting = Callable[[Sequence[ShownPassage]], tuple[Sentence, ...]]


@dataclass
class ScriptedAnswerer:
    """Drafts what its script makes of the passages."""

    drafting: Drafting
    name: str = "scripted"
    seen: list[Sequence[ShownPassage]] = field(default_factory=list)

    async def draft(self, question: Question, passages: Sequence[ShownPassage]) -> Draft:
        assert question.text.strip()
        self.seen.append(passages)
        sentences = self.drafting(passages)
        return Draft(sentences=sentences, answerer=self.name, usage=Usage(input_tokens=5))


def quoting(passages: Sequence[ShownPassage]) -> tuple[Sentence, ...]:
    """Say the best passage in its own words."""
    text = passages[0].passage.chunk.text
    return (Sentence(text=text, evidence=(Evidence(passage_id=passages[0].id, quote=text),)),)


def quoting_all(passages: Sequence[ShownPassage]) -> tuple[Sentence, ...]:
    return tuple(sentence for one in passages for sentence in quoting([one]))


def inventing(_: Sequence[ShownPassage]) -> tuple[Sentence, ...]:
    return (Sentence(text="It is 3 euros, I believe.", evidence=()),)


def silent(_: Sequence[ShownPassage]) -> tuple[Sentence, ...]:
    return ()


def unreachable(_: Sequence[ShownPassage]) -> tuple[Sentence, ...]:
    raise AnswererError("no reply within the deadline")


def breaking(_: Sequence[ShownPassage]) -> tuple[Sentence, ...]:
    raise ZeroDivisionError("the secret is sk-12345")


def an_engine(
    *drafting: Drafting, fallback: Drafting = quoting, searcher: MemorySearcher | None = None
) -> FootnoteQueryEngine:
    return FootnoteQueryEngine(
        searcher or MemorySearcher([LEAVE, PARKING, SALARY]),
        [ScriptedAnswerer(one, name=f"model-{at}") for at, one in enumerate(drafting)],
        fallback=ScriptedAnswerer(fallback, name="offline"),
        k=8,
    )


def test_answer_holds_checked_text_citations_and_the_age_of_its_index() -> None:
    answer = an_engine(quoting).ask(Question(text="How much leave do I have?"))

    assert answer.status is Status.ANSWERED
    assert answer.text == "Everybody has 30 days of leave a year [1]."
    assert [(c.document, c.page, c.quote) for c in answer.citations] == [
        ("leave.md", 2, LEAVE.text)
    ]
    assert (answer.generation, answer.indexed_at) == (GENERATION, CREATED_AT)
    assert (answer.answerer, answer.usage.input_tokens) == ("model-0", 5)
    assert (answer.message, answer.nearest, answer.reference) == ("", (), "")


def test_passages_are_shown_under_ids_that_differ_from_question_to_question() -> None:
    model = ScriptedAnswerer(quoting)
    engine = FootnoteQueryEngine(MemorySearcher([LEAVE]), [model], fallback=model, k=8)

    engine.ask(Question(text="leave"))
    engine.ask(Question(text="leave"))

    assert model.seen[0][0].passage == model.seen[1][0].passage
    assert model.seen[0][0].id != model.seen[1][0].id


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_empty_question_asks_for_one_and_searches_nothing(text: str) -> None:
    searcher = MemorySearcher([LEAVE])

    answer = an_engine(quoting, searcher=searcher).ask(Question(text=text))

    assert answer.status is Status.NOT_FOUND
    assert answer.message.startswith("Ask a question")
    assert searcher.asked == []


def test_question_without_passages_is_not_found_and_asks_no_model() -> None:
    model = ScriptedAnswerer(quoting)
    engine = FootnoteQueryEngine(MemorySearcher([]), [model], fallback=model, k=8)

    answer = engine.ask(Question(text="leave"))

    assert (answer.status, answer.message) == (Status.NOT_FOUND, "The documents don't say.")
    assert answer.generation == GENERATION
    assert model.seen == []


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
    with caplog.at_level(logging.ERROR, logger="bot.engine"):
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

    model = ScriptedAnswerer(quoting)
    engine = FootnoteQueryEngine(Damaged(), [model], fallback=model, k=8)

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
    response = an_engine(quoting).query("How much leave do I have?")

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

    an_engine(quoting, searcher=searcher).query("leave of directors")

    assert searcher.asked == [("leave of directors", frozenset())]


def test_query_bundle_of_a_question_carries_its_audience() -> None:
    searcher = MemorySearcher([LEAVE, SALARY])
    question = Question(text="leave of directors", audience=frozenset({"board"}))

    response = an_engine(quoting, searcher=searcher).query(bundle(question))

    assert response.source_nodes[0].node.ref_doc_id == "x.md"


def test_query_that_is_not_answered_returns_the_message_and_no_nodes() -> None:
    response = an_engine(silent).query("leave")

    assert str(response) == "The documents don't say."
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
    asyncio.run(an_engine(quoting).aquery("leave"))

    kinds = [type(event) for event in recorder._events]
    assert kinds[0] is QueryStartEvent
    assert kinds[-1] is QueryEndEvent


def test_engine_works_as_a_tool_of_llama_index() -> None:
    tool = QueryEngineTool.from_defaults(an_engine(quoting), name="documents", description="all")

    output = asyncio.run(tool.acall("How much leave?"))

    assert output.content == "Everybody has 30 days of leave a year [1]."


def test_retrieve_then_synthesize_gives_what_query_gives() -> None:
    engine = an_engine(quoting)
    query = QueryBundle("How much leave do I have?")

    nodes = engine.retrieve(query)
    response = engine.synthesize(query, nodes)

    asked = engine.query(query)
    assert str(response) == str(asked)
    assert response.source_nodes == asked.source_nodes
    assert (response.metadata or {}) == (asked.metadata or {})


def test_nodes_of_another_retriever_are_answered_from() -> None:
    node = NodeWithScore(node=TextNode(id_="n1", text="Lunch is served at noon."), score=None)

    response = asyncio.run(an_engine(quoting).asynthesize(QueryBundle("When is lunch?"), [node]))

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
    an_engine(quoting).query("leave")

    assert Settings._llm is None
    assert Settings._embed_model is None
