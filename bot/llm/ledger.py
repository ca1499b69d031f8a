"""Spending on models and the turns of each model, which all processes share."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import uuid4

from footnote_qa.bot.database import Database, Sql, Target, open_database, retried
from footnote_qa.bot.llm.ledger_schema import SCHEMA

KEPT_DAYS: Final = 90
_DAY_S: Final = 86_400.0
_PICO: Final = Decimal(10) ** 12
"""Money is stored in picodollars, as integers: a token may cost 37.5 billionths of a dollar."""


class Scope(StrEnum):
    """Whose spending is added up."""

    ALL = "all"
    PROVIDER = "provider"
    USER = "user"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to a model and how it ended.

    Attributes:
        provider: Name of the provider.
        purpose: "answer", "retry" or "question".
        reason: Why it failed; "" if it went well.
        ms: How long it took.
        input_tokens: As reported by the reply.
        output_tokens: As reported by the reply.
        cost_usd: None if the price is not known.
        user: Who asked; stored only as a digest.
        channel: Where; stored only as a digest.
        estimated: Whether the tokens are our estimate, because the reply broke off.
    """

    provider: str
    purpose: str
    reason: str
    ms: float
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    user: str = ""
    channel: str = ""
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The requests to one provider in a period.

    Attributes:
        requests: How many.
        failures: How many of them failed.
        ms: Times of the successful ones, ascending.
        cost_usd: Total of all with a known price.
        unpriced: How many had an unknown cost.
        estimated: How many had an estimated cost.
    """

    requests: int
    failures: int
    ms: tuple[float, ...]
    cost_usd: Decimal
    unpriced: int
    estimated: int


class Ledger:
    """Stores spending and choices; every method may be called from any thread.

    Args:
        target: A file, or the URL of a PostgreSQL database; None keeps everything in memory.
        now: Seconds since the epoch.
    """

    def __init__(self, target: Target | None, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        # The last requests before a crash of the machine may be missing: that is worth the time.
        self.database: Database = open_database(target, SCHEMA, durable=False)
        self._forget_old()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    @retried
    def choose(self, shares: Mapping[str, float], thread: str) -> str:
        """Return whose turn it is, by *shares*; a *thread* keeps the provider it has.

        After any number of choices, each of two providers is less than one choice away from its
        share; with more providers, never more than their number minus one.
        """
        portfolio = _digest(repr(sorted(shares.items())))
        values: dict[str, object] = {"portfolio": portfolio, "thread": _digest(thread)}
        with self.database.transaction(lock="choice") as sql:
            if thread and (kept := _of_thread(sql, values)) in shares:
                return str(kept)
            name = next_by_share(shares, _counts(sql, portfolio))
            values |= {"provider": name, "at": self._now()}
            sql.execute(
                "INSERT INTO choice (portfolio, provider, chosen) VALUES (:portfolio, :provider, 1)"
                " ON CONFLICT (portfolio, provider) DO UPDATE SET chosen = choice.chosen + 1",
                values,
            )
            if thread:
                sql.execute(
                    "INSERT INTO thread (portfolio, thread, provider, at)"
                    " VALUES (:portfolio, :thread, :provider, :at)"
                    " ON CONFLICT (portfolio, thread)"
                    " DO UPDATE SET provider = excluded.provider, at = excluded.at",
                    values,
                )
        return name

    @retried
    def chosen(self, shares: Mapping[str, float]) -> dict[str, int]:
        """Return how often each provider was the first choice since these shares were set."""
        with self.database.sql() as sql:
            counts = _counts(sql, _digest(repr(sorted(shares.items()))))
        return {name: counts.get(name, 0) for name in shares}

    @retried
    def record(self, request: Request) -> None:
        """Store one request and add its cost to today's spending."""
        pico = None if request.cost_usd is None else int(request.cost_usd * _PICO)
        with self.database.transaction(lock="spending") as sql:
            sql.execute(
                "INSERT INTO request (at, provider, purpose, reason, ms, input_tokens,"
                ' output_tokens, pico, "user", channel, estimated)'
                " VALUES (:at, :provider, :purpose, :reason, :ms, :input_tokens,"
                " :output_tokens, :pico, :user, :channel, :estimated)",
                {
                    "at": self._now(),
                    "provider": request.provider,
                    "purpose": request.purpose,
                    "reason": request.reason,
                    "ms": request.ms,
                    "input_tokens": request.input_tokens,
                    "output_tokens": request.output_tokens,
                    "pico": pico,
                    "user": _digest(request.user),
                    "channel": _digest(request.channel),
                    "estimated": int(request.estimated),
                },
            )
            for scope, name in _scopes(request) if pico else ():
                sql.execute(
                    "INSERT INTO spent (day, scope, name, pico) VALUES (:day, :scope, :name, :pico)"
                    " ON CONFLICT (day, scope, name)"
                    " DO UPDATE SET pico = spent.pico + excluded.pico",
                    {
                        "day": self._today(),
                        "scope": scope.value,
                        "name": _key(scope, name),
                        "pico": pico,
                    },
                )

    def reserve(
        self, limits: Mapping[tuple[Scope, str], Decimal], usd: Decimal, *, for_s: float
    ) -> str | None:
        """Set *usd* aside in all of *limits*, which all processes keep together.

        Args:
            limits: What may be spent today, in US dollars, by whose spending counts.
            usd: What a request may cost at most.
            for_s: The reservation ends after this many seconds, if its process dies.

        Returns:
            The id of the reservation, for `release`; None if it would be over a limit.
        """
        return self._reserve(uuid4().hex, limits, usd, for_s=for_s)

    @retried
    def _reserve(
        self,
        reservation: str,
        limits: Mapping[tuple[Scope, str], Decimal],
        usd: Decimal,
        *,
        for_s: float,
    ) -> str | None:
        now = self._now()
        with self.database.transaction(lock="spending") as sql:
            # One of this id was made by a try whose end was not seen.
            sql.execute(
                "DELETE FROM reservation WHERE until < :now OR id = :id",
                {"now": now, "id": reservation},
            )
            for (scope, name), limit in limits.items():
                if self._used(sql, scope, name) + usd > limit:
                    return None
            for scope, name in limits:
                sql.execute(
                    "INSERT INTO reservation (id, scope, name, pico, until)"
                    " VALUES (:id, :scope, :name, :pico, :until)",
                    {
                        "id": reservation,
                        "scope": scope.value,
                        "name": _key(scope, name),
                        "pico": int(usd * _PICO),
                        "until": now + for_s,
                    },
                )
        return reservation

    @retried
    def release(self, reservation: str) -> None:
        """End a reservation."""
        with self.database.sql() as sql:
            sql.execute("DELETE FROM reservation WHERE id = :id", {"id": reservation})

    @retried
    def spent_today(self, scope: Scope, name: str = "") -> Decimal:
        """Return the spending since midnight UTC in US dollars."""
        with self.database.sql() as sql:
            return self._spent(sql, scope, name)

    def tally(self, provider: str, *, days: float) -> Tally:
        """Return the requests to *provider* in the last *days* days."""
        with self.database.sql() as sql:
            rows = sql.execute(
                "SELECT reason, ms, pico, estimated FROM request"
                " WHERE provider = :provider AND at >= :since",
                {"provider": provider, "since": self._now() - days * _DAY_S},
            ).fetchall()
        well = [row for row in rows if not row[0]]
        return Tally(
            requests=len(rows),
            failures=len(rows) - len(well),
            ms=tuple(sorted(float(row[1]) for row in well)),
            cost_usd=Decimal(sum(row[2] or 0 for row in rows)) / _PICO,
            unpriced=sum(row[2] is None for row in rows),
            estimated=sum(row[3] for row in rows),
        )

    @retried
    def forget_user(self, user: str) -> int:
        """Remove *user* from every row; return how many rows there were."""
        values = {"user": _digest(user), "scope": Scope.USER.value}
        with self.database.transaction(lock="spending") as sql:
            changed = sql.execute(
                'UPDATE request SET "user" = \'\' WHERE "user" = :user', values
            ).rowcount
            for table in ("spent", "reservation"):
                sql.execute(f"DELETE FROM {table} WHERE scope = :scope AND name = :user", values)
        return int(changed)

    def _used(self, sql: Sql, scope: Scope, name: str) -> Decimal:
        """Return what is spent today or set aside."""
        reserved = sql.execute(
            "SELECT coalesce(sum(pico), 0) FROM reservation WHERE scope = :scope AND name = :name",
            {"scope": scope.value, "name": _key(scope, name)},
        ).fetchone()[0]
        return self._spent(sql, scope, name) + Decimal(reserved) / _PICO

    def _spent(self, sql: Sql, scope: Scope, name: str) -> Decimal:
        row = sql.execute(
            "SELECT pico FROM spent WHERE day = :day AND scope = :scope AND name = :name",
            {"day": self._today(), "scope": scope.value, "name": _key(scope, name)},
        ).fetchone()
        return Decimal(row[0]) / _PICO if row else Decimal(0)

    def _today(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).date().isoformat()

    @retried
    def _forget_old(self) -> None:
        oldest = {"oldest": self._now() - KEPT_DAYS * _DAY_S}
        with self.database.transaction() as sql:
            sql.execute("DELETE FROM request WHERE at < :oldest", oldest)
            sql.execute("DELETE FROM thread WHERE at < :oldest", oldest)


