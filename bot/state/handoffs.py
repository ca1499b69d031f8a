"""Questions that were handed to a person."""

import time

from footnote_qa.bot.database import Database


def open_for(database: Database, question_id: str, *, helper: str, asked_by: str) -> bool:
    """Note that *helper* is asked; return False if somebody has been asked already."""
    values = {"id": question_id, "helper": helper, "asked_by": asked_by, "at": time.time()}

    def note() -> bool:
        with database.sql() as sql:
            sql.execute(
                "INSERT INTO handoff (question_id, helper, asked_by, opened_at)"
                " VALUES (:id, :helper, :asked_by, :at) ON CONFLICT (question_id) DO NOTHING",
                values,
            )
            # If the connection broke after an earlier try was committed, the note is ours.
            row = sql.execute(
                "SELECT asked_by, opened_at FROM handoff WHERE question_id = :id", values
            ).fetchone()
            return row is not None and tuple(row) == (values["asked_by"], values["at"])

    return database.patiently(note)


def close(database: Database, question_id: str, *, by: str) -> bool:
    """Note that a question is settled; return False if it already was."""
    values = {"id": question_id, "by": by, "at": time.time()}

    def note() -> bool:
        with database.sql() as sql:
            done = sql.execute(
                "UPDATE handoff SET closed_at = :at, closed_by = :by"
                " WHERE question_id = :id AND closed_at IS NULL",
                values,
            )
            return done.rowcount == 1

    return database.patiently(note)


def withdraw(database: Database, question_id: str) -> None:
    """Note that nobody could be asked."""

    def note() -> None:
        with database.sql() as sql:
            sql.execute("DELETE FROM handoff WHERE question_id = :id", {"id": question_id})

    database.patiently(note)


def count_open(database: Database) -> int:
    """Return how many questions wait for a person."""
    with database.sql() as sql:
        row = sql.execute("SELECT count(*) FROM handoff WHERE closed_at IS NULL").fetchone()
    return int(row[0])
