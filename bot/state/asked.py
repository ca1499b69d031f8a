"""A light row for each answer, and the vector of its question, for an overview of what is asked."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from footnote_qa.bot.database import Database, Sql, retried
from footnote_qa.index.types import Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRow:
    """A question, how it ended, and how it was rated.

    Attributes:
        id: Of the question.
        place: "web", "api" or "slack".
        user: Who asked; it only serves to count people.
        status: How it ended.
        ms: How long the answer took.
        at: When it was answered, in seconds since the epoch.
        rating: "down" if somebody found it unhelpful, "up" if somebody found it helpful, or "".
    """

    id: str
    place: str
    user: str
    question: str
    status: str
    answerer: str
    ms: float
    at: float
    rating: str

    @property
    def is_gap(self) -> bool:
        """Whether the documents did not answer it."""
        return self.status in {"not_found", "unsupported"}


class AskedRepository:
    """The rows in the database; every method may be called from any thread.

    They are made from the answers, whose records are large, and are erased together with them.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @retried
    def catch_up(self) -> int:
        """Add rows for new answers, and replace those of changed ones; return how many."""
        fields = {name: self.database.text_in_json("a.record", name) for name in _FIELDS}
        with self.database.transaction(lock="asked") as sql:
            done = sql.execute(
                'INSERT INTO asked (question_id, team, channel, "user", question, status,'
                " answerer, ms, at)"
                ' SELECT a.question_id, a.team, a.channel, a."user", a.question,'
                f" {fields['status']}, {fields['answerer']}, CAST({fields['ms']} AS REAL), a.at"
                " FROM answer AS a LEFT JOIN asked AS k ON k.question_id = a.question_id"
                " WHERE k.question_id IS NULL OR k.at != a.at"
                " ON CONFLICT (question_id) DO UPDATE SET question = excluded.question,"
                " status = excluded.status, answerer = excluded.answerer, ms = excluded.ms,"
                " at = excluded.at, model = '', vector = ''"
            )
            return int(done.rowcount)

    @retried
    def rows(self, *, since: float) -> list[AskedRow]:
        """Return the rows since a time, in seconds since the epoch, newest first."""
        with self.database.sql() as sql:
            found = sql.execute(
                'SELECT k.question_id, k.team, k.channel, k."user", k.question, k.status,'
                " k.answerer, k.ms, k.at, min(f.rating) AS rating"  # "down" is before "up"
                " FROM asked AS k LEFT JOIN feedback AS f ON f.question_id = k.question_id"
                ' WHERE k.at >= :since GROUP BY k.question_id, k.team, k.channel, k."user",'
                " k.question, k.status, k.answerer, k.ms, k.at ORDER BY k.at DESC, k.question_id",
                {"since": since},
            ).fetchall()
        return [
            AskedRow(
                id=row["question_id"],
                place=_place(row["team"], row["channel"]),
                user=row["user"],
                question=row["question"],
                status=row["status"],
                answerer=row["answerer"],
                ms=row["ms"],
                at=row["at"],
                rating=row["rating"] or "",
            )
            for row in found
        ]

    @retried
    def without_vector(self, model: str, *, limit: int) -> dict[str, str]:
        """Return questions that were not answered and have no vector of *model*, by their ids."""
        with self.database.sql() as sql:
            found = sql.execute(
                "SELECT question_id, question FROM asked WHERE model != :model"
                " AND status IN ('not_found', 'unsupported') ORDER BY at DESC LIMIT :limit",
                {"model": model, "limit": limit},
            ).fetchall()
        return {row["question_id"]: row["question"] for row in found}

    @retried
    def note_vectors(self, model: str, vectors: Mapping[str, Vectors]) -> None:
        """Store the vectors of questions, by their ids."""
        with self.database.transaction() as sql:
            for id_, vector in vectors.items():
                _note_vector(sql, id_, model=model, vector=vector)

    @retried
    def vectors(self, model: str) -> dict[str, Vectors]:
        """Return the vectors of *model*, by the ids of their questions."""
        with self.database.sql() as sql:
            found = sql.execute(
                "SELECT question_id, vector FROM asked WHERE model = :model", {"model": model}
            ).fetchall()
        return {row["question_id"]: _read_vector(row["vector"]) for row in found}


_FIELDS: Sequence[str] = ("status", "answerer", "ms")


def _note_vector(sql: Sql, id_: str, *, model: str, vector: Vectors) -> None:
    text = base64.b64encode(vector.astype("<f4").tobytes()).decode()
    sql.execute(
        "UPDATE asked SET model = :model, vector = :vector WHERE question_id = :id",
        {"id": id_, "model": model, "vector": text},
    )


def _read_vector(text: str) -> Vectors:
    return np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32, copy=False)


def _place(team: str, channel: str) -> str:
    if team != "web":
        return "slack"
    return "api" if channel.startswith("api:") else "web"
