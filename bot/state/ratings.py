"""Read how people rated an answer, and why."""

from footnote_qa.bot.database import Database
from footnote_qa.bot.state.answers import Rating


def rating_of(database: Database, question_id: str, user: str) -> Rating | None:
    """Return a person's rating of an answer; None if there is none."""
    with database.sql() as sql:
        row = sql.execute(
            'SELECT rating FROM feedback WHERE question_id = :id AND "user" = :user',
            {"id": question_id, "user": user},
        ).fetchone()
    return None if row is None else Rating(row["rating"])


def complaints_about(database: Database, question_id: str) -> list[str]:
    """Return why people found an answer unhelpful, in their words, oldest first."""
    with database.sql() as sql:
        rows = sql.execute(
            "SELECT reason, comment FROM feedback"
            " WHERE question_id = :id AND rating = 'down' ORDER BY at",
            {"id": question_id},
        ).fetchall()
    said = (": ".join(filter(None, (row["reason"], row["comment"]))) for row in rows)
    return [one for one in said if one]
