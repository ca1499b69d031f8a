"""The groups of whoever asks: of the settings, of Slack and of the sources, found out in time."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from footnote_qa.bot.slack.inbound.access import People, Person, Standing
from footnote_qa.bot.slack.outbound import CALL_ERRORS, failure
from footnote_qa.bot.state import ChannelRepository
from footnote_qa.index.access import SyncNote

log = logging.getLogger(__name__)

KNOWN_FOR_S: Final = 120.0
MOST_MEMBERS: Final = 500
"""In a channel with more people, only documents for everybody and for the channel are used."""

_SLACK: Final = "slack:"
_PAGE: Final = 200
_AT_ONCE: Final = 8

Found = TypeVar("Found")


class Directory(Protocol):
    """The groups that the index knows; may be called from any thread."""

    def groups_of(self, addresses: Iterable[str]) -> frozenset[str]:
        """Return every group of the person with these e-mail addresses, in any source."""
        ...

    def named(self) -> frozenset[str]:
        """Return the groups that documents of the index in use name."""
        ...

    def notes(self) -> list[SyncNote]:
        """Return how the last sync of each source went."""
        ...


class Audiences:
    """Finds out which groups' documents may be used for a question.

    An unknown membership gives no group: then fewer documents are used, never more.

    Args:
        calls: The client that retries.
        people: Looks people up.
        channels: The settings of channels and groups.
        directory: Groups of the sources; None if there are none.
        now: Seconds on a clock that never goes back.
    """

    def __init__(
        self,
        calls: AsyncWebClient,
        *,
        people: People,
        channels: ChannelRepository,
        directory: Directory | None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls, self._people, self._channels = calls, people, channels
        self._directory, self._now = directory, now
        self._known: dict[str, tuple[float, frozenset[str]]] = {}

    async def of(self, channel: str, user: str) -> frozenset[str]:
        """Return the groups: the person's own in private, else those of all of the channel."""
        configured = await asyncio.to_thread(self._channels.audience, channel, user)
        if self._directory is None:
            return configured
        named = await asyncio.to_thread(self._directory.named)
        if not named:
            return configured
        if channel.startswith("D"):
            return configured | await self._of_person(user, named)
        own = {f"{_SLACK}{channel}"} & named
        return configured | own | await self._of_everybody_in(channel, named)

    async def _of_person(self, user: str, named: frozenset[str]) -> frozenset[str]:
        person = await self._people.person(user)
        if person.standing is not Standing.MEMBER:
            return frozenset()
        return await self._in_sources(person) | await self._in_slack(user, named)

    async def _in_sources(self, person: Person) -> frozenset[str]:
        if not person.email or self._directory is None:
            return frozenset()
        found = await asyncio.to_thread(self._directory.groups_of, [person.email])
        # Slack is asked itself, so that who has left a channel sees nothing of it any more
        return frozenset(name for name in found if not name.startswith(_SLACK))

    async def _in_slack(self, user: str, named: frozenset[str]) -> frozenset[str]:
        names = sorted(name for name in named if name.startswith(_SLACK))
        members = await _each(self._members, [name.removeprefix(_SLACK) for name in names])
        return frozenset(name for name, found in zip(names, members, strict=True) if user in found)

    async def _of_everybody_in(self, channel: str, named: frozenset[str]) -> frozenset[str]:
        """Return the groups that every person of a channel is in."""
        members = sorted(await self._members(channel))
        if not members or len(members) > MOST_MEMBERS:
            return frozenset()
        people = await _each(self._people.person, members)
        shared: frozenset[str] | None = None
        for user, person in zip(members, people, strict=True):
            if person.standing is Standing.APP:
                continue
            groups = await self._of_person(user, named)
            shared = groups if shared is None else shared & groups
            if not shared:
                break
        return shared or frozenset()

    async def _members(self, id_: str) -> frozenset[str]:
        """Return who is in a channel or user group; nobody if Slack does not say."""
        until, known = self._known.get(id_, (0.0, frozenset()))
        if self._now() < until:
            return known
        try:
            found = await (self._of_group(id_) if id_.startswith("S") else self._of_channel(id_))
        except CALL_ERRORS as error:
            told = {"channel": id_, "code": failure(error).code}
            log.warning("members not looked up", extra=told)
            found = frozenset()
        self._known[id_] = (self._now() + KNOWN_FOR_S, found)
        return found

    async def _of_group(self, id_: str) -> frozenset[str]:
        reply = await self._calls.usergroups_users_list(usergroup=id_)
        return frozenset(map(str, reply.get("users") or ()))

    async def _of_channel(self, id_: str) -> frozenset[str]:
        found: set[str] = set()
        cursor = ""
        while True:
            reply = await self._calls.conversations_members(channel=id_, limit=_PAGE, cursor=cursor)
            found |= set(map(str, reply.get("members") or ()))
            cursor = str((reply.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return frozenset(found)


async def _each(work: Callable[[str], Awaitable[Found]], values: Sequence[str]) -> "list[Found]":
    """Return the result for each value, a few at a time."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def in_turn(value: str) -> Found:
        async with turns:
            return await work(value)

    return list(await asyncio.gather(*map(in_turn, values)))
