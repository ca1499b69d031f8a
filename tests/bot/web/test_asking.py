"""Ask: the stream, the conversation, sources in their context, feedback, Markdown."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from footnote_qa.bot.state import Rating, rating_of
from footnote_qa.bot.web.backend import Backend
from footnote_qa.index.errors import IndexDamagedError, IndexMissingError
from tests.fakes import web
from tests.fakes.embedder import HashEmbedder
from tests.fakes.web import DOCUMENTS, Pages, Reader


def run(work: Any) -> Any:
    async def main() -> Any:
        return await work

    return asyncio.run(main())


def events(text: str) -> list[tuple[str, dict[str, str]]]:
    """Return the events of a stream."""
    lines = [one.splitlines() for one in text.strip().split("\n\n")]
    return [(name[7:], json.loads(data[6:])) for name, data in lines]


def ask(reader: Reader, question: str) -> str:
    """Ask; return the id of the answer."""
    told = dict(events(run(reader.stream(question)).text))
    return told["answer"]["id"]


def test_an_answer_comes_in_steps_and_parts_and_then_completely(pages: Pages) -> None:
    reader = pages.sign_in()

    reply = run(reader.stream("leave and parking?"))

    told = events(reply.text)
    names = [name for name, _ in told]
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert names == ["step", "step", "text", "text", "answer"]
    assert told[2][1]["html"] == (
        '<p>Every employee has <em>thirty days</em> of leave <span class="cite">1</span>.</p>\n'
    )
    assert '<span class="cite">2</span>' in told[3][1]["html"]
    whole = told[-1][1]
    assert f'href="/answers/{whole["id"]}/sources/2" data-panel' in whole["html"]
    assert "2 sources" in whole["html"]
    assert whole["html"].count("<q>") == 2


def test_a_browser_without_a_script_gets_the_same_answer_as_a_page(pages: Pages) -> None:
    reader = pages.sign_in()

    asked = run(reader.ask("leave?"))
    shown = run(reader.get(asked.headers["location"].partition("#")[0]))

    assert asked.headers["location"].endswith("#last")
    assert 'id="last"' in shown.text
    assert "<em>thirty days</em>" in shown.text


def test_a_follow_up_brings_along_the_conversation_and_another_one_does_not(pages: Pages) -> None:
    reader = pages.sign_in()
    first = events(run(reader.stream("leave?")).text)[-1][1]

    second = events(run(reader.stream("and parking?", first["conversation"])).text)[-1][1]
    run(reader.stream("something new: leave"))

    asked = pages.engine.questions
    assert second["conversation"] == first["conversation"]
    assert [turn.text for turn in asked[1].history][:1] == ["leave?"]
    assert asked[1].history[1].answer is not None
    assert asked[1].thread == asked[0].thread
    assert asked[2].history == ()
    page = run(reader.get(f"/c/{first['conversation']}")).text
    assert page.index("leave?</h2>") < page.index("and parking?</h2>")
    assert page.count('id="last"') == 1


def test_a_source_shows_the_quote_marked_in_its_context(pages: Pages) -> None:
    reader = pages.sign_in()
    id_ = ask(reader, "leave?")

    whole = run(reader.get(f"/answers/{id_}/sources/1")).text
    part = run(reader.get(f"/answers/{id_}/sources/1", **{"X-Partial": "1"})).text

    marked = (
        '<p><mark id="quote" tabindex="-1">Every employee has </mark><em><mark>thirty days</mark>'
        "</em><mark> of leave.</mark></p>"
    )
    assert marked in whole
    assert marked in part
    assert "<li>Call your lead first.</li>" in part
    assert part.lstrip().startswith("<p")
    assert "has changed" not in part
    assert run(reader.get(f"/answers/{id_}/sources/2")).status_code == 404


def test_a_quote_that_moved_is_shown_where_it_is_now(
    pages: Pages, folder: Path, embedder: HashEmbedder
) -> None:
    reader = pages.sign_in()
    id_ = ask(reader, "leave?")

    web.build(
        folder, embedder, DOCUMENTS | {"leave.md": "# New\n\nFirst.\n\n" + DOCUMENTS["leave.md"]}
    )
    shown = run(reader.get(f"/answers/{id_}/sources/1")).text

    assert "now in another place" in shown
    assert "<mark>thirty days</mark>" in shown


def test_a_quote_that_is_gone_is_said_to_be_gone(
    pages: Pages, folder: Path, embedder: HashEmbedder
) -> None:
    reader = pages.sign_in()
    id_ = ask(reader, "leave?")

    web.build(folder, embedder, DOCUMENTS | {"leave.md": "# Leave\n\nForty days of leave.\n"})
    shown = run(reader.get(f"/answers/{id_}/sources/1")).text

    assert "no longer has these words" in shown
    assert "Every employee has thirty days of leave." in shown


def test_a_refusal_shows_the_nearest_passages(pages: Pages) -> None:
    reader = pages.sign_in()

    html = events(run(reader.stream("who employs bicycles")).text)[-1][1]["html"]

    assert "<strong>Not in the documents</strong>" in html
    assert "The nearest passages" in html
    assert "/documents/parking.txt?start=0&amp;end=" in html


def test_ratings_and_reasons_are_stored_with_the_answer(pages: Pages) -> None:
    reader = pages.sign_in()
    id_ = ask(reader, "leave?")

    down = run(reader.post(f"/answers/{id_}/rate", {"rating": "down"}, **{"X-Partial": "1"}))
    said = {"reason": "outdated", "comment": " It is forty.\u202e "}
    run(reader.post(f"/answers/{id_}/explain", said))
    wrong = run(reader.post(f"/answers/{id_}/rate", {"rating": "sideways"}))

    (kept,) = pages.site.answers.feedback()
    assert 'aria-pressed="true">Not helpful' in down.text
    assert "What is wrong with it?" in down.text
    assert (kept["rating"], kept["reason"], kept["comment"]) == ("down", "outdated", "It is forty.")
    assert wrong.status_code == 404
    assert rating_of(pages.database, id_, "ann") is Rating.DOWN
    assert rating_of(pages.database, id_, "bob") is None


def test_a_reason_that_nobody_offered_is_not_stored(pages: Pages) -> None:
    reader = pages.sign_in()
    id_ = ask(reader, "leave?")
    run(reader.post(f"/answers/{id_}/rate", {"rating": "down"}))
    run(reader.post(f"/answers/{id_}/explain", {"reason": "x" * 500, "comment": "y" * 5000}))

    (kept,) = pages.site.answers.feedback()

    assert kept["reason"] == ""
    assert len(str(kept["comment"])) == 2000


def test_an_answer_is_copied_as_markdown_with_its_sources(pages: Pages) -> None:
    reader = pages.sign_in()
    id_ = ask(reader, "leave?")

    reply = run(reader.get(f"/answers/{id_}/markdown"))

    assert reply.headers["content-type"] == "text/markdown; charset=utf-8"
    assert reply.text == (
        "**leave?**\n\nEvery employee has *thirty days* of leave [1].\n\n"
        "1. Leave: “Every employee has thirty days of leave.”\n"
    )


@pytest.mark.parametrize("question", ["", "   ", "\u200b"])
def test_a_question_without_words_is_not_asked(pages: Pages, question: str) -> None:
    reply = run(pages.sign_in().stream(question))

    assert reply.status_code == 400
    assert "There is no question" in reply.text
    assert pages.engine.questions == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (IndexMissingError("no index in /secret"), "There is no index yet"),
        (IndexDamagedError("/secret is damaged"), "The index can&#39;t be used"),
    ],
)
def test_without_an_index_the_pages_say_what_to_do(
    pages: Pages, error: Exception, words: str
) -> None:
    def broken() -> Any:
        raise error

    reader = pages.sign_in()
    object.__setattr__(pages.site, "backend", Backend(broken))

    replies = [run(reader.get(path)) for path in ("/", "/search?q=leave", "/documents/leave.md")]
    streamed = run(reader.stream("leave?"))

    assert [one.status_code for one in replies] == [503] * 3
    assert all(words in one.text and "/secret" not in one.text for one in replies)
    assert events(streamed.text)[-1][0] == "problem"
    assert "/secret" not in streamed.text


def test_an_index_that_comes_later_is_opened_without_a_restart(pages: Pages) -> None:
    opened = pages.site.backend.opened()
    is_there = False

    def open_() -> Any:
        if not is_there:
            raise IndexMissingError("none yet")
        return opened

    reader = pages.sign_in()
    object.__setattr__(pages.site, "backend", Backend(open_))
    before = run(reader.get("/")).status_code
    is_there = True

    assert (before, run(reader.get("/")).status_code) == (503, 200)


def test_a_new_generation_is_answered_from_without_a_restart(
    pages: Pages, folder: Path, embedder: HashEmbedder
) -> None:
    reader = pages.sign_in()
    before = run(reader.get("/documents")).text

    web.build(folder, embedder, DOCUMENTS | {"new.md": "# Brand new\n\nWords.\n"})

    assert "Brand new" not in before
    assert "Brand new" in run(reader.get("/documents")).text


def test_somebody_who_leaves_during_the_answer_leaves_nothing_behind(pages: Pages) -> None:
    from footnote_qa.bot.web.asking import Asked
    from footnote_qa.bot.web.asking import ask as asking
    from footnote_qa.bot.web.viewers import OWNER_OF_MACHINE

    async def main() -> None:
        events = asking(pages.site, Asked(text="leave", conversation="c", viewer=OWNER_OF_MACHINE))
        await anext(events)
        await events.aclose()

    asyncio.run(main())

    assert pages.site.answers.kept("c") is None
    with pages.database.sql() as sql:
        assert sql.execute("SELECT count(*) FROM answer").fetchone()[0] == 0
    assert not pages.site.running.locked()


def test_what_a_person_asked_is_erased_with_them(pages: Pages) -> None:
    ann, bob = pages.sign_in("ann"), pages.sign_in("bob")
    ask(ann, "leave?")
    kept = ask(bob, "parking?")

    pages.site.answers.forget_user("ann")

    assert run(ann.get("/")).status_code == 403
    assert run(bob.get(f"/answers/{kept}")).status_code == 200
    with pages.database.sql() as sql:
        assert sql.execute("SELECT count(*) FROM answer").fetchone()[0] == 1
