"""Whether an answer stands in its thread already."""

import logging
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.faults import CALL_ERRORS, failure
from bot.store import Claimed

log = logging.getLogger(__name__)

EVENT_TYPE: Final = "footnote_answer"
"""Marks our messages, so that they can be found again."""

_PAGES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What stands in a thread.

    Attributes:
        ts: Of our message; None if it is not there or could not be looked for.
        permitted: Whether Slack let us look.
        is_whole: Whether the message was brought to its end; one that streamed may not have been.
    """

    ts: str | None
    permitted: bool
    is_whole: bool = True


def marked(question_id: str) -> dict[str, object]:
    """Return the metadata that makes a message findable as the answer to a question."""
    return {"event_type": EVENT_TYPE, "event_payload": {"question_id": question_id}}


async def find(calls: AsyncWebClient, claimed: Claimed, *, bot_user: str) -> Lookup:
    """Look for what an earlier try may have posted.

    Args:
        calls: Repeats what may be repeated.
        claimed: The question.
        bot_user: The app's own user: a stream carries no mark before its end, only its author.
    """
    cursor: str | None = None
    begun: str | None = None
    try:
        for _ in range(_PAGES):
            page = await calls.conversations_replies(
                channel=claimed.received.channel,
                ts=claimed.received.thread_ts,
                oldest=claimed.received.ts,
                include_all_metadata=True,
                limit=200,
                cursor=cursor,
            )
            ts = _whole(page, claimed.id)
            if ts is not None:
                return Lookup(ts=ts, permitted=True)
            begun = begun or _begun(page, claimed, bot_user)
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return Lookup(ts=begun, permitted=True, is_whole=False)
    except CALL_ERRORS as error:
        code = failure(error).code
        log.info("answer not looked up", extra={"question_id": claimed.id, "code": code})
        # Without its question there is no thread, and no answer in it.
        return Lookup(ts=None, permitted=code == "thread_not_found")
    return Lookup(ts=begun, permitted=begun is not None, is_whole=False)


def _whole(page: AsyncSlackResponse, question_id: str) -> str | None:
    messages: list[dict[str, Any]] = page.get("messages") or []
    for message in messages:
        metadata = message.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        is_ours = metadata.get("event_type") == EVENT_TYPE
        if is_ours and payload.get("question_id") == question_id:
            return str(message["ts"])
    return None


def _begun(page: AsyncSlackResponse, claimed: Claimed, bot_user: str) -> str | None:
    """Find the stream that was begun: ours, after the question, and without a mark yet."""
    messages: list[dict[str, Any]] = page.get("messages") or []
    for message in messages:
        is_later = float(message["ts"]) > float(claimed.received.ts)
        if is_later and message.get("user") == bot_user and not message.get("metadata"):
            return str(message["ts"])
    return None
