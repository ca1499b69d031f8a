import asyncio

import pytest

from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.engine.conversation import NEEDS_A_MODEL, NOTHING_TO_CHANGE, change_in
from footnote_qa.bot.llm.portfolio import Portfolio
from footnote_qa.bot.settings import ModelsSettings
from footnote_qa.bot.types import Answer, Question, Status, Turn
from tests.bot.engine.test_query_engine import ScriptedAnswerer
from tests.fakes.models import Blocks, Script, ScriptedModel, a_portfolio, quoting_all, unreachable
from tests.fakes.searcher import MemorySearcher, a_chunk

LEAVE = a_chunk("Employees have 30 days of leave a year.", id=1, document="leave.md", title="Leave")
CARRY = a_chunk(
    "Unused leave expires in March.", id=2, document="leave.md", title="Leave", start=900
)
PARKING = a_chunk("Parking costs 3 euros a day.", id=3, document="parking.md", title="Parking")
BOARD = a_chunk("The board has 99 days of leave.", id=4, document="b.md", audience=("board",))


def engine_of(
    *models: ScriptedModel, searcher: MemorySearcher, fallback: Script = quoting_all
) -> AnswerEngine:
    return AnswerEngine(
        searcher,
        Portfolio(models, ModelsSettings()),
        fallback=ScriptedAnswerer(fallback),
        k=8,
    )


def a_searcher() -> MemorySearcher:
    return MemorySearcher([LEAVE, CARRY, PARKING, BOARD])


def told(question: str, answer: Answer) -> tuple[Turn, Turn]:
    said = answer.text or answer.message
    return Turn(role="user", text=question), Turn(role="assistant", text=said, answer=answer)


def in_thread(engine: AnswerEngine, *messages: str) -> list[Answer]:
    """Ask one after another in one thread."""
    history: tuple[Turn, ...] = ()
    answers = []
    for message in messages:
        answers.append(engine.ask(Question(text=message, history=history)))
        history += told(message, answers[-1])
    return answers


CHANGES = [
    *("shorter", "Can you make that a bit shorter, please?", "tl;dr?", "in one sentence"),
    *("in German", "and in Italian?", "translate that to French", "auf Deutsch bitte"),
    *("as a table", "can you put that in a table?", "as bullet points", "step by step"),
    *("in more detail", "explain it in simple words", "shorter and in German", "summarize that"),
]


@pytest.mark.parametrize("text", CHANGES)
def test_a_request_for_another_form_is_recognised(text: str) -> None:
    assert change_in(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        *("In German law, how long is the notice period?", "why?", "and for contractors?"),
        *(
            "summarise the leave policy",
            "list all holidays",
            "table 3",
            "step by step guide to PIV",
        ),
        *("in Germany", "the second one", "In detail, how do I log in?", "more leave", ""),
        "Make me a checklist for onboarding",
    ],
)
def test_a_question_of_its_own_is_no_request_for_another_form(text: str) -> None:
    assert change_in(text) is None


def test_changed_answer_comes_from_the_same_passages_without_a_search() -> None:
    searcher = a_searcher()
    model = ScriptedModel(quoting_all, rewriting=lambda _: "")
    first, second = in_thread(
        engine_of(model, searcher=searcher), "How many days of leave?", "as a table"
    )

    assert second.status is Status.ANSWERED
    assert [one for one, _ in searcher.asked] == ["How many days of leave?"]
    assert searcher.read_ == ["leave.md"]
    assert {one.quote for one in second.citations} == {one.quote for one in first.citations}
    asked = model.prompts[-1].user
    assert "as a table" in asked
    assert "| Employees have 30 days of leave a year." in asked
    assert "Parking" not in asked
    assert second.asked == "How many days of leave?"


def test_changed_answer_is_checked_like_any_other() -> None:
    def wrong(blocks: Blocks) -> str:
        return f"Everybody has 31 days of leave [{blocks[0][0]}]."

    searcher = a_searcher()
    first = in_thread(engine_of(ScriptedModel(quoting_all), searcher=searcher), "How much leave?")
    engine = engine_of(ScriptedModel(wrong), searcher=searcher)

    answer = engine.ask(Question(text="shorter", history=told("How much leave?", first[0])))

    assert answer.status is Status.UNSUPPORTED
    assert "31" not in answer.text


