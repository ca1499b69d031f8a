import asyncio
import gc
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

import footnote_qa
from footnote_qa import (
    Answer,
    BuildRunningError,
    ClosedError,
    DocumentNotFoundError,
    Footnote,
    FootnoteError,
    IndexMissingError,
    Question,
    QuestionError,
    SettingsError,
    Status,
    Turn,
    deprecation,
)
from footnote_qa.bot import composition
from footnote_qa.bot.api import AnswerStream, Conversation
from footnote_qa.bot.engine import AudienceBundle
from tests.fakes.api import LEAVE, MOVE
from tests.fakes.building import TEXTS


def test_answer_and_its_stream_and_their_async_forms_say_the_same(bot: Footnote) -> None:
    async def both() -> tuple[Answer, list[str], Answer]:
        stream = bot.astream(LEAVE)
        pieces = [piece async for piece in stream]
        return await bot.aask(LEAVE), pieces, stream.answer

    answer = bot.ask(LEAVE)
    stream = bot.stream(LEAVE)
    pieces = list(stream)
    other, other_pieces, streamed = asyncio.run(both())

    assert answer.text == "Every employee has twenty days of leave [1]."
    assert answer.citations[0].document == "docs/leave.md"
    assert {"".join(pieces), "".join(other_pieces), stream.answer.text, streamed.text} == {
        answer.text
    }
    assert other.citations == answer.citations == streamed.citations == stream.answer.citations


def test_asking_works_inside_a_running_event_loop(bot: Footnote) -> None:
    async def notebook() -> tuple[Answer, Answer]:
        return bot.ask(LEAVE), bot.stream(LEAVE).finish()

    one, other = asyncio.run(notebook())

    assert one.text == other.text == "Every employee has twenty days of leave [1]."


@pytest.mark.parametrize(
    ("audience", "is_seen"), [((), False), (["hr"], False), (["hr", "board"], True), (None, True)]
)
def test_every_way_to_read_obeys_the_audience(
    bot: Footnote, audience: list[str] | None, is_seen: bool
) -> None:
    found = [p.chunk.document for p in bot.search(MOVE, audience=audience).passages]
    listed = [row.document for row in bot.documents(audience=audience)]
    answer = bot.ask(MOVE, audience=audience)
    told = bot.conversation(audience=audience).ask(MOVE)
    engine = bot.as_query_engine(audience=audience).query(MOVE)
    nodes = bot.as_retriever(audience=audience).retrieve(MOVE)

    assert ("secret/plan.md" in found) is is_seen
    assert ("secret/plan.md" in listed) is is_seen
    for one in (answer, told):
        assert ("secret/plan.md" in {c.document for c in one.citations}) is is_seen
        assert is_seen or "Hanau" not in str(one)
    assert ("Hanau" in str(engine)) is is_seen
    assert ("secret/plan.md" in {n.node.metadata["document"] for n in nodes}) is is_seen


def test_a_query_with_its_own_audience_keeps_it(bot: Footnote) -> None:
    query = AudienceBundle(query_str=MOVE, audience=frozenset())

    assert "Hanau" not in str(bot.as_query_engine(audience=["board"]).query(query))
    assert "Hanau" not in str(bot.as_query_engine().query(MOVE))


def test_a_hidden_document_and_one_that_does_not_exist_give_the_same_error(bot: Footnote) -> None:
    said = []
    for document in ("secret/plan.md", "secret/none.md", "../data", "/etc/passwd", "", "docs"):
        with pytest.raises(DocumentNotFoundError) as error:
            bot.read_document(document)
        said.append(str(error.value).replace(repr(document), "X"))

    assert len(set(said)) == 1
    assert bot.read_document("secret/plan.md", audience=["board"]).title == "Plan"
    assert bot.read_document("docs/leave.md").text == TEXTS["leave.md"]


def test_conversation_understands_a_question_with_the_ones_before_it(bot: Footnote) -> None:
    chat = bot.conversation()

    chat.ask("How many days of leave does every employee have?")
    answer = chat.stream("And who is called first in sickness?").finish()
    again = bot.conversation(turns=chat.turns)

    assert answer.asked != "And who is called first in sickness?"
    assert [turn.role for turn in chat.turns] == ["user", "assistant"] * 2
    assert chat.turns[3].answer == answer
    assert again.turns == chat.turns


