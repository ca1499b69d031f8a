"""Queue of questions from arrival to outcome, stored so that it survives a crash."""

import json
from dataclasses import asdict
from uuid import uuid4

from footnote_qa.bot.database import retried
from footnote_qa.bot.state.leases import Leases, as_claimed
from footnote_qa.bot.state.question_values import Claimed, Kind, Outcome, Received, Withdrawn

__all__ = ["Claimed", "Kind", "Outcome", "QuestionRepository", "Received", "Withdrawn"]


class QuestionRepository(Leases):
    """The questions; every method may be called from any thread, and by any number of processes.

    While a PostgreSQL server cannot be reached, methods wait for it, except `claim`, `renew` and
    `waiting`, which raise `StoreUnavailableError`.
    """

    def receive(self, received: Received, *, max_waiting: int | None = None) -> bool:
        """Store a question; when this returns, it survives a crash.

        Args:
            received: The question.
            max_waiting: If this many are waiting, this one is only stored to be turned away.

        Returns:
            False for a duplicate: its event or its message is known.
        """
        return self._receive(uuid4().hex[:16], received, max_waiting)

    @retried
    def _receive(self, question_id: str, received: Received, max_waiting: int | None) -> bool:
        values = asdict(received) | {
            "id": question_id,
            "is_open": int(received.is_open),
            "max_waiting": max_waiting,
            "now": self._now(),
        }
        # One after the other: else two processes could each take the last free place, and the
        # order of the numbers would not be the order in which others see them.
        with self.database.transaction(lock="receive") as sql:
            done = sql.execute(
                'INSERT INTO question (id, event_id, team, channel, ts, thread_ts, "user", text,'
                " kind, response_url, is_open, received_at, turned_away)"
                " SELECT :id, :event_id, :team, :channel, :ts, :thread_ts, :user, :text,"
                f" :kind, :response_url, :is_open, {self._clock},"
                " CASE WHEN :max_waiting <= (SELECT count(*) FROM question"
                "  WHERE state = 'waiting' AND turned_away = 0) THEN 1 ELSE 0 END"
                " WHERE true ON CONFLICT DO NOTHING",
                values,
            )
            if done.rowcount == 1:
                self.database.notify(sql)
                return True
            # If the connection broke after an earlier try was committed, the question is ours.
            own = sql.execute("SELECT 1 FROM question WHERE id = :id", {"id": question_id})
            return own.fetchone() is not None

    @retried
    def note_part(self, question_id: str, ts: str) -> None:
        """Note a message that shows, or will show, the answer; it can be changed from now on."""
        with self.database.transaction() as sql:
            row = sql.execute(
                f"SELECT parts FROM question WHERE id = :id{self.database.for_update}",
                {"id": question_id},
            ).fetchone()
            parts = [] if row is None else json.loads(row["parts"])
            if ts not in parts:
                sql.execute(
                    "UPDATE question SET parts = :parts WHERE id = :id",
                    {"parts": json.dumps([*parts, ts]), "id": question_id},
                )

    @retried
    def finish(
        self,
        question_id: str,
        outcome: Outcome,
        posted_ts: str | None = None,
        *,
        keep_words: bool = False,
    ) -> bool:
        """Note how a question ended, and erase its text.

        Args:
            question_id: The question.
            outcome: How it ended.
            posted_ts: Time stamp of the message that says so.
            keep_words: Keep its text as long as an answer, so that it can be asked again.

        Returns:
            False if it had already ended: it was withdrawn, or another process ended it.
        """
        with self.database.sql() as sql:
            done = sql.execute(
                "UPDATE question SET state = 'done', outcome = :outcome, posted_ts = :posted_ts,"
                " text = CASE :keep_words WHEN 1 THEN text ELSE '' END, response_url = ''"
                " WHERE id = :id AND state != 'done'",
                {
                    "outcome": outcome.value,
                    "posted_ts": posted_ts,
                    "keep_words": int(keep_words),
                    "id": question_id,
                },
            )
            return done.rowcount == 1

    @retried
    def outcome(self, question_id: str) -> Outcome | None:
        """Return how a question ended; None if it has not ended or is not known."""
        with self.database.sql() as sql:
            row = sql.execute(
                "SELECT outcome FROM question WHERE id = :id", {"id": question_id}
            ).fetchone()
        return None if row is None or row[0] is None else Outcome(row[0])

    @retried
    def settle(self, question_id: str, seen_ts: str) -> str | None:
        """Note that an answer that was thought missing is in Slack after all, at *seen_ts*.

        Returns:
            Time stamp of the note that said it may be missing; None if there was no doubt.
        """
        with self.database.transaction() as sql:
            row = sql.execute(
                "SELECT posted_ts FROM question WHERE id = :id AND outcome = 'uncertain'"
                f" AND posted_ts != :seen_ts{self.database.for_update}",
                {"id": question_id, "seen_ts": seen_ts},
            ).fetchone()
            if row is None:
                return None
            sql.execute(
                "UPDATE question SET outcome = 'posted', posted_ts = :seen_ts, text = ''"
                " WHERE id = :id",
                {"id": question_id, "seen_ts": seen_ts},
            )
        return str(row[0])

    @retried
    def words(self, question_id: str) -> Received | None:
        """Return an ended question that may be asked again; None if its text has been erased."""
        with self.database.sql() as sql:
            row = sql.execute(
                "SELECT * FROM question WHERE id = :id AND text != ''", {"id": question_id}
            ).fetchone()
        return None if row is None else as_claimed(row).received

    @retried
    def revise(self, team: str, channel: str, ts: str, *, text: str) -> bool:
        """Replace the text of a question that is still waiting; return whether it was waiting."""
        with self.database.sql() as sql:
            done = sql.execute(
                "UPDATE question SET text = :text WHERE team = :team AND channel = :channel"
                " AND ts = :ts AND state = 'waiting'",
                {"text": text, "team": team, "channel": channel, "ts": ts},
            )
            return done.rowcount == 1

    @retried
    def withdraw(self, team: str, channel: str, ts: str) -> Withdrawn | None:
        """Withdraw the question in a message; None if it has none.

        From now on nobody may begin to post for it.
        """
        with self.database.transaction() as sql:
            row = sql.execute(
                "SELECT * FROM question WHERE team = :team AND channel = :channel AND ts = :ts"
                f"{self.database.for_update}",
                {"team": team, "channel": channel, "ts": ts},
            ).fetchone()
            if row is None:
                return None
            sql.execute(
                "UPDATE question SET state = 'done', outcome = 'withdrawn', text = '',"
                " response_url = '' WHERE id = :id",
                {"id": row["id"]},
            )
        messages = [*json.loads(row["parts"]), *([row["posted_ts"]] if row["posted_ts"] else [])]
        return Withdrawn(
            id=row["id"],
            thread_ts=row["thread_ts"],
            # When it is withdrawn again, its owner may still be cleaning up.
            posting=row["state"] == "posting" or row["outcome"] == Outcome.WITHDRAWN,
            messages=tuple(dict.fromkeys(messages)),
        )

    @retried
    def in_thread(self, team: str, channel: str, thread_ts: str) -> list[str]:
        """Return the ids of the unfinished questions in a thread."""
        with self.database.sql() as sql:
            rows = sql.execute(
                "SELECT id FROM question WHERE team = :team AND channel = :channel"
                " AND thread_ts = :thread_ts AND state != 'done' ORDER BY seq",
                {"team": team, "channel": channel, "thread_ts": thread_ts},
            )
            return [row[0] for row in rows.fetchall()]

    @retried
    def last_asker(self, team: str, channel: str, thread_ts: str) -> str | None:
        """Return who asked last in a thread; None if nobody did."""
        with self.database.sql() as sql:
            row = sql.execute(
                'SELECT "user" FROM question WHERE team = :team AND channel = :channel'
                " AND thread_ts = :thread_ts ORDER BY seq DESC LIMIT 1",
                {"team": team, "channel": channel, "thread_ts": thread_ts},
            ).fetchone()
        return None if row is None else row[0]

    def waiting(self) -> int:
        """Return how many questions nobody has taken yet."""
        with self.database.sql() as sql:
            row = sql.execute("SELECT count(*) FROM question WHERE state = 'waiting'").fetchone()
        return int(row[0])

    @retried
    def unfinished(self) -> list[Claimed]:
        """Return the unfinished questions, oldest first."""
        with self.database.sql() as sql:
            rows = sql.execute("SELECT * FROM question WHERE state != 'done' ORDER BY seq")
            return [as_claimed(row) for row in rows.fetchall()]
