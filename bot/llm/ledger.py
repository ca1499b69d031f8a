"""Spending on models and the turns of each model, stored in one SQLite file."""

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

from bot.errors import StoreError
from bot.settings import ProviderSettings

KEPT_DAYS: Final = 90
_DAY_S: Final = 86_400.0
_PICO: Final = Decimal(10) ** 12
"""Money is stored in picodollars, as integers: a token may cost 37.5 billionths of a dollar."""

_SCHEMA: Final = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS request (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        provider TEXT NOT NULL,
        purpose TEXT NOT NULL,
        reason TEXT NOT NULL,
        ms REAL NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        pico INTEGER,
        user TEXT NOT NULL,
        channel TEXT NOT NULL,
        estimated INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS request_at ON request (at);
    CREATE TABLE IF NOT EXISTS spent (
        day TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, pico INTEGER NOT NULL,
        PRIMARY KEY (day, scope, name)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS choice (
        portfolio TEXT NOT NULL, provider TEXT NOT NULL, chosen INTEGER NOT NULL,
        PRIMARY KEY (portfolio, provider)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS thread (
        portfolio TEXT NOT NULL, thread TEXT NOT NULL, provider TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (portfolio, thread)
    ) STRICT;
"""


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
        path: The file; None keeps everything in memory.
        now: Seconds since the epoch.
    """

    def __init__(self, path: Path | None, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path or ":memory:", timeout=10, isolation_level=None, check_same_thread=False
            )
            self._connection.executescript(_SCHEMA)
            self._add_column()
            self._forget_old()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{path} cannot be used to store spending: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def choose(self, shares: Mapping[str, float], thread: str) -> str:
        """Return whose turn it is, by *shares*; a *thread* keeps the provider it has.

        After any number of choices, each of two providers is less than one choice away from its
        share; with more providers, never more than their number minus one.
        """
        portfolio = _digest(repr(sorted(shares.items())))
        with self._transaction() as run:
            if thread and (kept := self._of_thread(portfolio, thread)) in shares:
                return str(kept)
            rows = run("SELECT provider, chosen FROM choice WHERE portfolio = ?", (portfolio,))
            name = next_by_share(shares, dict(rows.fetchall()))
            run(
                "INSERT INTO choice VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET chosen = chosen + 1",
                (portfolio, name),
            )
            if thread:
                row = (portfolio, _digest(thread), name, self._now())
                run("INSERT OR REPLACE INTO thread VALUES (?, ?, ?, ?)", row)
        return name

    def chosen(self, shares: Mapping[str, float]) -> dict[str, int]:
        """Return how often each provider was the first choice since these shares were set."""
        portfolio = _digest(repr(sorted(shares.items())))
        with self._transaction() as run:
            rows = run("SELECT provider, chosen FROM choice WHERE portfolio = ?", (portfolio,))
            counts = dict(rows.fetchall())
        return {name: int(counts.get(name, 0)) for name in shares}

    def record(self, request: Request) -> None:
        """Store one request and add its cost to today's spending."""
        pico = None if request.cost_usd is None else int(request.cost_usd * _PICO)
        scopes = self._scopes(request)
        with self._transaction() as run:
            run(
                "INSERT INTO request (at, provider, purpose, reason, ms, input_tokens, "
                "output_tokens, pico, user, channel, estimated) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self._now(),
                    request.provider,
                    request.purpose,
                    request.reason,
                    request.ms,
                    request.input_tokens,
                    request.output_tokens,
                    pico,
                    _digest(request.user),
                    _digest(request.channel),
                    request.estimated,
                ),
            )
            for scope, name in scopes if pico else ():
                run(
                    "INSERT INTO spent VALUES (?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET pico = pico + excluded.pico",
                    (self._today(), scope, name, pico),
                )

    def spent_today(self, scope: Scope, name: str = "") -> Decimal:
        """Return the spending since midnight UTC in US dollars."""
        key = name if scope in {Scope.ALL, Scope.PROVIDER} else _digest(name)
        with self._transaction() as run:
            row = run(
                "SELECT pico FROM spent WHERE day = ? AND scope = ? AND name = ?",
                (self._today(), scope, key),
            ).fetchone()
        return Decimal(row[0]) / _PICO if row else Decimal(0)

    def tally(self, provider: str, *, days: float) -> Tally:
        """Return the requests to *provider* in the last *days* days."""
        with self._transaction() as run:
            rows = run(
                "SELECT reason, ms, pico, estimated FROM request WHERE provider = ? AND at >= ?",
                (provider, self._now() - days * _DAY_S),
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

    def forget_user(self, user: str) -> int:
        """Remove *user* from every row; return how many rows there were."""
        with self._transaction() as run:
            changed = run("UPDATE request SET user = '' WHERE user = ?", (_digest(user),)).rowcount
            run("DELETE FROM spent WHERE scope = ? AND name = ?", (Scope.USER, _digest(user)))
        return int(changed)

    def _of_thread(self, portfolio: str, thread: str) -> str | None:
        row = self._connection.execute(
            "SELECT provider FROM thread WHERE portfolio = ? AND thread = ?",
            (portfolio, _digest(thread)),
        ).fetchone()
        return None if row is None else str(row[0])

    def _scopes(self, request: Request) -> Sequence[tuple[Scope, str]]:
        scopes = [(Scope.ALL, ""), (Scope.PROVIDER, request.provider)]
        if request.user:
            scopes.append((Scope.USER, _digest(request.user)))
        if request.channel:
            scopes.append((Scope.CHANNEL, _digest(request.channel)))
        return scopes

    def _today(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).date().isoformat()

    def _add_column(self) -> None:
        """Add the newest column to a file from an older version."""
        rows = self._connection.execute("PRAGMA table_info(request)").fetchall()
        if "estimated" not in {row[1] for row in rows}:
            self._connection.execute(
                "ALTER TABLE request ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0"
            )

    def _forget_old(self) -> None:
        oldest = self._now() - KEPT_DAYS * _DAY_S
        with self._transaction() as run:
            run("DELETE FROM request WHERE at < ?", (oldest,))
            run("DELETE FROM thread WHERE at < ?", (oldest,))

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                # As a context manager, the connection commits at the end; an error rolls it back
                with self._connection:
                    yield self._connection.execute
            except sqlite3.Error as error:
                raise StoreError(f"spending cannot be stored: {error}") from error


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


_MILLION = Decimal(1_000_000)
# The price table's names for the providers of our kinds
_SUPPLIERS = {
    "openai": "openai",
    "azure_openai": "azure",
    "anthropic": "anthropic",
    "google": "google",
    "bedrock": "aws",
}


def cost_usd(
    provider: ProviderSettings, *, input_tokens: int, output_tokens: int
) -> Decimal | None:
    """Return the price of one reply in US dollars; None if it is not known.

    A price in the settings comes before the table. The table has no prices for your own servers:
    set one, 0 if it is free.
    """
    if provider.price is not None:
        priced = (
            provider.price.input_usd_per_million * input_tokens
            + provider.price.output_usd_per_million * output_tokens
        )
        return priced / _MILLION
    return _by_table(provider, input_tokens, output_tokens)


def _by_table(provider: ProviderSettings, input_tokens: int, output_tokens: int) -> Decimal | None:
    # Imported here: it loads 3 MB of prices
    from genai_prices import Usage, calc_price  # noqa: PLC0415

    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    supplier = _SUPPLIERS.get(provider.kind)
    try:
        if provider.base_url is not None and supplier not in {"azure"}:
            found = calc_price(usage, provider.model, provider_api_url=provider.base_url)
        elif supplier is not None:
            found = calc_price(usage, provider.model, provider_id=supplier)
        else:
            return None
    except LookupError:
        return None
    return found.total_price
