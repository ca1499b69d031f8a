"""Who gets the weekly digest of a channel, and what it says."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from footnote_qa.bot.database import Database
from footnote_qa.bot.state.asked import AskedRepository

WEEK_S: Final = 7 * 86_400.0
AT_HOUR: Final = 8
"""Of Monday, where the person is."""
_MOST_QUESTIONS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A digest that a person asked for."""

    team: str
    channel: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWeek:
    """The questions of one channel in one week.

    Attributes:
        asked: How many.
        gaps: How many of them the documents did not answer.
        wrong: How many answers somebody found unhelpful.
        questions: Some of those without an answer, the most frequent first, each with its count.
    """

    asked: int
    gaps: int
    wrong: int
    questions: tuple[tuple[str, int], ...]


def subscribe(database: Database, digest: Digest, *, next_at: float) -> None:
    """Send a digest every week from *next_at* on, in seconds since the epoch."""
    values = _values(digest) | {"next_at": next_at}

    def note() -> None:
        with database.sql() as sql:
            sql.execute(
                'INSERT INTO digest (team, channel, "user", next_at)'
                " VALUES (:team, :channel, :user, :next_at)"
                ' ON CONFLICT (team, channel, "user") DO UPDATE SET next_at = excluded.next_at',
                values,
            )

    database.patiently(note)


def unsubscribe(database: Database, digest: Digest) -> bool:
    """Send a digest no more; return whether there was one."""

    def note() -> bool:
        with database.sql() as sql:
            done = sql.execute(
                'DELETE FROM digest WHERE team = :team AND channel = :channel AND "user" = :user',
                _values(digest),
            )
            return done.rowcount == 1

    return database.patiently(note)


def take_due(database: Database, team: str, *, now: float) -> list[Digest]:
    """Return the digests to send now; each is due again a week after its time.

    Of several processes, one gets each.
    """

    def take() -> list[Digest]:
        with database.transaction() as sql:
            rows = sql.execute(
                'SELECT channel, "user", next_at FROM digest WHERE team = :team'
                " AND next_at <= :now",
                {"team": team, "now": now},
            ).fetchall()
            taken = []
            for row in rows:
                weeks = int((now - row["next_at"]) // WEEK_S) + 1
                digest = Digest(team=team, channel=row["channel"], user=row["user"])
                done = sql.execute(
                    "UPDATE digest SET next_at = :after WHERE team = :team AND channel = :channel"
                    ' AND "user" = :user AND next_at = :before',
                    _values(digest)
                    | {"before": row["next_at"], "after": row["next_at"] + weeks * WEEK_S},
                )
                taken += [digest] if done.rowcount == 1 else []
            return taken

    return database.patiently(take)


def week_of(database: Database, digest: Digest, *, since: float) -> ChannelWeek:
    """Return what was asked in the digest's channel since a time, in seconds since the epoch."""
    AskedRepository(database).catch_up()
    with database.sql() as sql:
        rows = sql.execute(
            "SELECT k.question, k.status, min(f.rating) AS rating FROM asked AS k"
            " LEFT JOIN feedback AS f ON f.question_id = k.question_id"
            " WHERE k.team = :team AND k.channel = :channel AND k.at >= :since"
            " GROUP BY k.question_id, k.question, k.status, k.at ORDER BY k.at DESC",
            _values(digest) | {"since": since},
        ).fetchall()
    gaps = [row["question"] for row in rows if row["status"] in {"not_found", "unsupported"}]
    counts: dict[str, tuple[str, int]] = {}
    for question in gaps:
        key = " ".join(question.casefold().split())
        words, count = counts.get(key, (question, 0))
        counts[key] = (words, count + 1)
    most = sorted(counts.values(), key=lambda each: -each[1])
    return ChannelWeek(
        asked=len(rows),
        gaps=len(gaps),
        wrong=sum(row["rating"] == "down" for row in rows),
        questions=tuple(most[:_MOST_QUESTIONS]),
    )


def next_monday(now: datetime, *, offset_s: int) -> datetime:
    """Return the next Monday at `AT_HOUR` where the clock is *offset_s* ahead of UTC.

    >>> next_monday(datetime(2026, 11, 30, 6, tzinfo=UTC), offset_s=3600).isoformat()
    '2026-11-30T07:00:00+00:00'
    >>> next_monday(datetime(2026, 11, 30, 7, tzinfo=UTC), offset_s=3600).isoformat()
    '2026-12-07T07:00:00+00:00'
    """
    there = now.astimezone(UTC) + timedelta(seconds=offset_s)
    at = there.replace(hour=AT_HOUR, minute=0, second=0, microsecond=0)
    at -= timedelta(days=there.weekday())
    if at <= there:
        at += timedelta(weeks=1)
    return at - timedelta(seconds=offset_s)


def _values(digest: Digest) -> dict[str, object]:
    return {"team": digest.team, "channel": digest.channel, "user": digest.user}
