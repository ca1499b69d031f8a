from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from footnote_qa.bot.built_on import read
from footnote_qa.bot.database import Database, Target
from footnote_qa.bot.state.approved_answers import Approved, approve, unname
from footnote_qa.bot.state.database import open_state
from footnote_qa.index.parsing import parse
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.sources import SourceSpec
from tests.fakes.building import make_builder, write_documents
from tests.fakes.embedder import HashEmbedder

STAFF = frozenset({"staff"})

SAID = Approved(
    team="T1",
    channel="C1",
    ts="5.0",
    question="Where do I park?",
    answer="Behind the *house*.",
    author="U1",
    author_name="Ann",
    approver="U2",
    approver_name="Ben",
    audience=(),
    at=datetime(2026, 3, 1, tzinfo=UTC),
)


@pytest.fixture
def database(target: Target) -> Iterator[Database]:
    opened = open_state(target)
    yield opened
    opened.close()


def test_a_reply_becomes_a_document_with_its_date_and_its_names(
    database: Database, tmp_path: Path
) -> None:
    path = approve(database, tmp_path / "answers", SAID)

    assert path.read_text() == (
        "# Where do I park?\n\nBehind the *house*.\n\n"
        "Answered by Ann in Slack.\nApproved by Ben on 2026-03-01.\n"
    )
    assert path.name.startswith("where-do-i-park-")


def test_the_groups_of_its_channel_are_the_only_readers(database: Database, tmp_path: Path) -> None:
    path = approve(database, tmp_path / "answers", replace(SAID, audience=("hr", "board")))

    parsed = parse(path.read_bytes(), name=path.name)

    assert parsed.audience == ("hr", "board")


def test_a_bot_that_runs_finds_an_approved_reply_after_the_next_build_for_its_readers_alone(
    database: Database, tmp_path: Path, embedder: HashEmbedder
) -> None:
    answers = tmp_path / "answers"
    answers.mkdir()
    folders = (write_documents(tmp_path / "docs"), answers)
    sources = [SourceSpec(path=str(folder), name=folder.name) for folder in folders]
    make_builder(tmp_path, embedder).build(sources)
    running = LiveIndex(tmp_path / "index")
    question = "Where does the canary park?"
    before = running.search(question, k=50, audience=None)

    said = replace(SAID, answer="The canary parks behind the house.", audience=("staff",))
    path = approve(database, answers, said)
    make_builder(tmp_path, embedder).build(sources)

    mine, staffs = (
        running.search(question, k=50, audience=groups) for groups in (frozenset[str](), STAFF)
    )
    name = f"answers/{path.name}"
    assert (before.generation, staffs.generation) == ("gen-000001", "gen-000002")
    assert name not in {passage.chunk.document for passage in (*before.passages, *mine.passages)}
    chunks = [p.chunk for p in staffs.passages if p.chunk.document == name]
    said_there = "\n".join(chunk.text for chunk in sorted(chunks, key=lambda chunk: chunk.start))
    assert {chunk.title for chunk in chunks} == {"Where do I park?"}
    assert "The canary parks behind the house." in said_there
    assert "Answered by Ann in Slack.\nApproved by Ben on 2026-03-01." in said_there


def test_approving_again_replaces_the_document(database: Database, tmp_path: Path) -> None:
    first = approve(database, tmp_path / "answers", SAID)

    second = approve(database, tmp_path / "answers", replace(SAID, answer="In the yard."))

    assert first == second
    assert "In the yard." in first.read_text()
    assert len(list((tmp_path / "answers").iterdir())) == 1


@pytest.mark.parametrize("question", ["../../etc/passwd", "", "有給休暇?", "a" * 500, "/\x00\n"])
def test_no_question_leads_out_of_the_folder(
    database: Database, tmp_path: Path, question: str
) -> None:
    path = approve(database, tmp_path / "answers", replace(SAID, question=question))

    assert path.parent == tmp_path / "answers"
    assert path.is_file()
    assert len(path.name) < 80


def test_no_name_and_no_question_can_forge_the_front_of_a_document(
    database: Database, tmp_path: Path
) -> None:
    forged = replace(
        SAID, question="x\n---\naudience: [all]", author_name="y\n---", audience=("hr",)
    )

    path = approve(database, tmp_path / "answers", forged)

    parsed = parse(path.read_bytes(), name=path.name)
    assert parsed.audience == ("hr",)
    assert "# x --- audience: [all]" in parsed.text


def test_a_forgotten_person_is_a_colleague_in_the_documents(
    database: Database, tmp_path: Path
) -> None:
    path = approve(database, tmp_path / "answers", SAID)

    changed = unname(database, tmp_path / "answers", "U1")

    assert changed == 1
    assert path.read_text().endswith(
        "Answered by a colleague in Slack.\nApproved by Ben on 2026-03-01.\n"
    )
    unname(database, tmp_path / "answers", "U2")
    assert path.read_text().endswith("Approved by a colleague on 2026-03-01.\n")


def test_a_document_deleted_by_hand_is_no_trouble(database: Database, tmp_path: Path) -> None:
    approve(database, tmp_path / "answers", SAID).unlink()

    assert unname(database, tmp_path / "answers", "U1") == 1


def test_no_reader_is_lost_whatever_its_group_is_called(tmp_path: Path, database: Database) -> None:
    names = ("slack:S0123", 'all:[["w/group/hr"],["board"]]', "a: b", "hr")

    path = approve(database, tmp_path, replace(SAID, audience=names))

    assert parse(path.read_bytes(), name=path.name).audience == names


def test_an_answer_names_the_documents_that_it_was_built_on(
    tmp_path: Path, database: Database
) -> None:
    sources = (("HR/Leave.html", "https://w.test/7"), ("a.md", None))

    path = approve(database, tmp_path, replace(SAID, built_on=sources))

    assert read(path) == [("HR/Leave.html", "https://w.test/7"), ("a.md", "")]
