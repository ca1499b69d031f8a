"""Leases: which process works on which question, so that each has one owner at a time."""

import json
import time
from collections.abc import Callable, Collection
from typing import Final, Self

from footnote_qa.bot.database import Row, Sql, Target, retried
from footnote_qa.bot.state.database import open_state
from footnote_qa.bot.state.question_values import Claimed, Kind, Received

LEASE_S: Final = 30.0
"""How long a question stays with an owner that gives no sign of life."""


class Leases:
    """Hands out questions to processes.

    Args:
        target: A file, or the URL of a PostgreSQL database.
        lease_s: How long a question stays with an owner that gives no sign of life.
        now: Seconds since the epoch; None takes the clock that all processes share.
    """

    def __init__(
        self,
        target: Target,
        *,
        lease_s: float = LEASE_S,
        now: Callable[[], float] | None = None,
    ) -> None:
        self.lease_s = lease_s
        self._now = now or time.time
        self.database = open_state(target)
        # Leases are compared by one clock, however the clocks of the machines differ.
        self._clock = ":now" if now or not self.database.clock else self.database.clock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def claim(
        self, owner: str, *, turned_away: bool = False, max_per_user: int | None = None
    ) -> Claimed | None:
        """Take the oldest question that nobody is working on, only one at a time per thread.

        If this raises, it is unknown whether one was taken: call `release` with `keep`.

        Args:
            owner: Who claims.
            turned_away: Take one that is to be turned away; these wait for no other.
            max_per_user: Skip people who have this many questions in work already.

        Returns:
            None if there is nothing to do.
        """
        values: dict[str, object] = {
            "owner": owner,
            "now": self._now(),
            "lease_s": self.lease_s,
            "takes_over": int(self._takes_over()),
            "turned_away": int(turned_away),
            "max_per_user": max_per_user,
        }
        busy: list[str] = []
        while True:
            with self.database.transaction() as sql:
                row = self._next(sql, values, busy)
                if row is None:
                    return None
                if self._may_take(sql, row, values):
                    taken = sql.execute(
                        f"UPDATE question SET owner = :owner, lease_until = {self._clock} +"
                        " :lease_s, attempts = attempts + 1,"
                        " state = CASE state WHEN 'waiting' THEN 'working' ELSE state END"
                        " WHERE seq = :seq RETURNING *",
                        values | {"seq": row["seq"]},
                    )
                    return as_claimed(taken.fetchone())
            busy.append(row["user"])  # another process was faster

    def _takes_over(self) -> bool:
        """Return whether a lease that is over says that its owner is gone.

        In an outage nobody could renew theirs: after it, owners get the time of a lease to do so.
        """
        database = self.database
        return not database.outage_s() and database.recovered_s() >= self.lease_s

    def _next(self, sql: Sql, values: dict[str, object], busy: Collection[str]) -> Row | None:
        names = {f"busy{n}": user for n, user in enumerate(busy)}
        skipped = f' AND q."user" NOT IN ({", ".join(f":{name}" for name in names)})'
        return sql.execute(
            'SELECT q.seq, q."user" FROM question AS q'
            " WHERE q.state != 'done' AND (q.lease_until = 0"
            f"   OR (:takes_over = 1 AND q.lease_until <= {self._clock}))"
            "  AND q.turned_away = :turned_away"
            # A clock that jumps must not do it twice.
            "  AND (q.owner != :owner OR q.lease_until = 0)"
            "  AND (q.turned_away = 1 OR NOT EXISTS (SELECT 1 FROM question AS earlier"
            "   WHERE earlier.state != 'done' AND earlier.turned_away = 0"
            "    AND earlier.team = q.team AND earlier.channel = q.channel"
            "    AND earlier.thread_ts = q.thread_ts AND earlier.seq < q.seq))"
            "  AND (q.turned_away = 1 OR :max_per_user IS NULL"
            f"   OR :max_per_user > ({self._in_work('q')}))"
            f"{skipped if names else ''} ORDER BY q.seq LIMIT 1{self.database.skip_locked}",
            values | names,
        ).fetchone()

    def _in_work(self, one: str) -> str:
        """Return a query that counts what the person of row *one* has in work."""
        return (
            "SELECT count(*) FROM question AS other WHERE other.state != 'done'"
            f' AND other."user" = {one}."user" AND (other.lease_until > {self._clock}'
            "   OR (:takes_over = 0 AND other.lease_until > 0))"
        )

    def _may_take(self, sql: Sql, row: Row, values: dict[str, object]) -> bool:
        """Return whether the person of *row* still has room, and let nobody else fill it."""
        if values["max_per_user"] is None or values["turned_away"]:
            return True
        self.database.lock(sql, f"user {row['user']}")
        count = sql.execute(
            f"SELECT ({self._in_work('q')}) FROM question AS q WHERE q.seq = :seq",
            values | {"seq": row["seq"]},
        ).fetchone()[0]
        return bool(count < values["max_per_user"])

    def renew(self, owner: str) -> None:
        """Note that *owner* is alive: it keeps its questions."""
        with self.database.sql() as sql:
            sql.execute(
                f"UPDATE question SET lease_until = {self._clock} + :lease_s"
                " WHERE owner = :owner AND state != 'done' AND lease_until > 0",
                {"now": self._now(), "lease_s": self.lease_s, "owner": owner},
            )

    @retried
    def release(
        self, owner: str, question_id: str | None = None, *, keep: Collection[str] = ()
    ) -> None:
        """Release the unfinished questions of *owner*, or one of them, for others to claim.

        Args:
            owner: Who had claimed them.
            question_id: The one to release; None releases all.
            keep: Questions that *owner* is working on, which are not released.
        """
        names = {f"keep{n}": kept for n, kept in enumerate(keep)}
        kept = f" AND id NOT IN ({', '.join(f':{name}' for name in names)})" if names else ""
        with self.database.transaction() as sql:
            done = sql.execute(
                "UPDATE question SET lease_until = 0 WHERE owner = :owner AND state != 'done'"
                f" AND lease_until > 0 AND id = coalesce(:id, id){kept}",
                {"owner": owner, "id": question_id, **names},
            )
            if done.rowcount:
                self.database.notify(sql)

    @retried
    def begin_posting(self, question_id: str, owner: str) -> bool:
        """Note, before anything is sent, that the answer may be in Slack from now on.

        Returns:
            False if the question no longer belongs to *owner*: then nothing may be sent.
        """
        with self.database.sql() as sql:
            done = sql.execute(
                "UPDATE question SET state = 'posting',"
                f" lease_until = {self._clock} + :lease_s"
                " WHERE id = :id AND owner = :owner AND state != 'done' AND lease_until > 0",
                {
                    "now": self._now(),
                    "lease_s": self.lease_s,
                    "id": question_id,
                    "owner": owner,
                },
            )
            return done.rowcount == 1

    @retried
    def retract(self, question_id: str, owner: str) -> None:
        """Note that the message that was begun is certainly not in Slack."""
        with self.database.sql() as sql:
            sql.execute(
                "UPDATE question SET state = 'working'"
                " WHERE id = :id AND owner = :owner AND state = 'posting'",
                {"id": question_id, "owner": owner},
            )


def as_claimed(row: Row) -> Claimed:
    """Return the question in a row of the table."""
    return Claimed(
        id=row["id"],
        received=Received(
            event_id=row["event_id"],
            team=row["team"],
            channel=row["channel"],
            ts=row["ts"],
            thread_ts=row["thread_ts"],
            user=row["user"],
            text=row["text"],
            kind=Kind(row["kind"]),
            response_url=row["response_url"],
            is_open=bool(row["is_open"]),
        ),
        received_at=row["received_at"],
        attempts=row["attempts"],
        turned_away=bool(row["turned_away"]),
        maybe_posted=row["state"] == "posting",
        parts=tuple(json.loads(row["parts"])),
    )
