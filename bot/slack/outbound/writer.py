"""Post exactly one message for each question, despite failures of Slack and the network."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from footnote_qa.bot.errors import SlackError
from footnote_qa.bot.languages import tr
from footnote_qa.bot.slack.messages import Message, note, texts
from footnote_qa.bot.slack.metrics import Meter
from footnote_qa.bot.slack.outbound.client import Clients, Lookup, change, find, marked, say
from footnote_qa.bot.slack.outbound.errors import CALL_ERRORS, Failure, Fault, failure
from footnote_qa.bot.state import Claimed, Outcome, QuestionRepository

log = logging.getLogger(__name__)

PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0)
"""Pause after each failed try, unless Slack asks for a longer one."""


class Writer:
    """Posts to Slack.

    Args:
        clients: Posts use the client that never retries.
        store: Knows which process owns a question.
        owner: This process.
        bot_user: The app's own user.
        meter: Counts outcomes.
        sleep: Waits this many seconds.
    """

    def __init__(  # noqa: PLR0913 its dependencies
        self,
        clients: Clients,
        store: QuestionRepository,
        *,
        owner: str,
        bot_user: str,
        meter: Meter | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clients = clients
        self._store = store
        self._owner = owner
        self._bot_user = bot_user
        self._meter = meter or Meter()
        self._sleep = sleep

    @property
    def _calls(self) -> AsyncWebClient:
        return self._clients.calls

    @property
    def _posts(self) -> AsyncWebClient:
        return self._clients.posts

    async def find(self, claimed: Claimed) -> Lookup:
        """Look for a message that an earlier try may have posted."""
        return await find(self._calls, claimed, bot_user=self._bot_user)

    async def write(self, claimed: Claimed, message: Message) -> None:
        """Post *message* under its question and store the outcome.

        If Slack cannot be reached for a long time, the question stays without an outcome.

        Raises:
            SlackError: The token is no longer valid.
        """
        await self._try_all(claimed, message, ts=None)

    async def rewrite(self, claimed: Claimed, parts: Sequence[str], message: Message) -> None:
        """Put *message* into the first of the messages that were begun, and delete the others.

        Raises:
            SlackError: The token is no longer valid.
        """
        await self.end_stream(claimed, parts[-1])
        await self._try_all(claimed, message, ts=parts[0])
        for ts in parts[1:]:
            await self._delete(claimed.received.channel, ts)

    async def remove(self, channel: str, parts: Sequence[str]) -> None:
        """Delete our messages in a channel."""
        for ts in parts:
            await self._delete(channel, ts)

    async def is_withdrawn(self, claimed: Claimed) -> bool:
        """Return whether the question was deleted."""
        return await asyncio.to_thread(self._store.outcome, claimed.id) is Outcome.WITHDRAWN

    async def finish(
        self,
        claimed: Claimed,
        outcome: Outcome,
        ts: str | None = None,
        *,
        keep_words: bool = False,
    ) -> None:
        """Store how a question ended; if it was withdrawn meanwhile, delete its answer too."""
        done = await asyncio.to_thread(
            self._store.finish, claimed.id, outcome, ts, keep_words=keep_words
        )
        log.info("question finished", extra={"question_id": claimed.id, "outcome": outcome.value})
        if done:
            self._meter.count(outcome, time.time() - claimed.received_at)
        if done or ts is None:
            return
        if await self.is_withdrawn(claimed):
            await self._delete(claimed.received.channel, ts)

    async def refuse(self, claimed: Claimed) -> None:
        """If the bot may not post in the channel, inform the asker and end the question."""
        await self._tell_asker(claimed)
        await self.finish(claimed, Outcome.REFUSED)

    async def _try_all(self, claimed: Claimed, message: Message, *, ts: str | None) -> None:
        for pause_s in PAUSES_S:
            if not await asyncio.to_thread(self._store.begin_posting, claimed.id, self._owner):
                log.info("another process owns the question now", extra={"question_id": claimed.id})
                return
            failed = await self._try(claimed, message, ts)
            if failed is None:
                return
            if failed.fault is Fault.MALFORMED and message.blocks:
                log.error("blocks refused", extra={"question_id": claimed.id, "code": failed.code})
                message = replace(message, blocks=message.simpler, simpler=())
            elif await self._is_settled(claimed, failed, pause_s=pause_s, ts=ts):
                return
        await asyncio.to_thread(self._store.retract, claimed.id, self._owner)
        log.error("answer not posted yet", extra={"question_id": claimed.id})

    async def _try(self, claimed: Claimed, message: Message, ts: str | None) -> Failure | None:
        try:
            if claimed.received.response_url:
                await reply_privately(self._clients, claimed.received.response_url, message)
                await self._posted(claimed, message)
                return None
            if ts is not None:
                await self._update(claimed, message, ts)
                await self._posted(claimed, message, ts)
                return None
            posted = await self._post(claimed, message)
        except CALL_ERRORS as error:
            failed = failure(error)
            log.warning("post failed", extra={"question_id": claimed.id, "code": failed.code})
            return failed
        await self._check_place(claimed, message, posted)
        return None

    async def _posted(self, claimed: Claimed, message: Message, ts: str | None = None) -> None:
        await self.finish(claimed, Outcome.POSTED, ts, keep_words=message.offers_again)

    async def _check_place(
        self, claimed: Claimed, message: Message, posted: AsyncSlackResponse
    ) -> None:
        ts = str(posted["ts"])
        root = posted.get("message")
        if root is None or root.get("thread_ts"):
            await self._posted(claimed, message, ts)
        else:
            # The question was deleted, so Slack has posted its answer openly in the channel.
            await self._delete(claimed.received.channel, ts)
            await self.finish(claimed, Outcome.WITHDRAWN)

    async def _post(self, claimed: Claimed, message: Message) -> AsyncSlackResponse:
        return await say(
            self._posts,
            claimed.received.channel,
            message,
            thread_ts=claimed.received.thread_ts,
            metadata=marked(claimed.id),
        )

    async def _update(self, claimed: Claimed, message: Message, ts: str) -> AsyncSlackResponse:
        channel, metadata = claimed.received.channel, marked(claimed.id)
        return await change(self._posts, channel, message, ts=ts, metadata=metadata)

    async def _is_settled(
        self, claimed: Claimed, failed: Failure, *, pause_s: float, ts: str | None
    ) -> bool:
        """Return whether *failed* is final; False means that it is tried again."""
        if failed.fault in {Fault.NOT_DONE, Fault.TOKEN}:
            # If this process is killed while it waits, the next one knows that nothing was posted.
            await asyncio.to_thread(self._store.retract, claimed.id, self._owner)
        match failed.fault:
            case Fault.NOT_DONE:
                await self._sleep(max(pause_s, failed.retry_after_s))
                return False
            case Fault.TOKEN:
                raise SlackError(f"Slack no longer accepts SLACK_BOT_TOKEN: {failed.code}")
            case Fault.BROKEN | Fault.UNSURE:
                await self._sleep(pause_s)
                # Only a repeated post could show an answer twice.
                is_post = ts is None and not claimed.received.response_url
                return is_post and await self._is_there(claimed, failed)
            case _ if failed.code == "message_not_found":
                await self.finish(claimed, Outcome.WITHDRAWN)
                return True
            case _:
                await self.refuse(claimed)
                return True

    async def _is_there(self, claimed: Claimed, failed: Failure) -> bool:
        found = await self.find(claimed)
        if found.ts is not None and found.is_whole:
            await self.finish(claimed, Outcome.POSTED, found.ts, keep_words=found.offers_again)
            return True
        if found.permitted or failed.fault is Fault.BROKEN:
            return False
        # One missing answer is better than two: say so, and let the asker decide.
        ts = await self._tell_doubt(claimed)
        await self.finish(claimed, Outcome.UNCERTAIN, ts, keep_words=True)
        return True

    async def _tell_doubt(self, claimed: Claimed) -> str | None:
        """Say that the answer may be missing; saying it twice is better than not at all."""
        doubt = note(tr(texts.UNCERTAIN), again=claimed.id)
        for pause_s in PAUSES_S:
            try:
                return str((await self._post(claimed, doubt))["ts"])
            except CALL_ERRORS as error:
                failed = failure(error)
                details = {"question_id": claimed.id, "code": failed.code}
                log.warning("note not posted", extra=details)
                if failed.fault in {Fault.CLOSED, Fault.TOKEN, Fault.MALFORMED}:
                    return None
                await self._sleep(max(pause_s, failed.retry_after_s))
        return None

    async def end_stream(self, claimed: Claimed, ts: str) -> None:
        """End a stream, which could not be changed or deleted before; usually it has ended."""
        try:
            await self._posts.chat_stopStream(
                channel=claimed.received.channel, ts=ts, metadata=marked(claimed.id)
            )
        except CALL_ERRORS as error:
            code = failure(error).code
            log.info("no stream to end", extra={"question_id": claimed.id, "code": code})

    async def _delete(self, channel: str, ts: str) -> None:
        try:
            await self._calls.chat_delete(channel=channel, ts=ts)
        except CALL_ERRORS as error:
            code = failure(error).code
            log.error("answer not deleted", extra={"channel": channel, "ts": ts, "code": code})  # noqa: TRY400 the code is enough

    async def _tell_asker(self, claimed: Claimed) -> None:
        """Inform the asker once in a direct message that the bot may not post in the channel."""
        if claimed.received.channel.startswith("D"):
            return
        try:
            opened = await self._calls.conversations_open(users=claimed.received.user)
            await say(self._posts, str(opened["channel"]["id"]), note(tr(texts.CLOSED)))
        except CALL_ERRORS as error:
            code = failure(error).code
            log.warning("asker not informed", extra={"question_id": claimed.id, "code": code})


async def reply_privately(clients: Clients, url: str, message: Message) -> None:
    """Send *message* to the person who used the command.

    Raises:
        SlackApiError: Slack refuses it: used up, too old, or it failed.
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
    if reply.status_code == 200 and reply.body in {"ok", ""}:  # noqa: PLR2004 OK
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
