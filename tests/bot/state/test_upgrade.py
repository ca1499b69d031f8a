"""A state that the version before this one wrote."""

import shutil
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from footnote_qa.bot.database import open_database
from footnote_qa.bot.llm.ledger import Ledger, Scope
from footnote_qa.bot.llm.ledger_schema import SCHEMA as SPENDING
from footnote_qa.bot.state import (
    AnswerRepository,
    ChannelRepository,
    ChannelRules,
    QuestionRepository,
    count_open,
)

FILES = Path(__file__).parent / "files"


def test_a_state_file_of_the_version_before_is_taken_over_with_everything_in_it(
    tmp_path: Path,
) -> None:
    path = Path(shutil.copy(FILES / "state-of-version-3.sqlite", tmp_path))

    with QuestionRepository(path) as store:
        answers = AnswerRepository(store.database)
        (feedback,) = answers.feedback()
        posting, waiting = store.unfinished()
        channels = ChannelRepository(store.database, team="T1", configured={})
        rules, quiet = channels.rules("C1"), channels.is_quiet("C1", "5.0")
        handed_over = count_open(store.database)
        with store.database.sql() as sql:
            approved = sql.execute("SELECT author, approver FROM approved").fetchone()
        store.receive(posting.received)
        taken = store.claim("new")

    assert feedback["comment"] == "It is two euros."
    assert feedback["answer"] == "Answer 1 [1]."
    assert (posting.received.text, posting.maybe_posted, posting.parts) == (
        *("question 2?", True),
        ("9.2",),
    )
    assert (waiting.received.kind, waiting.received.is_open) == ("direct", True)
    assert (rules, quiet) == (
        ChannelRules(follow_ups=True, helper="U8", language="German"),
        True,
    )
    assert handed_over == 1
    assert tuple(approved) == ("U3", "U9")
    assert taken is not None
    assert taken.id == posting.id


def test_spending_of_the_version_before_still_counts(tmp_path: Path) -> None:
    path = Path(shutil.copy(FILES / "spend-of-version-0.sqlite", tmp_path))

    with closing(Ledger(path, now=lambda: 1_790_000_000.0)) as ledger:
        spent = ledger.spent_today(Scope.USER, "U1")
        chosen = ledger.chosen({"a": 0.75, "b": 0.25})
        kept = ledger.choose({"a": 0.75, "b": 0.25}, "T1:1.0")

    assert spent == Decimal("0.25")
    assert chosen == {"a": 2, "b": 0}
    assert kept == "a"


def test_an_upgraded_file_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    old = Path(shutil.copy(FILES / "spend-of-version-0.sqlite", tmp_path))
    tables = []

    for path in (old, tmp_path / "new.sqlite"):
        with closing(open_database(path, SPENDING)) as database, database.sql() as sql:
            names = sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            tables.append({row[0]: sorted(database.columns(sql, row[0])) for row in names})

    assert tables[0] == tables[1]
