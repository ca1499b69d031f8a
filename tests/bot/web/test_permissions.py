"""Nobody sees more in the browser than in Slack: documents, answers, and what is shared."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from footnote_qa.bot.web.viewers import Viewer
from tests.fakes import web
from tests.fakes.embedder import HashEmbedder
from tests.fakes.web import DOCUMENTS, Pages, Reader

HIDDEN = "ninety thousand"
BOARD = frozenset({"board"})


def run(work: Any) -> Any:
    async def main() -> Any:
        return await work

    return asyncio.run(main())


def ask(reader: Reader, question: str) -> str:
    """Ask; return the id of the answer."""
    asked = run(reader.ask(question))
    assert asked.status_code == 303
    page: str = run(reader.get(asked.headers["location"].partition("#")[0])).text
    return page.rpartition('data-answer="')[2].partition('"')[0]


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/documents",
            "/documents?q=salaries",
            "/documents/secret.md",
            "/search?q=director+salary",
        ),
        *("/search?q=director&type=md", "/documents/secret.md?start=0&end=5", "/c/guess"),
    ],
)
def test_a_document_of_others_is_on_no_page(pages: Pages, path: str) -> None:
    reader, board = pages.sign_in("ann"), pages.sign_in("eve", audience=BOARD)

    theirs, ours = run(reader.get(path)), run(board.get(path))

    assert HIDDEN not in theirs.text
    assert "Salaries" not in theirs.text
    assert "secret.md" not in theirs.text.replace("/documents/secret.md", "")
    if path != "/c/guess":
        assert "Salaries" in ours.text


@pytest.mark.parametrize("path", ["/documents", "/documents/leave.md", "/search?q=leave"])
def test_a_document_that_a_source_has_withdrawn_is_on_no_page(pages: Pages, path: str) -> None:
    """Even to whoever may see everything: it is deleted, and the index does not know yet."""
    reader = pages.sign_in("ann", audience=None)
    assert "leave.md" in run(reader.get(path)).text

    pages.index.generation.passages.hide(frozenset({"leave.md"}))
    pages.index.generation.lexical.hide(pages.index.generation.passages.hidden_ids())

    shown = run(reader.get(path)).text
    assert "leave.md" not in shown.replace("/documents/leave.md", "")
    assert "thirty days" not in shown


def test_a_withdrawn_document_takes_its_answers_along(pages: Pages) -> None:
    ann = pages.sign_in("ann", audience=None)
    id_ = ask(ann, "leave")

    pages.index.generation.passages.hide(frozenset({"leave.md"}))

    assert "thirty days" not in run(ann.get(f"/answers/{id_}")).text
    assert run(ann.get(f"/answers/{id_}/sources/1")).status_code == 404


def test_a_person_meets_every_condition_of_an_audience() -> None:
    both = ('all:[["staff","board"],["hr"]]',)

    assert a_viewer("board", "hr").sees(both)
    assert not a_viewer("board", "staff").sees(both)
    assert not a_viewer(both[0]).sees(both)


def a_viewer(*groups: str) -> Viewer:
    return Viewer(user="ann", name="Ann", audience=frozenset(groups), roles=frozenset())


def test_a_question_brings_along_who_asks(pages: Pages) -> None:
    run(pages.sign_in("ann").ask("leave"))
    run(pages.sign_in("eve", audience=BOARD).ask("leave"))
    run(pages.sign_in("me", audience=None).ask("leave"))

    assert [q.audience for q in pages.engine.questions] == [frozenset(), BOARD, None]
    assert [q.user for q in pages.engine.questions] == ["ann", "eve", "me"]


def test_an_answer_is_for_the_asker_until_it_is_shared(pages: Pages) -> None:
    ann, bob = pages.sign_in("ann"), pages.sign_in("bob")
    id_ = ask(ann, "leave")
    paths = (f"/answers/{id_}", f"/answers/{id_}/sources/1", f"/answers/{id_}/markdown")

    before = [run(bob.get(path)).status_code for path in paths]
    foreign = run(bob.post(f"/answers/{id_}/share")).status_code
    run(ann.post(f"/answers/{id_}/share"))
    shared = [run(bob.get(path)) for path in paths]
    run(ann.post(f"/answers/{id_}/share", {"back": "1"}))
    after = [run(bob.get(path)).status_code for path in paths]

    assert before == after == [404] * 3
    assert foreign == 404
    assert [one.status_code for one in shared] == [200] * 3
    assert all("thirty days" in one.text for one in shared)


def test_a_shared_answer_is_checked_again_for_whoever_opens_it(pages: Pages) -> None:
    eve, ann = pages.sign_in("eve", audience=BOARD), pages.sign_in("ann")
    other = pages.sign_in("kim", audience=BOARD)
    id_ = ask(eve, "salary of the director")
    run(eve.post(f"/answers/{id_}/share"))

    for path in ("", "/sources/1", "/markdown"):
        theirs, ours = (run(who.get(f"/answers/{id_}{path}")) for who in (ann, other))
        assert theirs.status_code == 404
        assert HIDDEN not in theirs.text
        assert HIDDEN in ours.text


def test_somebody_who_leaves_a_group_no_longer_sees_their_own_answers_from_it(pages: Pages) -> None:
    eve = pages.sign_in("eve", audience=BOARD)
    id_ = ask(eve, "salary of the director")
    asked = pages.engine.questions[-1]
    later = pages.sign_in("eve")

    own = run(later.get(f"/answers/{id_}"))
    source = run(later.get(f"/answers/{id_}/sources/1"))
    with pages.database.sql() as sql:
        thread = sql.execute("SELECT thread_ts FROM answer").fetchone()[0]
    conversation = run(later.get(f"/c/{thread}"))
    run(later.ask("and in euros?", thread))

    assert asked.audience == BOARD
    assert HIDDEN not in own.text + source.text + conversation.text
    assert "that you may not see" in conversation.text
    assert pages.engine.questions[-1].history == ()


def test_a_conversation_of_somebody_else_can_be_neither_read_nor_continued(pages: Pages) -> None:
    ann, bob = pages.sign_in("ann"), pages.sign_in("bob")
    asked = run(ann.ask("leave"))
    thread = asked.headers["location"].removeprefix("/c/").partition("#")[0]

    read = run(bob.get(f"/c/{thread}"))
    continued = run(bob.ask("and parking?", thread))

    assert read.status_code == continued.status_code == 404
    assert "thirty days" not in read.text
    assert len(pages.engine.questions) == 1
    assert f"/c/{thread}" in run(ann.get("/")).text
    assert f"/c/{thread}" not in run(bob.get("/")).text


def test_nearest_passages_are_checked_again(
    pages: Pages, folder: Path, embedder: HashEmbedder
) -> None:
    ann = pages.sign_in("ann")
    id_ = ask(ann, "how many employee bicycles")
    assert "Bicycles stand" in run(ann.get(f"/answers/{id_}")).text

    renamed = {"secret-parking.txt" if n == "parking.txt" else n: t for n, t in DOCUMENTS.items()}
    web.build(folder, embedder, renamed)

    assert "Bicycles stand" not in run(ann.get(f"/answers/{id_}")).text


def test_a_document_that_left_the_index_takes_its_answers_along(
    pages: Pages, folder: Path, embedder: HashEmbedder
) -> None:
    ann = pages.sign_in("ann")
    id_ = ask(ann, "leave")

    web.build(folder, embedder, {"parking.txt": DOCUMENTS["parking.txt"]})
    shown = run(ann.get(f"/answers/{id_}"))

    assert shown.status_code == 200
    assert "no longer in the index" in shown.text
    assert "thirty days" not in shown.text
    assert run(ann.get(f"/answers/{id_}/sources/1")).status_code == 404


def test_the_remark_beside_an_answer_is_for_the_asker_alone(pages: Pages) -> None:
    from dataclasses import replace

    eve, kim = pages.sign_in("eve", audience=BOARD), pages.sign_in("kim")
    id_ = ask(eve, "leave")
    stored = pages.site.answers.kept(id_)
    assert stored is not None
    answer = replace(stored.answer, message="Salaries says otherwise.")
    with pages.database.sql() as sql:
        from footnote_qa.bot.state.answers import _ANSWER

        sql.execute("UPDATE answer SET record = :r", {"r": _ANSWER.dump_json(answer).decode()})
    run(eve.post(f"/answers/{id_}/share"))

    assert "Salaries says otherwise." in run(eve.get(f"/answers/{id_}")).text
    theirs = run(kim.get(f"/answers/{id_}"))
    assert "thirty days" in theirs.text
    assert "Salaries" not in theirs.text


def test_answers_of_slack_are_not_opened_by_their_id(pages: Pages) -> None:
    from footnote_qa.bot.state import Received

    received = Received(
        event_id="e", team="T1", channel="C1", ts="1", thread_ts="1", user="ann", text="x"
    )
    answer = web.an_answer("Yes.")
    pages.site.answers.keep("of-slack", received, "why?", answer)
    pages.site.answers.share("of-slack")

    assert run(pages.sign_in("ann").get("/answers/of-slack")).status_code == 404
