import re
from collections.abc import AsyncGenerator

import pytest

from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.engine.whole_documents import reads_everything
from footnote_qa.bot.errors import AnswererError
from footnote_qa.bot.trace import StepKind
from footnote_qa.bot.types import Messages, Question, Status, Usage
from tests.bot.engine.test_conversation import engine_of
from tests.fakes.models import Blocks, ScriptedModel, a_provider, quoting_all
from tests.fakes.searcher import MemorySearcher, a_chunk

DAYS = ("1 January", "6 January", "1 May", "3 October", "25 December")
FILLER = "The office is closed for guests and staff alike. " * 12
HOLIDAYS = [
    a_chunk(
        f"{day} is a holiday. {FILLER}",
        id=at,
        document="holidays.md",
        title="Holidays",
        start=at * 1000,
    )
    for at, day in enumerate(DAYS, 1)
]
OTHER = a_chunk("Parking costs 3 euros.", id=50, document="parking.md", title="Parking")
NOTES = "Note what belongs in the answer"


def days_in(blocks: Blocks) -> str:
    found = [(id_, day) for id_, text in blocks for day in DAYS if day in text]
    return "\n".join(f"- {day} is a holiday [{id_}]." for id_, day in found) or "NOTHING"


class Reader(ScriptedModel):
    """Notes, and answers from, the days that are in what it is shown."""

    broken = False

    async def reply(self, messages: Messages, *, stream: bool) -> AsyncGenerator[str | Usage]:
        if self.broken and NOTES in messages.user and "25 December" in messages.user:
            raise AnswererError("cut")
        async for piece in super().reply(messages, stream=stream):
            yield piece


def an_engine(model: ScriptedModel) -> tuple[AnswerEngine, MemorySearcher]:
    searcher = MemorySearcher([*HOLIDAYS, OTHER])
    return engine_of(model, searcher=searcher), searcher


def test_list_of_everything_reads_the_document_in_parts_and_cites_each() -> None:
    model = Reader(days_in, a_provider(passage_tokens=600))
    engine, searcher = an_engine(model)

    answer = engine.ask(Question(text="List all holidays"))

    assert answer.status is Status.ANSWERED
    assert all(day in answer.text for day in DAYS)
    assert {one.start for one in answer.citations} == {one.start for one in HOLIDAYS}
    assert searcher.read_ == ["holidays.md"]
    requests = [one.user for one in model.prompts]
    assert sum(NOTES in one for one in requests) > 1
    assert FILLER not in requests[-1]  # it answers from the notes
    assert [one.kind for one in answer.trace].count(StepKind.READ) == 1


def test_document_that_fits_is_read_in_one_request() -> None:
    model = Reader(days_in, a_provider(context_tokens=32_000))
    engine, searcher = an_engine(model)

    answer = engine.ask(Question(text="Summarise the holidays"))

    assert all(day in answer.text for day in DAYS)
    assert searcher.read_ == ["holidays.md"]
    assert len(model.prompts) == 1


def test_part_that_could_not_be_read_is_said() -> None:
    model = Reader(days_in, a_provider(passage_tokens=600))
    model.broken = True
    engine, _ = an_engine(model)

    answer = engine.ask(Question(text="List all holidays"))

    assert "1 January" in answer.text
    assert "25 December" not in answer.text
    assert re.search(r"Not all of the document is covered: \d", answer.message)


def test_invented_note_is_not_shown() -> None:
    def inventing(blocks: Blocks) -> str:
        return f"- 24 June is a holiday [{blocks[0][0]}]."

    engine, _ = an_engine(Reader(inventing, a_provider(passage_tokens=600)))

    answer = engine.ask(Question(text="List all holidays"))

    assert answer.status is Status.UNSUPPORTED


def test_without_a_model_nothing_is_read_completely() -> None:
    searcher = MemorySearcher([*HOLIDAYS, OTHER])

    answer = engine_of(searcher=searcher, fallback=quoting_all).ask(
        Question(text="List all holidays")
    )

    assert searcher.read_ == []
    assert answer.status is Status.ANSWERED


@pytest.mark.parametrize(
    "text",
    [
        *("Summarize the sick leave policy", "give me an overview of paid parental leave"),
        *("can you list all tools?", "What are all the holidays?", "A short summary of TTS"),
        *("a complete list of the channels", "tl;dr of the travel policy"),
    ],
)
def test_summary_and_list_of_everything_are_recognised(text: str) -> None:
    assert reads_everything(text)


@pytest.mark.parametrize("text", ["What is the overview page?", "Who lists the tools?", "All ok?"])
def test_other_questions_read_no_complete_document(text: str) -> None:
    assert not reads_everything(text)