def test_changes_follow_each_other_and_small_talk_between_them() -> None:
    searcher = a_searcher()
    answers = in_thread(
        engine_of(ScriptedModel(quoting_all), searcher=searcher),
        *("What does parking cost?", "in German", "thanks!", "shorter"),
    )

    assert [one.status for one in answers] == [
        *(Status.ANSWERED, Status.ANSWERED, Status.CHAT, Status.ANSWERED),
    ]
    assert [one for one, _ in searcher.asked] == ["What does parking cost?"]
    assert answers[-1].asked == "What does parking cost?"


def test_change_of_documents_leads_to_a_new_search() -> None:
    first = in_thread(
        engine_of(ScriptedModel(quoting_all), searcher=a_searcher()), "What does parking cost?"
    )
    new = a_chunk("Parking costs 4 euros a day.", id=9, document="parking.md", title="Parking")
    searcher = MemorySearcher([LEAVE, new])

    answer = engine_of(ScriptedModel(quoting_all), searcher=searcher).ask(
        Question(text="in one sentence", history=told("What does parking cost?", first[0]))
    )

    assert [one for one, _ in searcher.asked] == ["What does parking cost?"]
    assert "4 euros" in answer.text


def test_changed_answer_shows_nothing_that_the_person_may_not_see() -> None:
    searcher = a_searcher()
    engine = engine_of(ScriptedModel(quoting_all), searcher=searcher)
    of_board = engine.ask(Question(text="board leave", audience=frozenset({"board"})))
    assert "99" in of_board.text

    answer = engine.ask(Question(text="as a list", history=told("board leave", of_board)))

    assert "99" not in answer.text


def test_without_an_answer_there_is_nothing_to_change() -> None:
    searcher = a_searcher()

    answer = engine_of(ScriptedModel(quoting_all), searcher=searcher).ask(
        Question(text="in German")
    )

    assert (answer.status, answer.text) == (Status.CHAT, NOTHING_TO_CHANGE)
    assert searcher.asked == []


def test_without_a_model_shorter_is_the_first_block() -> None:
    first, shorter, again = in_thread(
        engine_of(searcher=a_searcher()), "leave days unused March", "shorter", "even shorter"
    )

    assert len(first.blocks) == 2
    assert shorter.status is Status.ANSWERED
    assert shorter.text == "Unused leave expires in March [1]."
    assert [one.quote for one in shorter.citations] == [CARRY.text]
    assert again.text == shorter.text
    assert "shortest" in again.message


@pytest.mark.parametrize("text", ["in German", "as a table", "step by step", "in more detail"])
def test_without_a_model_other_forms_say_that_they_need_one(text: str) -> None:
    answers = in_thread(engine_of(searcher=a_searcher()), "How much leave?", text)

    assert (answers[-1].status, answers[-1].text) == (Status.CHAT, NEEDS_A_MODEL)


def test_a_model_that_fails_at_a_change_says_so() -> None:
    searcher = a_searcher()
    first = in_thread(engine_of(ScriptedModel(quoting_all), searcher=searcher), "How much leave?")
    engine = AnswerEngine(
        searcher, a_portfolio(unreachable), fallback=ScriptedAnswerer(quoting_all), k=8
    )
    history = told("How much leave?", first[0])

    table = engine.ask(Question(text="as a table", history=history))
    shorter = engine.ask(Question(text="shorter", history=history))

    assert (table.status, table.text) == (
        Status.CHAT,
        f"The language model could not be reached. {NEEDS_A_MODEL}",
    )
    assert shorter.status is Status.ANSWERED
    assert "could not be reached" in shorter.message


def test_follow_up_of_another_case_is_a_new_question() -> None:
    searcher = a_searcher()

    in_thread(engine_of(searcher=searcher), "How many days of leave?", "and for contractors?")

    assert [one for one, _ in searcher.asked] == [
        "How many days of leave?",
        "and for contractors? (days leave)",
    ]


def test_changed_answer_streams_what_it_returns() -> None:
    searcher = a_searcher()
    engine = engine_of(ScriptedModel(quoting_all), searcher=searcher)
    first = engine.ask(Question(text="How much leave?"))
    question = Question(text="as bullet points", history=told("How much leave?", first))

    async def events() -> list[object]:
        return [event async for event in engine.astream(question)]

    *pieces, answer = asyncio.run(events())

    assert isinstance(answer, Answer)
    assert "".join(one for one in pieces if isinstance(one, str)) == answer.text
