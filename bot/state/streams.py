"""How many streams all processes together have begun and have open, for Slack's rate limits."""

import time
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from footnote_qa.bot.database import Database

LONGEST_S: Final = 300.0
"""Slack ends a stream after this time, also that of a process that died."""


class StreamCounter:
    """Counts streams over all processes; every method may be called from any thread.

    Args:
        database: The state.
        now: Seconds since the epoch; None takes the clock that all processes share.
    """

    def __init__(self, database: Database, *, now: Callable[[], float] | None = None) -> None:
        self._database = database
        self._now = now or time.time
        self._clock = ":now" if now or not database.clock else database.clock

    def begin(self, *, most: int, within_s: float) -> str | None:
        """Count one more stream.

        Args:
            most: How many may begin.
            within_s: In this many seconds.

        Returns:
            Its id, for `end`; None if there were too many.
        """
        values: dict[str, object] = {
            "id": uuid4().hex,
            "now": self._now(),
            "within_s": within_s,
            "longest_s": LONGEST_S,
        }
        with self._database.transaction(lock="streams") as sql:
            sql.execute(
                f"DELETE FROM stream WHERE active_until < {self._clock}"
                f" AND started_at < {self._clock} - :within_s",
                values,
            )
            begun = sql.execute(
                f"SELECT count(*) FROM stream WHERE started_at > {self._clock} - :within_s", values
            ).fetchone()[0]
            if begun >= most:
                return None
            sql.execute(
                "INSERT INTO stream (id, started_at, active_until)"
                f" VALUES (:id, {self._clock}, {self._clock} + :longest_s)",
                values,
            )
        return str(values["id"])

    def end(self, stream: str) -> None:
        """Note that a stream has ended; it still counts as begun."""
        with self._database.sql() as sql:
            sql.execute(
                f"UPDATE stream SET active_until = {self._clock} WHERE id = :id",
                {"id": stream, "now": self._now()},
            )

    def active(self) -> int:
        """Return how many streams are open."""
        with self._database.sql() as sql:
            row = sql.execute(
                f"SELECT count(*) FROM stream WHERE active_until > {self._clock}",
                {"now": self._now()},
            ).fetchone()
        return int(row[0])
