"""The calls that put words into Slack, each with every expansion and mention switched off."""

from collections.abc import Mapping

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.blocks import Message


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
    """Let the message at *ts* say *message* instead."""
    return await client.chat_update(
        channel=channel,
        ts=ts,
        text=message.text,
        blocks=list(message.blocks),  # blocks that are left out would stay as they were
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