def _of_thread(sql: Sql, values: Mapping[str, object]) -> str | None:
    row = sql.execute(
        "SELECT provider FROM thread WHERE portfolio = :portfolio AND thread = :thread", values
    ).fetchone()
    return None if row is None else str(row[0])


def _counts(sql: Sql, portfolio: str) -> dict[str, int]:
    rows = sql.execute(
        "SELECT provider, chosen FROM choice WHERE portfolio = :portfolio",
        {"portfolio": portfolio},
    ).fetchall()
    return {str(row[0]): int(row[1]) for row in rows}


def _scopes(request: Request) -> Sequence[tuple[Scope, str]]:
    scopes = [(Scope.ALL, ""), (Scope.PROVIDER, request.provider)]
    if request.user:
        scopes.append((Scope.USER, request.user))
    if request.channel:
        scopes.append((Scope.CHANNEL, request.channel))
    return scopes


def _key(scope: Scope, name: str) -> str:
    """Return the name that is stored: people and channels only as a digest."""
    return name if scope in {Scope.ALL, Scope.PROVIDER} else _digest(name)


def next_by_share(shares: Mapping[str, float], chosen: Mapping[str, int]) -> str:
    """Return the name that is furthest behind its share of all choices, including this one.

    >>> turns: dict[str, int] = {}
    >>> for _ in range(8):
    ...     name = next_by_share({"a": 0.75, "b": 0.25}, turns)
    ...     turns[name] = turns.get(name, 0) + 1
    >>> turns
    {'a': 6, 'b': 2}
    """
    total = sum(shares.values())
    count = sum(chosen.get(name, 0) for name in shares) + 1
    return max(
        shares, key=lambda name: round(shares[name] / total * count - chosen.get(name, 0), 9)
    )


def _digest(name: str) -> str:
    """Return a digest that cannot be traced back by itself; "" stays ""."""
    return hashlib.sha256(name.encode()).hexdigest()[:24] if name else ""
