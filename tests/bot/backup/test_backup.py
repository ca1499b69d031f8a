"""Backup, wipe, restore: the same answers, feedback, spending and index, in either database."""

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from footnote_qa.bot.backup import Place, restore_backup, write_backup
from footnote_qa.bot.database import Target
from footnote_qa.bot.errors import StoreError
from footnote_qa.bot.llm import Ledger, Scope
from footnote_qa.bot.llm.ledger import Request
from footnote_qa.bot.state import (
    AnswerRepository,
    Outcome,
    QuestionRepository,
    Rating,
    Received,
    count_open,
    open_for,
)
from footnote_qa.bot.types import Question
from footnote_qa.index.errors import IndexDamagedError
from footnote_qa.index.storage import PASSAGES, IndexDirectory
from tests.fakes.building import found, make_builder, specs, write_documents
from tests.fakes.embedder import HashEmbedder
from tests.fakes.slack_bot_process import answered

SHARES = {"a": 0.75, "b": 0.25}


def received(n: int) -> Received:
    return Received(
        event_id=f"Ev{n}",
        team="T1",
        channel="C1",
        ts=f"{n}.0",
        thread_ts=f"{n}.0",
        user=f"U{n}",
        text=f"question {n} — ü?",
    )


class Opened:
    """A state with its spending and its index."""

    def __init__(self, folder: Path, target: Target | None, stack: ExitStack) -> None:
        spending = folder / "spend.sqlite" if target is None or isinstance(target, Path) else target
        self.store = stack.enter_context(QuestionRepository(target or folder / "state.sqlite"))
        self.answers = AnswerRepository(self.store.database)
        self.ledger = stack.enter_context(closing(Ledger(spending)))
        self.place = Place(
            state=self.store.database,
            spending=self.ledger.database,
            index=IndexDirectory(folder / "index"),
            answers=folder / "answers",
        )

    def facts(self) -> dict[str, Any]:
        """Return what a person would miss if it were lost."""
        return {
            "feedback": list(self.answers.feedback()),
            "answers": [self.answers.last_of(user, limit=9) for user in ("U1", "U2")],
            "handed over": count_open(self.store.database),
            "spent": self.ledger.spent_today(Scope.USER, "U1"),
            "turns": self.ledger.chosen(SHARES),
            "documents": {path.name: path.read_text() for path in self.place.answers.glob("*")},
            "found": found(self.place.index.root, "leave of an employee"),
        }


@contextmanager
def opened(folder: Path, target: Target | None = None) -> Iterator[Opened]:
    with ExitStack() as stack:
        yield Opened(folder, target, stack)


def fill(one: Opened, embedder: HashEmbedder, folder: Path) -> None:
    for n in (1, 2, 3):
        one.store.receive(received(n))
    for _ in range(2):
        claimed = one.store.claim("us")
        assert claimed is not None
        answer = answered(Question(text=claimed.received.text))
        one.answers.keep(claimed.id, claimed.received, claimed.received.text, answer)
        one.store.finish(claimed.id, Outcome.POSTED, "9.0")
        one.answers.rate(claimed.id, "U9", Rating.DOWN)
        one.answers.explain(claimed.id, "U9", reason="wrong", comment="Ünd doch")
    answer_id = one.answers.last_of("U2", limit=1)[0].id
    open_for(one.store.database, answer_id, helper="U8", asked_by="U2")
    one.ledger.choose(SHARES, "thread")
    one.ledger.record(
        Request(
            provider="a",
            purpose="answer",
            reason="",
            ms=1.5,
            input_tokens=1,
            output_tokens=2,
            cost_usd=Decimal("0.125"),
            user="U1",
        )
    )
    one.place.answers.mkdir()
    (one.place.answers / "approved.md").write_text("# Where?\n\nHere.\n")
    make_builder(folder, embedder).build(specs(write_documents(folder / "docs")))


def test_after_backup_wipe_and_restore_everything_is_there_again(
    target: Target, tmp_path: Path, embedder: HashEmbedder
) -> None:
    file, folder = tmp_path / "kept" / "backup.tar.gz", tmp_path / "data"
    folder.mkdir()
    with opened(folder, target) as one:
        fill(one, embedder, folder)
        before = one.facts()
        write_backup(one.place, file)

        shutil.rmtree(folder / "index")
        shutil.rmtree(folder / "answers")
        one.answers.prune(keep_days=-1)
        one.ledger.forget_user("U1")
        wiped = one.answers.last_of("U1", limit=9)
        restore_backup(file, one.place, force=True)
        after = one.facts()

    assert wiped == []
    assert len(before["feedback"]) == 2
    assert after == before


