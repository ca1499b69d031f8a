"""Sign-ins that have begun at a provider and whose answer has not come back yet."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from footnote_qa.bot.database import Database, retried
from footnote_qa.bot.state.web_sessions import digest

LASTS_S: Final = 600.0
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempt:
    """A sign-in that has begun.

    Attributes:
        state: Comes back with the provider's answer.
        browser: Cookie of the browser that began it.
        nonce: Comes back inside the ID token.
        verifier: Proves to the provider who began it (PKCE).
        address: The page to show afterwards.
    """

    state: str = field(repr=False)
    browser: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    address: str


class SignInRepository:
    """The sign-ins in the database; every method may be called from any thread.

    Args:
        database: The state.
        now: Seconds since the epoch.
    """

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self.database = database
        self._now = now

    @retried
    def begin(self, address: str, *, browser: str = "") -> SignInAttempt:
        """Store a new sign-in; old ones go.

        Args:
            address: The page to show afterwards.
            browser: Cookie of another sign-in of this browser, so that several pages can begin
                one at the same time; "" makes a new one.
        """
        state, new, nonce, verifier = (secrets.token_urlsafe(_SECRET_BYTES) for _ in range(4))
        attempt = SignInAttempt(
            state=state, browser=browser or new, nonce=nonce, verifier=verifier, address=address
        )
        values = {
            "id": digest(state),
            "browser": digest(attempt.browser),
            "nonce": nonce,
            "verifier": verifier,
            "address": address,
            "now": self._now(),
            "expires_at": self._now() + LASTS_S,
        }
        with self.database.transaction() as sql:
            sql.execute("DELETE FROM web_sign_in WHERE expires_at < :now", values)
            sql.execute(
                "INSERT INTO web_sign_in (id, browser, nonce, verifier, address, expires_at)"
                " VALUES (:id, :browser, :nonce, :verifier, :address, :expires_at)",
                values,
            )
        return attempt

    @retried
    def take(self, state: str, *, browser: str) -> SignInAttempt | None:
        """Return a sign-in that this browser began, once; None if there is none, or it is old."""
        values = {"id": digest(state), "browser": digest(browser), "now": self._now()}
        which = "id = :id AND browser = :browser AND expires_at >= :now"
        with self.database.transaction() as sql:
            row = sql.execute(f"SELECT * FROM web_sign_in WHERE {which}", values).fetchone()
            done = sql.execute(f"DELETE FROM web_sign_in WHERE {which}", values)
            if row is None or done.rowcount != 1:
                return None
        return SignInAttempt(
            state=state,
            browser=browser,
            nonce=row["nonce"],
            verifier=row["verifier"],
            address=row["address"],
        )