def test_a_stream_that_ends_early_was_not_said() -> None:
    async def slow() -> AsyncGenerator[Any]:
        yield "one "
        await asyncio.sleep(60)

    chat = Conversation(
        SimpleNamespace(stream=lambda _, **heard: AnswerStream(slow, **heard)),
        audience=frozenset(),
    )

    with chat.stream(LEAVE) as stream:
        next(stream)

    assert chat.turns == ()


def test_closing_a_stream_early_cancels_what_it_waits_for() -> None:
    cancelled = threading.Event()

    async def slow() -> AsyncGenerator[Any]:
        yield "one "
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    began = time.monotonic()
    with AnswerStream(slow) as stream:
        assert next(stream) == "one "

    assert cancelled.is_set()
    assert time.monotonic() - began < 5
    with pytest.raises(RuntimeError, match="has not ended"):
        _ = stream.answer


def test_an_error_while_streaming_is_raised_where_the_stream_is_read(tmp_path: Path) -> None:
    empty = Footnote(data_dir=tmp_path / "none")

    with pytest.raises(IndexMissingError):
        empty.stream(LEAVE).finish()
    with pytest.raises(IndexMissingError):
        asyncio.run(empty.astream(LEAVE).finish())
    with pytest.raises(IndexMissingError):
        asyncio.run(empty.aask(LEAVE))


@pytest.mark.parametrize(
    ("question", "audience", "message"),
    [
        ("  ", (), "no question"),
        (7, (), "not int"),
        (None, (), "not NoneType"),
        ("Who?", "board", r"write \['board'\]"),
        (Question(text="Who?"), ["board"], "its own audience"),
        (Question(text=""), (), "no question"),
    ],
)
def test_what_is_no_question_is_an_error_that_says_so(
    bot: Footnote, question: Any, audience: Any, message: str
) -> None:
    for ask in (bot.ask, bot.stream, bot.astream, bot.search):
        with pytest.raises(QuestionError, match=message):
            ask(question, audience=audience)
    with pytest.raises(QuestionError, match=message):
        asyncio.run(bot.aask(question, audience=audience))
    with pytest.raises(QuestionError, match="at least 1"):
        bot.search("Who?", k=0)


def test_many_threads_may_ask_at_the_same_time_and_the_index_is_opened_once(
    bot: Footnote, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_index = Mock(side_effect=composition.live_index)
    monkeypatch.setattr("footnote_qa.bot.composition.live_index", open_index)

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: bot.ask(LEAVE).text, range(16)))

    assert set(texts) == {"Every employee has twenty days of leave [1]."}
    assert open_index.call_count == 1


def test_a_new_build_is_used_by_the_next_question(bot: Footnote, tmp_path: Path) -> None:
    before = bot.ask(LEAVE)
    (tmp_path / "docs" / "leave.md").write_text("# Leave\n\nEvery employee has 31 days of leave.\n")

    bot.build()

    assert "twenty" in before.text
    assert bot.ask(LEAVE).text == "Every employee has 31 days of leave [1]."


def test_a_second_build_at_the_same_time_is_refused(bot: Footnote) -> None:
    building = composition.index_directory(bot.settings)

    with building.locked(), pytest.raises(BuildRunningError):
        bot.build()


def test_settings_come_from_keywords_before_variables_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "footnote.toml").write_text("[search]\nk = 3\ncandidates = 33\nreranked = 3\n")
    monkeypatch.setenv("FOOTNOTE_SEARCH__CANDIDATES", "44")
    monkeypatch.setenv("FOOTNOTE_SEARCH__K", "4")

    search = Footnote(tmp_path / "footnote.toml", search={"k": 5}).settings.search

    assert (search.k, search.candidates, search.reranked) == (5, 44, 3)


