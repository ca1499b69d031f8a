"""The tools and resources, by the SDK's own client in this process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import Client, MCPError

from footnote_qa import Footnote
from footnote_qa.bot.mcp import make_server
from footnote_qa.bot.mcp import server as of_server
from footnote_qa.bot.mcp import tools as of_tools
from footnote_qa.bot.types import Answer, Question
from footnote_qa.index.types import Audience
from tests.fakes.api import LEAVE, MOVE
from tests.fakes.building import TEXTS

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
BOARD = frozenset({"board"})


@asynccontextmanager
async def client_of(
    bot: Footnote, audience: Audience = frozenset(), mode: str = "auto"
) -> AsyncGenerator[Client]:
    async with Client(make_server(bot, lambda _: audience), mode=mode) as client:
        yield client


def call(bot: Footnote, name: str, arguments: Any, audience: Audience = frozenset()) -> Any:
    async def main() -> Any:
        async with client_of(bot, audience) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(main())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_client_learns_the_tools_and_how_to_keep_citations(bot: Footnote, mode: str) -> None:
    async def main() -> tuple[Any, str | None]:
        async with client_of(bot, mode=mode) as client:
            return await client.list_tools(), client.instructions

    listed, instructions = asyncio.run(main())

    assert [tool.name for tool in listed.tools] == ["ask", "search", "read_document"]
    for tool in listed.tools:
        assert tool.annotations.read_only_hint
        assert tool.output_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
    assert listed.tools[0].input_schema["properties"]["question"]["maxLength"] == 4000
    assert "leave labels such as [1] where they are" in (instructions or "")


def test_answer_has_its_citations_as_data_and_as_text(bot: Footnote) -> None:
    result = call(bot, "ask", {"question": LEAVE})

    told = result.structured_content
    [citation] = told["citations"]
    assert not result.is_error
    assert (told["status"], told["answer"]) == (
        "answered",
        "Every employee has twenty days of leave [1].",
    )
    text = TEXTS["leave.md"]
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert citation["uri"] == "footnote://documents/docs/leave.md"
    shown = result.content[0].text
    assert shown.startswith("Every employee has twenty days of leave [1].\n\nSources:\n[1] Leave")
    assert "“Every employee has twenty days of leave.”" in shown


def test_question_without_an_answer_says_so_and_shows_the_nearest_passages(bot: Footnote) -> None:
    result = call(bot, "ask", {"question": "Which zebras does xylophone quartz have?"})

    told = result.structured_content
    assert told["status"] == "not_found"
    assert (told["answer"], told["citations"]) == ("", [])
    assert told["message"] in result.content[0].text


def test_search_returns_passages_best_first(bot: Footnote) -> None:
    result = call(bot, "search", {"query": "parking euros", "k": 2})

    passages = result.structured_content["passages"]
    assert [one["rank"] for one in passages] == [1, 2]
    assert passages[0]["document"] == "docs/parking.txt"
    assert "Parking costs three euros" in result.content[0].text


def test_a_document_is_read_in_parts_that_rejoin(bot: Footnote) -> None:
    start: int | None = 0
    parts: list[str] = []
    while start is not None:
        arguments = {"document": "docs/leave.md", "start": start, "max_chars": 30}
        result = call(bot, "read_document", arguments)
        told = result.structured_content
        assert (told["next_start"] is None) == ("read on" not in result.content[0].text)
        parts.append(told["text"])
        start = told["next_start"]

    assert len(parts) > 2
    assert "".join(parts) == TEXTS["leave.md"]
    beyond = call(bot, "read_document", {"document": "docs/leave.md", "start": 10**9})
    assert (beyond.structured_content["text"], beyond.structured_content["next_start"]) == (
        "",
        None,
    )


@pytest.mark.parametrize(
    ("audience", "is_seen"), [(frozenset(), False), (frozenset({"hr"}), False), (BOARD, True)]
)
def test_every_tool_and_resource_obeys_the_audience(
    bot: Footnote, audience: Audience, is_seen: bool
) -> None:
    async def main() -> list[str]:
        async with client_of(bot, audience) as client:
            said: list[object] = [
                await client.call_tool("ask", {"question": MOVE}),
                await client.call_tool("search", {"query": MOVE, "k": 50}),
                await client.call_tool("read_document", {"document": "secret/plan.md"}),
                await client.list_resources(),
            ]
            try:
                said.append(await client.read_resource("footnote://documents/secret/plan.md"))
            except MCPError as error:
                said.append(error.message.replace("secret/plan.md", ""))
        # The id that was asked for is in the message that there is no such document
        return [str(one).replace("there is no document 'secret/plan.md'", "") for one in said]

    said = asyncio.run(main())

    assert [("Hanau" in one or "plan.md" in one) for one in said] == [is_seen] * 5


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("ask", {}, "question: Field required"),
        ("ask", None, "question: Field required"),
        ("ask", {"question": ""}, "question: String should have at least 1"),
        ("ask", {"question": "   "}, "no question"),
        ("ask", {"question": 7}, "question: Input should be a valid string"),
        ("ask", {"question": None}, "question: Input should be a valid string"),
        ("ask", {"question": ["Who?"]}, "question: Input should be a valid string"),
        ("ask", {"question": "a" * 4001}, "question has over 4000 characters"),
        ("ask", {"question": "a " * 2_000_000}, "question has over 4000 characters"),
        ("ask", {"question": "Who?", "audience": ["board"]}, "audience: Extra inputs"),
        ("search", {"query": "a" * 4001}, "query has over 4000 characters"),
        ("search", {"query": "leave", "k": 0}, "k: Input should be greater"),
        ("search", {"query": "leave", "k": 10**12}, "k: Input should be less"),
        ("search", {"query": "leave", "k": "5"}, "k: Input should be a valid integer"),
        ("search", {"query": "leave", "k": True}, "k: Input should be a valid integer"),
        ("search", {"query": "leave", "k": 2.5}, "k: Input should be a valid integer"),
        ("read_document", {"document": "none.md"}, "there is no document 'none.md'"),
        ("read_document", {"document": "../../etc/passwd"}, "there is no document"),
        ("read_document", {"document": "/etc/passwd"}, "there is no document"),
        ("read_document", {"document": "docs/../docs/leave.md"}, "there is no document"),
        ("read_document", {"document": "docs/leave.md\x00"}, "there is no document"),
        ("read_document", {"document": "' OR 1=1 --"}, "there is no document"),
        ("read_document", {"document": "docs/%"}, "there is no document"),
        ("read_document", {"document": "a" * 5000}, "document: String should have at most"),
        ("read_document", {"document": "docs/leave.md", "start": -1}, "start: Input should be gre"),
        ("read_document", {"document": "docs/leave.md", "max_chars": 10**9}, "max_chars: Input"),
    ],
)
def test_wrong_arguments_are_errors_that_say_what_is_wrong(
    bot: Footnote, name: str, arguments: Any, message: str
) -> None:
    result = call(bot, name, arguments)

    assert result.is_error
    assert message in result.content[0].text
    assert len(result.content[0].text) < 400
    assert result.structured_content is None


def test_half_a_character_is_a_clear_error_and_control_characters_are_none(bot: Footnote) -> None:
    async def main() -> list[Any]:
        tools = of_tools.Tools(bot, of_tools.Limits(question_chars=100, at_once=1))

        async def progress(_: float, __: str) -> None:
            return

        caller = of_tools.Caller(audience=frozenset(), progress=progress)
        return [
            await tools.call("ask", {"question": "leave \ud800"}, caller),
            await tools.call("search", {"query": "leave \ud800"}, caller),
            await tools.call("read_document", {"document": "leave \ud800"}, caller),
        ]

    for one in asyncio.run(main()):
        assert one.is_error
        assert "should be a valid string" in one.content[0].text
    assert call(bot, "search", {"query": "leave \x00\x07"}).is_error is False


def test_unknown_tools_and_addresses_are_protocol_errors(bot: Footnote) -> None:
    async def main() -> list[str]:
        said = []
        async with client_of(bot) as client:
            for ask in (
                client.call_tool("drop_table", {}),
                client.read_resource("file:///etc/passwd"),
                client.read_resource("footnote://documents/..%2F..%2Fetc%2Fpasswd"),
                client.read_resource("footnote://documents/"),
                client.list_resources(cursor="nonsense"),
            ):
                with pytest.raises(MCPError) as error:
                    await ask
                said.append(f"{error.value.code} {error.value.message}")
        return said

    said = asyncio.run(main())

    assert [one.split()[0] for one in said] == ["-32602"] * 5
    assert "use ask, search, read_document" in said[0]
    assert "begins with footnote://documents/" in said[1]
    assert "there is no document '../../etc/passwd'" in said[2]
    assert "start without a cursor" in said[4]


def test_documents_are_listed_page_by_page_and_each_can_be_read(
    bot: Footnote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_server, "PAGE", 2)

    async def main() -> dict[str, str]:
        texts, cursor = {}, None
        async with client_of(bot, BOARD) as client:
            while True:
                page = await client.list_resources(cursor=cursor)
                assert len(page.resources) <= 2
                for one in page.resources:
                    [content] = (await client.read_resource(one.uri)).contents
                    texts[one.name] = content.text  # type: ignore[union-attr] # none has bytes
                cursor = page.next_cursor
                if cursor is None:
                    return texts

    texts = asyncio.run(main())

    assert list(texts) == ["docs/leave.md", "docs/parking.txt", "docs/slack.md", "secret/plan.md"]
    assert texts["docs/leave.md"] == TEXTS["leave.md"]


def test_an_index_that_is_missing_is_an_error_with_the_next_step(tmp_path: Any) -> None:
    result = call(Footnote(data_dir=tmp_path / "none"), "ask", {"question": "Who?"})

    assert result.is_error
    assert "footnote index build" in result.content[0].text


def test_an_unexpected_error_gives_a_reference_and_never_its_text(
    bot: Footnote, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("the key is sk-12345")

    monkeypatch.setattr(bot.index, "search", breaks)

    result = call(bot, "search", {"query": "leave"})

    assert result.is_error
    reference = result.content[0].text.rpartition(" ")[2]
    assert "sk-12345" not in result.content[0].text
    assert [record.reference for record in caplog.records if hasattr(record, "reference")] == [
        reference
    ]


def test_a_long_question_reports_progress_that_grows(
    bot: Footnote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_tools, "BEAT_S", 0.01)
    answer = bot.ask(LEAVE)

    async def slow(_: Question) -> AsyncGenerator[Any]:
        yield answer.trace[0]
        await asyncio.sleep(0.2)
        yield answer

    monkeypatch.setattr(bot.engine, "astream", slow)
    heard: list[tuple[float, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        assert total is None
        heard.append((progress, message))

    async def main() -> Any:
        async with client_of(bot) as client:
            return await client.call_tool("ask", {"question": LEAVE}, progress_callback=hear)

    result = asyncio.run(main())

    assert result.structured_content["answer"] == answer.text
    counts = [count for count, _ in heard]
    assert len(counts) >= 5
    assert counts == sorted(set(counts))
    assert any((message or "").startswith("search") for _, message in heard)


def test_four_questions_at_most_are_answered_at_the_same_time(
    bot: Footnote, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, running, most = bot.ask(LEAVE), 0, 0

    async def slow(_: Question) -> AsyncGenerator[Answer]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        yield answer

    monkeypatch.setattr(bot.engine, "astream", slow)

    async def main() -> None:
        async with client_of(bot) as client:
            asked = [client.call_tool("ask", {"question": LEAVE}) for _ in range(12)]
            await asyncio.gather(*asked)

    asyncio.run(main())

    assert most == 4
