"""Sessions of people who are signed in to the web pages."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from footnote_qa.bot.database import Database, retried
from footnote_qa.index.types import Audience

_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A person who is signed in.

    Attributes:
        id: Digest of the cookie; it distinguishes sessions, and opens none.
        user: Who it is, as answers and feedback name them.
        name: What the pages call them.
        audience: Groups whose documents they may see besides public ones; None is every document.
        roles: What they may do.
        csrf: Every form of this session carries it.
        email: Verified address, whose groups in the sources they have too; "" if there is none.
        id_token: Names the person to the provider on signing out; "" if there is no provider.
    """

    id: str
    user: str
    name: str
    audience: Audience
    roles: frozenset[str]
    csrf: str
    email: str = ""
    id_token: str = field(default="", repr=False)


class SessionRepository:
    """The sessions in the database; every method may be called from any thread.

    Only digests of the cookies are stored: whoever reads the database can open no session.

    Args:
        database: The state.
        via: The way people sign in, such as the issuer's address. Sessions that began in another
            way are not found: they may have had other permissions.
        lasts_s: How long a session lasts.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        *,
        via: str,
        lasts_s: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.database = database
        self._via = via
        self._lasts_s = lasts_s
        self._now = now

    @retried
    def begin(  # noqa: PLR0913 - a session's parts
        self,
        user: str,
        *,
        name: str,
        audience: Audience,
        roles: frozenset[str],
        email: str = "",
        id_token: str = "",
    ) -> str:
        """Begin a session; return its cookie, which is not stored."""
        cookie = secrets.token_urlsafe(_SECRET_BYTES)
        values = {
            "id": digest(cookie),
            "via": self._via,
            "user": user,
            "name": name,
            "groups": json.dumps(None if audience is None else sorted(audience)),
            "roles": json.dumps(sorted(roles)),
            "csrf": secrets.token_urlsafe(_SECRET_BYTES),
            "email": email,
            "id_token": id_token,
            "now": self._now(),
            "expires_at": self._now() + self._lasts_s,
        }
        with self.database.transaction() as sql:
            sql.execute("DELETE FROM web_session WHERE expires_at < :now", values)
            sql.execute(
                'INSERT INTO web_session (id, via, "user", name, groups, roles, csrf, email,'
                " id_token, expires_at) VALUES (:id, :via, :user, :name, :groups, :roles, :csrf,"
                " :email, :id_token, :expires_at)",
                values,
            )
        return cookie

    @retried
    def find(self, cookie: str) -> WebSession | None:
        """Return the session of a cookie; None if there is none, or it has ended."""
        with self.database.sql() as sql:
            row = sql.execute(
                "SELECT * FROM web_session WHERE id = :id AND via = :via AND expires_at >= :now",
                {"id": digest(cookie), "via": self._via, "now": self._now()},
            ).fetchone()
        if row is None:
            return None
        groups = json.loads(row["groups"])
        return WebSession(
            id=row["id"],
            user=row["user"],
            name=row["name"],
            audience=None if groups is None else frozenset(groups),
            roles=frozenset(json.loads(row["roles"])),
            csrf=row["csrf"],
            email=row["email"],
            id_token=row["id_token"],
        )

    @retried
    def end(self, cookie: str) -> None:
        """End the session of a cookie."""
        with self.database.sql() as sql:
            sql.execute("DELETE FROM web_session WHERE id = :id", {"id": digest(cookie)})


def digest(cookie: str) -> str:
    """Return what is stored instead of a cookie."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()
