"""Slack API clients with a shared connection pool: one retries, one never does."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from footnote_qa.bot.slack.messages import Message, elements
from footnote_qa.bot.slack.outbound.errors import CALL_ERRORS, failure
from footnote_qa.bot.state import Claimed


class Clients:
    """The clients that call Slack.

    Attributes:
        calls: Retries calls that may be repeated.
        posts: Never retries: a second post would be a second answer.
        session: The connection pool.
        base_url: Where Slack's methods are.
    """

    def __init__(self, *, token: str, base_url: str, session: aiohttp.ClientSession) -> None:
        retries = [
            AsyncConnectionErrorRetryHandler(max_retry_count=2),
            AsyncRateLimitErrorRetryHandler(max_retry_count=3),
            AsyncServerErrorRetryHandler(max_retry_count=2),
        ]
        self.session = session
        self.base_url = base_url
        self.calls = AsyncWebClient(
            token=token, base_url=base_url, session=session, retry_handlers=retries
        )
        self.posts = AsyncWebClient(
            token=token, base_url=base_url, session=session, retry_handlers=[]
        )

    def use(self, token: str) -> None:
        """Call Slack with another token from now on."""
        self.calls.token = token
        self.posts.token = token


async def say(
    client: AsyncWebClient,
    channel: str,
    message: Message,
    *,
    thread_ts: str | None = None,
    metadata: Mapping[str, object] | None = None,
) -> AsyncSlackResponse:
    """Post *message*; in a thread, if one is named."""
    return await client.chat_postMessage(
        channel=channel,
        thread_ts=thread_ts,
        text=message.text,
        blocks=list(message.blocks) or None,
        metadata=None if metadata is None else dict(metadata),
        parse="none",
        link_names=False,
        unfurl_links=False,
        unfurl_media=False,
    )


async def change(
    client: AsyncWebClient,
    channel: str,
    message: Message,
    *,
    ts: str,
    metadata: Mapping[str, object] | None = None,
) -> AsyncSlackResponse:
    """Replace the message at *ts* with *message*."""
    return await client.chat_update(
        channel=channel,
        ts=ts,
        text=message.text,
        blocks=list(message.blocks),  # without this, old blocks would stay
        metadata=None if metadata is None else dict(metadata),
        parse="none",
        link_names=False,
    )


async def whisper(
    client: AsyncWebClient,
    channel: str,
    message: Message,
    *,
    user: str,
    thread_ts: str | None = None,
) -> AsyncSlackResponse:
    """Show *message* to one person only."""
    return await client.chat_postEphemeral(
        channel=channel,
        user=user,
        thread_ts=thread_ts,
        text=message.text,
        blocks=list(message.blocks) or None,
        parse="none",
        link_names=False,
    )


log = logging.getLogger(__name__)

EVENT_TYPE: Final = "footnote_answer"
"""Marks our messages, so that they can be found again."""

_PAGES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The result of looking for a message in a thread.

    Attributes:
        ts: Time stamp of our message; None if it was not found or could not be looked for.
        permitted: Whether Slack allowed the search.
        is_whole: Whether the message was completed; a streamed one may not have been.
        offers_again: Whether it has a button that asks the question again.
    """

    ts: str | None
    permitted: bool
    is_whole: bool = True
    offers_again: bool = False


def marked(question_id: str) -> dict[str, object]:
    """Return the metadata that marks a message as the answer to a question."""
    return {"event_type": EVENT_TYPE, "event_payload": {"question_id": question_id}}


async def find(calls: AsyncWebClient, claimed: Claimed, *, bot_user: str) -> Lookup:
    """Look for a message that an earlier try may have posted.

    Args:
        calls: The client that retries.
        claimed: The question.
        bot_user: The app's own user, because an unfinished stream has no mark, only an author.
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
            if whole := _whole(page, claimed.id):
                return whole
            begun = begun or _begun(page, claimed, bot_user)
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return Lookup(ts=begun, permitted=True, is_whole=False)
    except CALL_ERRORS as error:
        code = failure(error).code
        log.info("answer not looked up", extra={"question_id": claimed.id, "code": code})
        # If the question is gone, there is no thread and no answer in it.
        return Lookup(ts=None, permitted=code == "thread_not_found")
    return Lookup(ts=begun, permitted=begun is not None, is_whole=False)


def _whole(page: AsyncSlackResponse, question_id: str) -> Lookup | None:
    messages: list[dict[str, Any]] = page.get("messages") or []
    for message in messages:
        metadata = message.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        is_ours = metadata.get("event_type") == EVENT_TYPE
        if is_ours and payload.get("question_id") == question_id:
            return Lookup(ts=str(message["ts"]), permitted=True, offers_again=_asks_again(message))
    return None


def _asks_again(message: Mapping[str, Any]) -> bool:
    buttons = [each for block in message.get("blocks") or [] for each in block.get("elements", [])]
    return any(button.get("action_id") == elements.AGAIN for button in buttons)


def _begun(page: AsyncSlackResponse, claimed: Claimed, bot_user: str) -> str | None:
    """Return the unfinished stream: ours, after the question, and without a mark yet."""
    messages: list[dict[str, Any]] = page.get("messages") or []
    for message in messages:
        is_later = float(message["ts"]) > float(claimed.received.ts)
        if is_later and message.get("user") == bot_user and not message.get("metadata"):
            return str(message["ts"])
    return None
