"""Who may ask: members always, guests and people of other companies only if the settings say so."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from footnote_qa.bot.slack.outbound import CALL_ERRORS, failure

log = logging.getLogger(__name__)

KNOWN_FOR_S: Final = 600.0
MAX_KNOWN: Final = 10_000
_LOCALE_TIMEOUT_S: Final = 1.0
"""Slack waits three seconds for an acknowledgement."""
_MOST_OFFSET_S: Final = 86_400
_STRANGERS: Final = {"user_not_found", "user_not_visible", "users_not_found"}


class Standing(StrEnum):
    """A person's relation to the workspace."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"  # of another workspace, through a shared channel
    APP = "app"
    UNKNOWN = "unknown"  # Slack did not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person, as Slack knows them.

    Attributes:
        name: Their name; "" if Slack gives none.
        is_admin: Whether they administer the workspace.
        email: Their e-mail address; "" if Slack does not tell it.
        locale: The language of their Slack, such as "de-DE"; "" if Slack does not tell it.
        offset_s: How many seconds their clock is ahead of UTC.
    """

    standing: Standing
    name: str = ""
    is_admin: bool = False
    email: str = ""
    locale: str = ""
    offset_s: int = 0


UNKNOWN: Final = Person(standing=Standing.UNKNOWN)


class People:
    """Looks people up in Slack and caches them for some minutes.

    Args:
        calls: The client that retries.
        team: The workspace that the token belongs to.
        now: Seconds on a clock that never goes back.
    """

    def __init__(
        self, calls: AsyncWebClient, *, team: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls = calls
        self._team = team
        self._now = now
        self._known: dict[str, tuple[float, Person]] = {}

    async def person(self, user: str) -> Person:
        """Return who *user* is; never raises."""
        until, person = self._known.get(user, (0.0, UNKNOWN))
        if self._now() < until:
            return person
        person = await self._look_up(user)
        if person.standing is not Standing.UNKNOWN:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[user] = (self._now() + KNOWN_FOR_S, person)
        return person

    async def locale(self, user: str) -> str:
        """Return the language of a person's Slack, such as "de-DE"; "" if it takes long."""
        try:
            async with asyncio.timeout(_LOCALE_TIMEOUT_S):
                return (await self.person(user)).locale
        except TimeoutError:
            return ""

    async def _look_up(self, user: str) -> Person:
        try:
            reply = await self._calls.users_info(user=user, include_locale=True)
        except CALL_ERRORS as error:
            code = failure(error).code
            log.warning("person not looked up", extra={"user": user, "code": code})
            standing = Standing.EXTERNAL if code in _STRANGERS else Standing.UNKNOWN
            return Person(standing=standing)
        return _person(reply["user"], self._team)


def _person(user: Mapping[str, Any], team: str) -> Person:
    profile = user.get("profile") or {}
    name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or ""
    return Person(
        standing=_standing(user, team),
        name=str(name),
        is_admin=bool(user.get("is_admin")),
        email=str(profile.get("email") or ""),
        locale=str(user.get("locale") or ""),
        offset_s=_offset(user.get("tz_offset")),
    )


def _offset(given: object) -> int:
    return given if isinstance(given, int) and abs(given) <= _MOST_OFFSET_S else 0


def _standing(user: Mapping[str, Any], team: str) -> Standing:
    if user.get("is_bot") or user.get("deleted"):
        return Standing.APP
    home = user.get("team_id") or team
    if user.get("is_stranger") or home != team:
        return Standing.EXTERNAL
    is_guest = user.get("is_restricted") or user.get("is_ultra_restricted")
    return Standing.GUEST if is_guest else Standing.MEMBER
