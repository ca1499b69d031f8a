"""An event becomes a kept question before Slack is told that it arrived."""

import asyncio
import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bot.slack.manifest import SUBSCRIPTIONS
from bot.store import Received, Store

log = logging.getLogger(__name__)

_SUBTYPES = {None, "file_share", "thread_broadcast"}
_SLACK_ITSELF = {"USLACKBOT", "USLACK"}


class Arrival(StrEnum):
    """What an event was."""

    NEW = "new"  # a question, kept
    DUPLICATE = "duplicate"  # a question that is known
    OTHER = "other"  # nothing to answer


class Inbox:
    """Keeps questions, each once.

    Args:
        store: Where they are kept.
        team: The workspace that the token belongs to.
        bot_user: The app's own user.
        max_waiting: How many may wait before the next is turned away.
    """

    def __init__(self, store: Store, *, team: str, bot_user: str, max_waiting: int) -> None:
        self._store = store
        self._team = team
        self._bot_user = bot_user
        self._max_waiting = max_waiting

    async def take(self, body: Mapping[str, Any]) -> Arrival:
        """Keep the question that *body* holds, if any.

        Raises:
            StoreError: It could not be kept; Slack must not be told that it arrived.
        """
        question = asked(body, team=self._team, bot_user=self._bot_user)
        if question is None:
            return Arrival.OTHER
        is_new = await asyncio.to_thread(
            self._store.receive, question, max_waiting=self._max_waiting
        )
        details = {"channel": question.channel, "ts": question.ts, "is_new": is_new}
        log.info("question received", extra=details)
        return Arrival.NEW if is_new else Arrival.DUPLICATE


def asked(body: Mapping[str, Any], *, team: str, bot_user: str) -> Received | None:
    """Read the question out of an event; None if it is none, or not one for us.

    Args:
        body: The event with its envelope, as Slack sends it.
        team: The workspace that the token belongs to.
        bot_user: The app's own user.
    """
    event = body.get("event")
    if not isinstance(event, Mapping) or _team(body) != team or not _is_question(event, bot_user):
        return None
    ts = str(event["ts"])
    return Received(
        event_id=str(body.get("event_id") or f"{event['channel']}:{ts}"),
        team=team,
        channel=str(event["channel"]),
        ts=ts,
        thread_ts=str(event.get("thread_ts") or ts),
        user=str(event["user"]),
        text=str(event.get("text") or ""),
    )


def _team(body: Mapping[str, Any]) -> object:
    # In a shared channel `team_id` is the asker's workspace, the authorization is ours.
    authorizations = body.get("authorizations") or [{}]
    return authorizations[0].get("team_id") or body.get("team_id")


def _is_question(event: Mapping[str, Any], bot_user: str) -> bool:
    kind = event.get("type")
    if kind == "message":
        kind = f"message.{event.get('channel_type')}"
    is_meant = kind in {s.event for s in SUBSCRIPTIONS} and event.get("subtype") in _SUBTYPES
    is_whole = all(event.get(key) for key in ("channel", "ts", "user"))
    # An edited mention is delivered as a new event; the question was answered as first asked.
    return is_meant and is_whole and "edited" not in event and _is_person(event, bot_user)


def _is_person(event: Mapping[str, Any], bot_user: str) -> bool:
    is_app = bool(event.get("bot_id") or event.get("bot_profile"))
    return not is_app and event["user"] not in {bot_user, *_SLACK_ITSELF}
