"""What only one person sees: replies through the address that came with their command."""

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.blocks import Message
from bot.slack.clients import Clients


async def reply_privately(clients: Clients, url: str, message: Message) -> None:
    """Send *message* to the one who gave the command.

    Raises:
        SlackApiError: Slack does not take it: used up, too old, or it failed.
    """
    client = AsyncWebhookClient(url, session=clients.session)
    reply = await client.send(
        text=message.text,
        blocks=list(message.blocks) or None,
        response_type="ephemeral",
        replace_original=False,
        unfurl_links=False,
        unfurl_media=False,
    )
    if reply.status_code == 200 and reply.body in {"ok", ""}:  # noqa: PLR2004 well
        return
    raise SlackApiError(  # type: ignore[no-untyped-call]  # slack_sdk gives it no types
        "no private reply",
        AsyncSlackResponse(
            client=clients.posts,
            http_verb="POST",
            api_url=url,
            req_args={},
            data={"ok": False, "error": reply.body.strip()[:40] or "unknown"},
            headers=reply.headers,
            status_code=reply.status_code,
        ),
    )