def test_a_state_moves_from_a_file_to_postgresql_and_back(
    postgres_target: Target, tmp_path: Path, embedder: HashEmbedder
) -> None:
    file, back = tmp_path / "one.tar.gz", tmp_path / "two.tar.gz"
    folders = [tmp_path / name for name in ("first", "second", "third")]
    for folder in folders:
        folder.mkdir()
    with (
        opened(folders[0]) as first,
        opened(folders[1], postgres_target) as second,
        opened(folders[2]) as third,
    ):
        fill(first, embedder, folders[0])
        write_backup(first.place, file)
        restore_backup(file, second.place)
        write_backup(second.place, back)
        restore_backup(back, third.place)
        facts = [one.facts() for one in (first, second, third)]
        is_new = [one.store.receive(received(1)) for one in (second, third)]
        further = [one.store.receive(received(7)) for one in (second, third)]
        next_ones = [one.store.claim("us") for one in (second, third)]

    assert facts[1] == facts[0]
    assert facts[2] == facts[0]
    assert (is_new, further) == ([False] * 2, [True] * 2)
    assert [one.received.ts for one in next_ones if one] == ["3.0"] * 2


def test_a_question_without_an_outcome_is_looked_for_before_it_is_answered_again(
    target: Target, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar.gz"
    with opened(tmp_path, target) as one:
        one.store.receive(received(1))
        one.store.claim("us")
        write_backup(one.place, file)
        restore_backup(file, one.place, force=True)
        claimed = one.store.claim("us")

    assert claimed is not None
    assert claimed.maybe_posted


def test_a_state_that_is_not_empty_is_only_replaced_by_force(
    target: Target, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar.gz"
    with opened(tmp_path, target) as one:
        write_backup(one.place, file)
        one.store.receive(received(1))

        with pytest.raises(StoreError, match=r"1 questions.*--force"):
            restore_backup(file, one.place)
        kept = len(one.store.unfinished())
        restore_backup(file, one.place, force=True)

        assert (kept, one.store.unfinished()) == (1, [])


def test_a_backup_of_a_running_bot_is_of_one_moment(target: Target, tmp_path: Path) -> None:
    with opened(tmp_path, target) as one:
        one.store.receive(received(1))
        with one.store.database.snapshot() as sql:
            before = sql.execute("SELECT count(*) FROM question").fetchone()[0]
            one.store.receive(received(2))
            after = sql.execute("SELECT count(*) FROM question").fetchone()[0]

    assert (before, after) == (1, 1)


@pytest.mark.parametrize("damage", ["cut off", "no backup", "another file", "newer"])
def test_a_file_that_is_no_complete_backup_changes_nothing(
    tmp_path: Path, embedder: HashEmbedder, damage: str
) -> None:
    file = tmp_path / "backup.tar.gz"
    with opened(tmp_path) as one:
        fill(one, embedder, tmp_path)
        before = one.facts()
        write_backup(one.place, file)
        if damage == "cut off":
            file.write_bytes(file.read_bytes()[:-2000])
        elif damage == "no backup":
            file.unlink()
        elif damage == "another file":
            file.write_text("not a backup")
        else:
            repack(file, "BACKUP.json", lambda text: text.replace(b'"state": ', b'"state": 9'))

        with pytest.raises(StoreError, match="backup"):
            restore_backup(file, one.place, force=True)

        assert one.facts() == before


def test_an_index_damaged_in_the_backup_is_not_put_into_use(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    file = tmp_path / "backup.tar.gz"
    with opened(tmp_path) as one:
        fill(one, embedder, tmp_path)
        before = one.facts()
        write_backup(one.place, file)
        repack(file, f"index/gen-000001/{PASSAGES}", lambda content: content[:-1] + b"x")

        with pytest.raises(IndexDamagedError, match="damaged"):
            restore_backup(file, one.place, force=True)

        assert one.facts() == before


def test_another_generation_of_the_same_name_is_kept(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    file, folder = tmp_path / "backup.tar.gz", tmp_path / "other"
    with opened(tmp_path) as one:
        fill(one, embedder, tmp_path)
        write_backup(one.place, file)
        expected = one.facts()["found"]
    write_documents(folder / "docs")
    (folder / "docs" / "leave.md").write_text("# Other\n\nNothing.\n")
    make_builder(folder, embedder).build(specs(folder / "docs"))

    with opened(folder) as two:
        restore_backup(file, two.place)
        directory = two.place.index

    assert directory.names() == ["gen-000001", "gen-000002"]
    assert directory.current() == "gen-000002"
    assert found(directory.root, "leave of an employee") == expected


def repack(file: Path, name: str, change: Any) -> None:
    """Change one file in an archive."""
    folder = file.with_suffix(".unpacked")
    shutil.unpack_archive(file, folder, "gztar")
    path = folder / name
    path.chmod(0o600)
    path.write_bytes(change(path.read_bytes()))
    with tarfile.open(file, "w:gz") as tar:
        for each in sorted(folder.iterdir()):
            tar.add(each, each.name)


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "link"])
def test_nothing_of_a_backup_is_written_elsewhere(
    tmp_path: Path, embedder: HashEmbedder, name: str
) -> None:
    file = tmp_path / "backup.tar.gz"
    member = tarfile.TarInfo(name)
    if name == "link":
        member.type, member.linkname = tarfile.SYMTYPE, str(tmp_path)
    with tarfile.open(file, "w:gz") as tar:
        tar.addfile(member)
    with opened(tmp_path) as one:
        fill(one, embedder, tmp_path)
        before = one.facts()

        with pytest.raises(StoreError, match="does not belong"):
            restore_backup(file, one.place, force=True)

        assert one.facts() == before
    assert not list(tmp_path.rglob("outside"))
