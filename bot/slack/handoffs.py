"""Which questions wait for a person."""

import time

from bot.database import Database


def open_for(database: Database, question_id: str, *, helper: str, asked_by: str) -> bool:
    """Note that *helper* is asked; returns False if somebody is asked already."""
    with database.sql() as sql:
        done = sql.execute(
            "INSERT INTO handoff (question_id, helper, asked_by, opened_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (question_id) DO NOTHING",
            (question_id, helper, asked_by, time.time()),
        )
        return done.rowcount == 1


def close(database: Database, question_id: str, *, by: str) -> bool:
    """Note that a question is settled; returns False if it was before."""
    with database.sql() as sql:
        done = sql.execute(
            "UPDATE handoff SET closed_at = ?, closed_by = ?"
            " WHERE question_id = ? AND closed_at IS NULL",
            (time.time(), by, question_id),
        )
        return done.rowcount == 1


def withdraw(database: Database, question_id: str) -> None:
    """Note that nobody could be asked."""
    with database.sql() as sql:
        sql.execute("DELETE FROM handoff WHERE question_id = ?", (question_id,))


def count_open(database: Database) -> int:
    """Return how many questions wait for a person."""
    with database.sql() as sql:
        row = sql.execute("SELECT count(*) FROM handoff WHERE closed_at IS NULL").fetchone()
    return int(row[0])
