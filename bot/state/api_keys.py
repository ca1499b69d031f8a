"""Keys with which other programs use the HTTP API."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from footnote_qa.bot.database import Database, Row, retried
from footnote_qa.index.types import Audience

PREFIX: Final = "fn"
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32


class Scope(StrEnum):
    """A part of the API that a key may use."""

    ASK = "ask"
    SEARCH = "search"
    DOCUMENTS = "documents"
    FEEDBACK = "feedback"
    BUILDS = "builds"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key, without its secret.

    Attributes:
        id: Names it in lists and in the log.
        name: What it is for.
        scopes: What it may use.
        audience: Groups whose documents it may see besides public ones; None is every document.
        created_at: In seconds since the epoch.
        revoked_at: In seconds since the epoch; None if it is valid.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    audience: Audience
    created_at: float
    revoked_at: float | None


class KeyRepository:
    """The keys in the database; every method may be called from any thread."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self.database = database
        self._now = now

    @retried
    def add(self, name: str, *, scopes: Iterable[Scope], audience: Audience) -> tuple[str, ApiKey]:
        """Make a key; return its text, of which only a digest is stored."""
        id_ = secrets.token_hex(_ID_BYTES)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey(
            id=id_,
            name=name,
            scopes=frozenset(scopes),
            audience=audience,
            created_at=self._now(),
            revoked_at=None,
        )
        with self.database.sql() as sql:
            sql.execute(
                "INSERT INTO api_key (id, name, secret, scopes, groups, created_at)"
                " VALUES (:id, :name, :secret, :scopes, :groups, :created_at)",
                {
                    "id": id_,
                    "name": name,
                    "secret": _digest(secret),
                    "scopes": json.dumps(sorted(key.scopes)),
                    "groups": json.dumps(None if audience is None else sorted(audience)),
                    "created_at": key.created_at,
                },
            )
        return f"{PREFIX}_{id_}_{secret}", key

    @retried
    def find(self, text: str) -> ApiKey | None:
        """Return the valid key of a text; None if there is none."""
        prefix, _, rest = text.partition("_")
        id_, _, secret = rest.partition("_")
        with self.database.sql() as sql:
            row = sql.execute("SELECT * FROM api_key WHERE id = :id", {"id": id_}).fetchone()
        stored = row["secret"] if row is not None else _digest("")
        is_right = secrets.compare_digest(_digest(secret), stored)
        if row is None or prefix != PREFIX or not is_right or row["revoked_at"] is not None:
            return None
        return _key(row)

    @retried
    def all(self) -> list[ApiKey]:
        """Return every key, also revoked ones, oldest first."""
        with self.database.sql() as sql:
            rows = sql.execute("SELECT * FROM api_key ORDER BY created_at, id").fetchall()
        return [_key(row) for row in rows]

    @retried
    def revoke(self, id_: str) -> bool:
        """Make a key invalid; return whether it was valid."""
        with self.database.sql() as sql:
            done = sql.execute(
                "UPDATE api_key SET revoked_at = :at WHERE id = :id AND revoked_at IS NULL",
                {"id": id_, "at": self._now()},
            )
            return done.rowcount == 1


def _key(row: Row) -> ApiKey:
    groups = json.loads(row["groups"])
    known = set(Scope)
    return ApiKey(
        id=row["id"],
        name=row["name"],
        scopes=frozenset(Scope(one) for one in json.loads(row["scopes"]) if one in known),
        audience=None if groups is None else frozenset(groups),
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
    )


def _digest(secret: str) -> str:
    # The secret has 256 bits: a slow digest, as passwords need it, would add nothing.
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
