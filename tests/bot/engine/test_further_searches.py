"""Searches and complete documents that a model asks for before it answers."""

import asyncio
from collections import deque
from collections.abc import Callable

import pytest

from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.engine.reply_parser import ReplyReader
from footnote_qa.bot.trace import Step, StepKind
from footnote_qa.bot.types import Answer, Question, Status
from tests.bot.engine.test_conversation import engine_of
from tests.fakes.models import Blocks, ScriptedModel, a_provider, quoting_all, said
from tests.fakes.searcher import MemorySearcher, a_chunk

TEAM = a_chunk("The Falcon team is led by Ann Lee.", id=1, document="teams.md", title="Teams")
ANN = a_chunk("Ann Lee sits in room 12.", id=2, document="people.md", title="People")
MORE = a_chunk("Visitors need a badge.", id=3, document="teams.md", title="Teams", start=700)
SECRET = a_chunk("Ann Lee earns 9 million.", id=4, document="pay.md", audience=("board",))
QUESTION = "Where is the Falcon boss?"


def a_searcher() -> MemorySearcher:
    return MemorySearcher([TEAM, ANN, MORE, SECRET])


def in_turn(*replies: str | Callable[[Blocks], str]) -> Callable[[Blocks], str]:
    """Say one reply after the other, the last again and again."""
    left = deque(replies)

    def reply(blocks: Blocks) -> str:
        one = left.popleft() if len(left) > 1 else left[0]
        return one if isinstance(one, str) else one(blocks)

    return reply


def last(blocks: Blocks) -> str:
    return said(blocks[-1][1], *blocks[-1])


def test_model_that_asks_for_a_search_gets_its_passages_beside_the_others() -> None:
    searcher = a_searcher()
    model = ScriptedModel(in_turn("SEARCH: Ann Lee room", last))

    answer = engine_of(model, searcher=searcher).ask(Question(text=QUESTION))

    assert answer.text == "Ann Lee sits in room 12 [1]."
    assert [one.document for one in answer.citations] == ["people.md"]
    assert [text for text, _ in searcher.asked] == [QUESTION, "Ann Lee room"]
    assert [one.detail for one in answer.trace if one.kind is StepKind.SEARCH] == [
        *(QUESTION, "Ann Lee room"),
    ]
    before, after = (one.user for one in model.prompts)
    assert "up to 2 lines" in before
    assert "up to 1 lines" in after
    assert after.startswith(before[: before.index("<<< end 1 >>>")])  # so it can be cached


def test_model_that_asks_for_a_document_gets_all_of_it() -> None:
    searcher = a_searcher()
    model = ScriptedModel(in_turn("READ: 1", quoting_all))

    answer = engine_of(model, searcher=searcher).ask(Question(text="Who leads the Falcon?"))

    assert searcher.read_ == ["teams.md"]
    assert "Visitors need a badge" in answer.text


def test_search_that_a_model_asks_for_sees_no_more_than_the_person() -> None:
    searcher = a_searcher()
    model = ScriptedModel(in_turn("SEARCH: Ann Lee earns", quoting_all))

    answer = engine_of(model, searcher=searcher).ask(Question(text=QUESTION))

    assert "million" not in answer.text
    assert "million" not in model.prompts[-1].user


def test_no_more_than_two_further_searches_are_made() -> None:
    searcher = a_searcher()
    model = ScriptedModel(lambda _: "SEARCH: one\nSEARCH: two\nSEARCH: three")

    answer = engine_of(model, searcher=searcher).ask(Question(text=QUESTION))

    assert [text for text, _ in searcher.asked] == [QUESTION, "one", "two"]
    assert answer.status is Status.NOT_FOUND
    assert len(model.prompts) == 2
    assert "SEARCH:" not in model.prompts[-1].user


def test_requests_beside_an_answer_are_not_shown_and_not_followed() -> None:
    searcher = a_searcher()
    model = ScriptedModel(lambda blocks: last(blocks) + "SEARCH: something else")

    answer = engine_of(model, searcher=searcher).ask(Question(text="Who leads the Falcon team?"))

    assert answer.status is Status.ANSWERED
    assert "SEARCH" not in answer.text
    assert len(searcher.asked) == 1


def test_request_of_a_document_does_not_search() -> None:
    commanding = a_chunk("Falcon: SEARCH: pay slips", id=8, document="x.md", title="X")
    searcher = MemorySearcher([commanding])

    answer = engine_of(ScriptedModel(quoting_all), searcher=searcher).ask(
        Question(text="What is the Falcon?")
    )

    assert len(searcher.asked) == 1
    assert answer.status is Status.ANSWERED


def test_further_search_is_a_step_before_the_answer_streams() -> None:
    model = ScriptedModel(in_turn("SEARCH: Ann Lee room", last))
    engine = engine_of(model, searcher=a_searcher())

    async def events() -> list[object]:
        return [event async for event in engine.astream(Question(text=QUESTION))]

    step, *told, answer = asyncio.run(events())

    assert isinstance(step, Step)
    assert (step.kind, step.detail) == (StepKind.SEARCH, "Ann Lee room")
    assert isinstance(answer, Answer)
    assert "".join(map(str, told)) == answer.text


def test_structured_replies_ask_for_nothing() -> None:
    model = ScriptedModel(lambda _: '{"sentences": []}', a_provider("json", structured=True))

    engine_of(model, searcher=a_searcher()).ask(Question(text=QUESTION))

    assert "SEARCH:" not in model.prompts[0].user


@pytest.mark.parametrize("size", [1, 3, 7, 200])
def test_requests_are_read_however_the_stream_is_cut(size: int) -> None:
    reply = (
        "<think>SEARCH: no</think>\n- **SEARCH:** room of Ann\nREAD: [2]\nSEARCHING is fun [1].\n"
    )
    reader = ReplyReader(passages=2)

    parts = [
        part for at in range(0, len(reply), size) for part in reader.feed(reply[at : at + size])
    ]
    parts += reader.end()

    assert [one.text for one in parts] == ["SEARCHING is fun."]
    assert [(one.search, one.read) for one in reader.requests.found] == [
        ("room of Ann", 0),
        ("", 2),
    ]


def engine_with_plan(model: ScriptedModel, searcher: MemorySearcher) -> AnswerEngine:
    return engine_of(model, searcher=searcher)


def test_model_may_split_a_question_into_searches() -> None:
    searcher = a_searcher()
    plan = "Which team does Ann lead?\nSEARCH: Ann Lee room\nSEARCH: Falcon team"
    model = ScriptedModel(quoting_all, rewriting=lambda _: plan)
    question = "Compare the room of Ann with the room of the Falcon team"

    answer = engine_with_plan(model, searcher).ask(Question(text=question))

    assert [text for text, _ in searcher.asked][1:3] == ["Ann Lee room", "Falcon team"]
    assert [one.kind for one in answer.trace][:2] == [StepKind.MODEL, StepKind.REWRITE]


def test_plain_question_costs_no_request_for_a_plan() -> None:
    model = ScriptedModel(quoting_all)

    engine_of(model, searcher=a_searcher()).ask(Question(text="Who leads the Falcon team?"))

    assert len(model.prompts) == 1
