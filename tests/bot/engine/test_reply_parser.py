import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.engine.context import AS_JSON, AS_MARKDOWN, for_answer
from footnote_qa.bot.engine.reply_parser import SCHEMA, JsonReader
from footnote_qa.bot.errors import AnswererError, SettingsError
from footnote_qa.bot.llm.portfolio import Portfolio
from footnote_qa.bot.llm.providers import build_models
from footnote_qa.bot.settings import ModelsSettings
from footnote_qa.bot.trace import Step
from footnote_qa.bot.types import Answer, Evidence, Question, Sentence, Status
from tests.bot.engine.test_query_engine import ScriptedAnswerer
from tests.fakes.model_server import Reply, model_server
from tests.fakes.models import Blocks, a_provider, quoting
from tests.fakes.searcher import MemorySearcher, a_chunk

TWO = [
    {"text": "It is 3 euros.", "evidence": [{"id": "k7q2mz", "quote": 'the "fee": 3 euros }]'}]},
    {"text": "It is due in May.", "evidence": []},
]
READ = [
    Sentence(
        text="It is 3 euros.",
        evidence=(Evidence(passage_id="k7q2mz", quote='the "fee": 3 euros }]'),),
    ),
    Sentence(text="It is due in May.", evidence=()),
]


def read(reply: str, size: int) -> list[Sentence]:
    reader = JsonReader()
    parts = [reply[at : at + size] for at in range(0, len(reply), size)]
    return [*(one for part in parts for one in reader.feed(part)), *reader.end()]


@given(st.integers(1, 60), st.sampled_from([None, 2]))
def test_sentences_are_the_same_wherever_the_stream_is_cut(size: int, indent: int | None) -> None:
    reply = json.dumps({"sentences": TWO}, indent=indent)

    assert read(reply, size) == READ
    assert read(f"```json\n{reply}\n```\n", size) == READ


def test_sentence_is_there_as_soon_as_its_object_is_closed() -> None:
    reader = JsonReader()
    first = json.dumps(TWO[0])

    assert reader.feed('{"sentences": [' + first[:-1]) == []
    assert reader.feed(first[-1]) == READ[:1]


@pytest.mark.parametrize("reply", ['{"sentences": []}', "NOT FOUND", '{ "sentences":[\n]\n}'])
def test_no_sentences_are_not_found(reply: str) -> None:
    assert read(reply, 5) == []


@pytest.mark.parametrize(
    "reply", ["", "  ", '{"sentences": [{"text": "It is', '{"sentences": [] , "more": 1}']
)
def test_anything_but_the_complete_object_is_an_error(reply: str) -> None:
    with pytest.raises(AnswererError):
        read(reply, 5)


def test_prose_is_said_and_rests_on_nothing() -> None:
    assert read("It is 3 euros.", 4) == [Sentence(text="It is 3 euros.", evidence=())]


@given(st.text(), st.sampled_from(["", '{"sentences": [', '{"sentences": [{"text": "a", ']))
def test_no_text_breaks_the_reader(text: str, before: str) -> None:
    with suppress(AnswererError):
        read(before + text, 7)


LEAVE = a_chunk("Everybody has 30 days of leave a year. Unused days expire in March.")


def as_json(blocks: Blocks) -> str:
    id_ = blocks[0][0]
    said = ["Everybody has 30 days of leave a year.", "Unused days expire in March."]
    entries = [{"text": one, "evidence": [{"id": id_, "quote": one[:-1]}]} for one in said]
    return json.dumps({"sentences": entries})


async def events_of(base_url: str) -> list[str | Step | Answer]:
    provider = a_provider(
        base_url=base_url, api_key=SecretStr("k"), structured=True, timeout_s=60.0
    )
    settings = ModelsSettings(providers=(provider,))
    engine = AnswerEngine(
        MemorySearcher([LEAVE]),
        Portfolio(build_models(settings), settings),
        fallback=ScriptedAnswerer(quoting),
        k=8,
    )
    return [event async for event in engine.astream(Question(text="How much leave?"))]


def test_structured_reply_is_asked_for_and_shown_sentence_by_sentence() -> None:
    with model_server(Reply(script=as_json)) as server:
        *told, answer = asyncio.run(events_of(server.base_url))
        (sent,) = server.requests

    assert told == [
        "Everybody has 30 days of leave a year [1].",
        " Unused days expire in March [2].",
    ]
    assert isinstance(answer, Answer)
    assert (answer.status, answer.answerer) == (Status.ANSWERED, "local")
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert sent["stream"]
    assert "one JSON object" in sent["messages"][0]["content"]
    assert sent["messages"][1]["content"].endswith(f"{AS_JSON}\n")


def test_reply_in_markdown_is_asked_for_unless_set_otherwise() -> None:
    messages = for_answer(Question(text="leave"), [], room_tokens=1000)

    assert not messages.schema
    assert messages.user.endswith(f"{AS_MARKDOWN}\n")


@pytest.mark.parametrize("kind", ["anthropic", "bedrock"])
def test_kind_whose_structured_replies_are_no_text_cannot_be_set_to_it(kind: str) -> None:
    provider: Any = a_provider(kind=kind, structured=True)

    with pytest.raises(SettingsError, match="structured works with the kinds"):
        build_models(ModelsSettings(providers=(provider,)))