def test_without_a_name_no_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "footnote.toml").write_text("[search]\nk = 3\n")
    (tmp_path / ".env").write_text("FOOTNOTE_SEARCH__CANDIDATES=44\n")
    monkeypatch.chdir(tmp_path)

    search = Footnote().settings.search

    assert (search.k, search.candidates) == (8, 200)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"searching": {"k": 5}}, "searching: unknown setting"),
        ({"search": {"k": 0}, "index": {"chunk_tokens": 1}}, r"(?s)index\.chunk_tokens.*search\.k"),
        ({"search": 5}, "search"),
    ],
)
def test_wrong_keywords_are_named(tables: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Footnote(**tables)
    with pytest.raises(SettingsError, match=r"other\.toml"):
        Footnote("other.toml")


def test_nothing_works_after_closing_but_closing_again(bot: Footnote, tmp_path: Path) -> None:
    engine = bot.as_query_engine()
    bot.close()
    bot.close()

    for use in (
        lambda: bot.ask(LEAVE),
        lambda: bot.search(LEAVE),
        bot.documents,
        lambda: bot.build(tmp_path / "docs"),
        lambda: bot.stream(LEAVE),
    ):
        with pytest.raises(ClosedError, match="make another"):
            use()
    assert "twenty days" in str(engine.query(LEAVE))  # what was given out still works


def test_every_error_of_each_room_is_a_footnote_error() -> None:
    from footnote_qa.bot import errors as of_bot
    from footnote_qa.eval import errors as of_eval
    from footnote_qa.index import errors as of_index

    for module in (of_bot, of_eval, of_index):
        own = [one for one in vars(module).values() if isinstance(one, type)]
        wrong = [one for one in own if issubclass(one, Exception)]
        assert len(wrong) > 3
        assert [one for one in wrong if not issubclass(one, FootnoteError)] == []


def test_every_public_name_is_there_and_listed() -> None:
    for name in footnote_qa.__all__:
        assert getattr(footnote_qa, name) is not None
        assert name in dir(footnote_qa)
    with pytest.raises(AttributeError, match="no attribute 'Footnotes'"):
        _ = footnote_qa.Footnotes  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_heavy_and_takes_at_most_100_ms() -> None:
    code = (
        "import time, sys; began = time.perf_counter(); import footnote_qa; "
        "took = time.perf_counter() - began; "
        "print(took, sorted({n.split('.')[0] for n in sys.modules} & "
        "{'pydantic', 'numpy', 'llama_index', 'torch', 'typer', 'rich', 'faiss', 'onnxruntime'}))"
    )

    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]

    took_s = min(float(run.stdout.split()[0]) for run in runs)  # other work may delay one of them
    assert took_s <= 0.1
    assert runs[0].stdout.split(maxsplit=1)[1].strip() == "[]"


def test_a_renamed_name_works_and_warns_whoever_imports_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change = deprecation.Renamed(instead="Footnote", since="0.2", removed_in="0.4")
    monkeypatch.setattr(deprecation, "RENAMED", {"Bot": change})

    with pytest.warns(DeprecationWarning, match=r"called Footnote since 0\.2.*in 0\.4") as caught:
        found = footnote_qa.Bot  # type: ignore[attr-defined]

    assert found is Footnote
    assert caught[0].filename == __file__


def test_renamed_names_lead_to_public_ones() -> None:
    for old, change in deprecation.RENAMED.items():
        assert change.instead in footnote_qa.__all__
        assert old not in footnote_qa.__all__


def test_steps_are_reported_while_a_stream_is_made(bot: Footnote) -> None:
    step, answer = footnote_qa.Step, bot.ask(LEAVE)

    async def events() -> AsyncGenerator[Any]:
        yield step(kind=answer.trace[0].kind, detail="further search")
        yield "text"
        yield answer

    heard: list[str] = []
    stream = AnswerStream(events, on_step=lambda one: heard.append(one.detail))

    assert list(stream) == ["text"]
    assert heard == ["further search"]
    assert stream.answer is answer


def test_a_stream_that_nobody_reads_leaves_no_thread_behind(bot: Footnote) -> None:
    stream = bot.stream(LEAVE)
    thread: Any = SimpleNamespace(of=stream._thread)
    del stream
    gc.collect()

    thread.of.join(timeout=30)

    assert not thread.of.is_alive()


def test_turns_and_questions_are_made_with_the_public_names(bot: Footnote) -> None:
    history = (Turn(role="user", text=LEAVE), Turn(role="assistant", text="Twenty days."))

    answer = bot.ask(Question(text="And who is called first?", history=history))

    assert answer.status is Status.ANSWERED
    assert "leave" in answer.asked
