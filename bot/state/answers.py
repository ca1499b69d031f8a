"""Stored answers and feedback, erased after a while."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pydantic import TypeAdapter

from footnote_qa.bot.database import Database, Row, retried
from footnote_qa.bot.state.questions import Received
from footnote_qa.bot.types import Answer, Turn

HISTORY: Final = 6
DAY_S: Final = 86_400.0
DUPLICATES_DAYS: Final = 2.0
"""Shortest time to keep the keys of a question; Slack may deliver it again for hours."""

_ANSWER: Final = TypeAdapter(Answer)


class Rating(StrEnum):
    """A person's rating of an answer."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """A question with its answer.

    Attributes:
        id: Id of the question.
        thread_ts: Time stamp of the first message of its thread.
        user: Who asked.
        question: As it was understood.
        at: When it was answered, in seconds since the epoch.
        is_shared: Whether the person who asked has shown it to others.
    """

    id: str
    team: str
    channel: str
    thread_ts: str
    user: str
    question: str
    answer: Answer
    at: float
    is_shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How much data of one person was erased."""

    questions: int
    answers: int
    feedback: int


class AnswerRepository:
    """Answers and feedback in the database; every method may be called from any thread."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self.database = database
        self._now = now

    @retried
    def keep(self, question_id: str, received: Received, question: str, answer: Answer) -> None:  # noqa: PLR0917 the four parts of a record
        """Store an answer with its question; it replaces an earlier one to the same question."""
        values = {
            "id": question_id,
            "team": received.team,
            "channel": received.channel,
            "thread_ts": received.thread_ts,
            "user": received.user,
            "question": question,
            "record": _ANSWER.dump_json(answer).decode(),
            "at": self._now(),
        }
        with self.database.sql() as sql:
            # A question that was withdrawn meanwhile leaves nothing behind.
            sql.execute(
                "INSERT INTO answer"
                ' (question_id, team, channel, thread_ts, "user", question, record, at)'
                " SELECT :id, :team, :channel, :thread_ts, :user, :question, :record, :at"
                " WHERE NOT EXISTS (SELECT 1 FROM question WHERE id = :id AND state = 'done')"
                " ON CONFLICT (question_id) DO UPDATE SET team = excluded.team,"
                " channel = excluded.channel, thread_ts = excluded.thread_ts,"
                ' "user" = excluded."user", question = excluded.question,'
                " record = excluded.record, at = excluded.at, shared_at = NULL",
                values,
            )

    def kept(self, question_id: str) -> StoredAnswer | None:
        """Return an answer; None if it was never stored, or has been erased."""
        found = self._some("question_id = :id", {"id": question_id}, limit=1)
        return found[0] if found else None

    def turns(self, received: Received, *, limit: int) -> tuple[Turn, ...]:
        """Return the earlier questions and answers of a thread, oldest first."""
        place = {
            "team": received.team,
            "channel": received.channel,
            "thread_ts": received.thread_ts,
        }
        earlier = self._some(_IN_THREAD, place, limit=limit)
        turns: list[Turn] = []
        for kept in reversed(earlier):
            said = kept.answer.text or kept.answer.message
            turns += [
                Turn(role="user", text=kept.question),
                Turn(role="assistant", text=said, answer=kept.answer),
            ]
        return tuple(turns)

    def last_of(self, user: str, *, limit: int) -> list[StoredAnswer]:
        """Return a person's last questions, newest first."""
        return self._some('"user" = :user', {"user": user}, limit=limit)

    def of_person(self, received: Received, *, limit: int) -> list[StoredAnswer]:
        """Return the last questions of a person in one place, newest first."""
        place = {"team": received.team, "channel": received.channel, "user": received.user}
        return self._some(
            'team = :team AND channel = :channel AND "user" = :user', place, limit=limit
        )

    def in_thread(self, received: Received, *, limit: int) -> list[StoredAnswer]:
        """Return the last questions of a thread, newest first."""
        place = {
            "team": received.team,
            "channel": received.channel,
            "thread_ts": received.thread_ts,
        }
        return self._some(_IN_THREAD, place, limit=limit)

    def unanswered(self, *, limit: int) -> list[StoredAnswer]:
        """Return the last questions without an answer, or with an unhelpful one, newest first."""
        status = self.database.text_in_json("record", "status")
        return self._some(
            f"({status} != 'answered' OR question_id IN"
            " (SELECT question_id FROM feedback WHERE rating = 'down'))",
            {},
            limit=limit,
        )

    @retried
    def share(self, question_id: str, *, taken_back: bool = False) -> bool:
        """Note that a private answer is shown to everyone; return whether this is a change."""
        with self.database.sql() as sql:
            is_change = "shared_at IS NOT NULL" if taken_back else "shared_at IS NULL"
            done = sql.execute(
                f"UPDATE answer SET shared_at = :at WHERE question_id = :id AND {is_change}",
                {"at": None if taken_back else self._now(), "id": question_id},
            )
            return done.rowcount == 1

    @retried
    def rate(self, question_id: str, user: str, rating: Rating) -> None:
        """Store a person's rating of an answer; it replaces an earlier one."""
        with self.database.sql() as sql:
            sql.execute(
                'INSERT INTO feedback (question_id, "user", rating, at)'
                " SELECT :id, :user, :rating, :at WHERE EXISTS"
                "  (SELECT 1 FROM answer WHERE question_id = :id)"
                ' ON CONFLICT (question_id, "user") DO UPDATE'
                " SET rating = excluded.rating, reason = '', comment = '', at = excluded.at"
                " WHERE feedback.rating != excluded.rating",
                {"id": question_id, "user": user, "rating": rating.value, "at": self._now()},
            )

    @retried
    def explain(self, question_id: str, user: str, *, reason: str, comment: str) -> None:
        """Store the reason for a person's rating of an answer."""
        with self.database.sql() as sql:
            sql.execute(
                "UPDATE feedback SET reason = :reason, comment = :comment"
                ' WHERE question_id = :id AND "user" = :user',
                {"reason": reason, "comment": comment, "id": question_id, "user": user},
            )

    def feedback(self) -> Iterator[dict[str, object]]:
        """Yield each piece of feedback with its answer, oldest first."""
        with self.database.sql() as sql:
            rows = sql.execute(
                "SELECT f.question_id, f.rating, f.reason, f.comment, f.at AS rated_at,"
                " a.team, a.channel, a.thread_ts, a.question, a.record, a.at AS asked_at"
                " FROM feedback AS f JOIN answer AS a ON a.question_id = f.question_id"
                ' ORDER BY f.at, f.question_id, f."user"'
            ).fetchall()
        for row in rows:
            answer = _ANSWER.validate_json(row["record"])
            yield {
                "id": row["question_id"],
                "question": row["question"],
                "status": answer.status.value,
                "answer": answer.text,
                "citations": [citation.to_json() for citation in answer.citations],
                "nearest": [
                    {"document": p.chunk.document, "start": p.chunk.start, "end": p.chunk.end}
                    for p in answer.nearest
                ],
                "history": self._before(row),
                "generation": answer.generation,
                "answerer": answer.answerer,
                "rating": row["rating"],
                "reason": row["reason"],
                "comment": row["comment"],
                "asked_at": _iso(row["asked_at"]),
                "at": _iso(row["rated_at"]),
            }

    def _before(self, row: Row) -> list[dict[str, str]]:
        """Return the messages in a thread before an answer, oldest first."""
        values = {name: row[name] for name in ("team", "channel", "thread_ts", "asked_at")}
        earlier = self._some(f"{_IN_THREAD} AND at < :asked_at", values, limit=HISTORY)
        return [
            {"role": role, "content": said}
            for kept in reversed(earlier)
            for role, said in (
                ("user", kept.question),
                ("assistant", kept.answer.text or kept.answer.message),
            )
        ]

    @retried
    def forget_question(self, question_id: str) -> None:
        """Erase an answer and its feedback."""
        with self.database.transaction() as sql:
            for table in ("answer", "feedback", "handoff", "asked"):
                sql.execute(
                    f"DELETE FROM {table} WHERE question_id = :id",
                    {"id": question_id},
                )

    @retried
    def forget_user(self, user: str) -> Forgotten:
        """Erase a person's questions, answers and feedback; waiting questions are withdrawn.

        The keys of the questions stay for a while, without the person's name, so that a question
        that Slack delivers again is still recognised.
        """
        theirs = 'question_id IN (SELECT question_id FROM answer WHERE "user" = :user)'
        values = {"user": user}
        with self.database.transaction() as sql:
            feedback = sql.execute(
                f'DELETE FROM feedback WHERE "user" = :user OR {theirs}',
                values,
            ).rowcount
            sql.execute(f"DELETE FROM handoff WHERE asked_by = :user OR {theirs}", values)
            sql.execute("DELETE FROM topic WHERE helper = :user", values)
            sql.execute("UPDATE approved SET approver_name = '' WHERE approver = :user", values)
            for table in ("asked", "web_session", "digest"):
                sql.execute(f'DELETE FROM {table} WHERE "user" = :user', values)
            answers = sql.execute('DELETE FROM answer WHERE "user" = :user', values).rowcount
            questions = sql.execute(
                "UPDATE question SET \"user\" = '', text = '', response_url = '', state = 'done',"
                " outcome = coalesce(outcome, 'withdrawn') WHERE \"user\" = :user",
                values,
            ).rowcount
            for table, column in _NAMES:
                sql.execute(f"UPDATE {table} SET {column} = '' WHERE {column} = :user", values)
        self.database.wipe(*_WITH_TEXTS)
        return Forgotten(questions=questions, answers=answers, feedback=feedback)

    @retried
    def prune(self, *, keep_days: float) -> int:
        """Erase everything older than *keep_days*; return how many answers were erased."""
        before = self._now() - keep_days * DAY_S
        keys_before = min(before, self._now() - DUPLICATES_DAYS * DAY_S)
        with self.database.transaction() as sql:
            pruned = sql.execute(
                "DELETE FROM answer WHERE at < :before", {"before": before}
            ).rowcount
            for table in ("feedback", "handoff", "asked"):
                sql.execute(
                    f"DELETE FROM {table} WHERE question_id NOT IN (SELECT question_id FROM answer)"
                )
            sql.execute("DELETE FROM quiet_thread WHERE at < :before", {"before": keys_before})
            sql.execute(
                "DELETE FROM question WHERE state = 'done' AND received_at < :before",
                {"before": keys_before},
            )
        if pruned:
            self.database.wipe(*_WITH_TEXTS)
        return pruned

    @retried
    def _some(
        self, condition: str, values: Mapping[str, object], *, limit: int
    ) -> list[StoredAnswer]:
        with self.database.sql() as sql:
            rows = sql.execute(
                f"SELECT * FROM answer WHERE {condition} ORDER BY at DESC LIMIT :limit",
                {**values, "limit": limit},
            ).fetchall()
        return [
            StoredAnswer(
                id=row["question_id"],
                team=row["team"],
                channel=row["channel"],
                thread_ts=row["thread_ts"],
                user=row["user"],
                question=row["question"],
                answer=_ANSWER.validate_json(row["record"]),
                at=row["at"],
                is_shared=row["shared_at"] is not None,
            )
            for row in rows
        ]


_IN_THREAD: Final = "team = :team AND channel = :channel AND thread_ts = :thread_ts"
_WITH_TEXTS: Final = ("question", "answer", "feedback", "asked")
_NAMES: Final = (
    ("handoff", "helper"),
    ("handoff", "closed_by"),
    ("approved", "author"),
    ("approved", "approver"),
    ("channel", "changed_by"),
    ("topic", "changed_by"),
)


def json_line(record: dict[str, object]) -> str:
    """Return a record as one line."""
    return json.dumps(record, ensure_ascii=False)


def _iso(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
