"""The running Slack bot: checked at its start, drained at its end."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SlackError
from bot.settings import Settings
from bot.slack.dispatcher import Dispatcher
from bot.slack.faults import CALL_ERRORS, Fault, failure
from bot.slack.inbox import Inbox
from bot.slack.listeners import register
from bot.slack.manifest import SCOPES
from bot.slack.responder import Ask, Responder
from bot.slack.writer import Writer
from bot.store import Store

log = logging.getLogger(__name__)

DRAIN_S: Final = 20.0
CALL_TIMEOUT_S: Final = 30.0
WATCH_S: Final = 10.0
LOST_AFTER_S: Final = 300.0

_FOR_BOT: Final = (
    "SLACK_BOT_TOKEN (xoxb-…), from https://api.slack.com/apps > your app > OAuth & Permissions"
)
_FOR_APP: Final = (
    "SLACK_APP_TOKEN (xapp-…, with connections:write), from https://api.slack.com/apps"
    " > your app > Basic Information > App-Level Tokens"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the tokens say we are."""

    team: str
    bot_user: str
    bot_id: str


class _Ending:
    """Why and how fast the process ends."""

    def __init__(self, dispatcher: Dispatcher | None = None) -> None:
        self.status = 0
        self.dispatcher = dispatcher
        self.asked_for = asyncio.Event()

    def on_signal(self) -> None:
        if self.asked_for.is_set() and self.dispatcher is not None:
            self.dispatcher.hurry()
        self.asked_for.set()

    def fail(self) -> None:
        self.status = 1
        self.asked_for.set()


async def run(settings: Settings, ask: Ask, store: Store) -> int:
    """Serve Slack by Socket Mode until a signal ends it.

    Args:
        settings: Tokens, limits, and what each channel may see.
        ask: Finds the answer to a question.
        store: Where questions are kept; what an earlier process left there is answered first.

    Returns:
        0 after SIGTERM or SIGINT, 1 if Slack went away or took the token back.

    Raises:
        SlackError: A token is missing or refused, or Slack cannot be reached; nothing was begun.
    """
    bot_token, app_token = tokens(settings)
    _keep_payloads_out_of_logs()
    timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        clients = _Clients(token=bot_token, base_url=settings.slack_api_url, session=session)
        identity = await _check(clients, app_token)
        return await _serve(settings, clients, _Bot(identity, app_token, ask, store))


@dataclass(frozen=True, slots=True)
class _Bot:
    identity: Identity
    app_token: str
    ask: Ask
    store: Store


class _Clients:
    """Two clients over one pool of connections."""

    def __init__(self, *, token: str, base_url: str, session: aiohttp.ClientSession) -> None:
        retries = [
            AsyncConnectionErrorRetryHandler(max_retry_count=2),
            AsyncRateLimitErrorRetryHandler(max_retry_count=3),
            AsyncServerErrorRetryHandler(max_retry_count=2),
        ]
        self.calls = AsyncWebClient(
            token=token, base_url=base_url, session=session, retry_handlers=retries
        )
        self.posts = AsyncWebClient(
            token=token, base_url=base_url, session=session, retry_handlers=[]
        )


async def _serve(settings: Settings, clients: _Clients, bot: _Bot) -> int:
    owner = uuid4().hex
    responder = Responder(
        ask=bot.ask,
        writer=Writer(calls=clients.calls, posts=clients.posts, store=bot.store, owner=owner),
        bot_user=bot.identity.bot_user,
        audiences={c.id: frozenset(c.audience) for c in settings.slack.channels},
        max_question_chars=settings.slack.max_question_chars,
        started_at=time.time(),
    )
    ending = _Ending()
    dispatcher = Dispatcher(
        store=bot.store,
        owner=owner,
        respond=responder.respond,
        max_concurrent=settings.slack.max_concurrent,
        on_fatal=ending.fail,
    )
    ending.dispatcher = dispatcher
    inbox = Inbox(
        bot.store,
        team=bot.identity.team,
        bot_user=bot.identity.bot_user,
        max_waiting=settings.slack.max_queue,
    )
    app = bolt_app(clients.calls, bot.identity)
    register(app, inbox, dispatcher.wake)
    left = await asyncio.to_thread(bot.store.unfinished)
    log.info("slack bot starts", extra={"team": bot.identity.team, "left_behind": len(left)})
    with _signals(ending):
        dispatcher.start()
        async with _connected(app, bot.app_token, ending):
            await ending.asked_for.wait()
            dispatcher.stop()
        log.info("slack bot drains")
        await dispatcher.drain(DRAIN_S)
    return ending.status


def bolt_app(client: AsyncWebClient, identity: Identity) -> AsyncApp:
    """Make Bolt's app, which asks Slack nothing by itself.

    Left alone, Bolt calls `auth.test` at the first event, and loses the event if that fails.
    """
    result = AuthorizeResult(
        enterprise_id=None,
        team_id=identity.team,
        bot_user_id=identity.bot_user,
        bot_id=identity.bot_id,
        bot_token=client.token,
    )

    async def authorize() -> AuthorizeResult:
        return result

    return AsyncApp(client=client, authorize=authorize, logger=logging.getLogger("slack_bolt"))


async def _check(clients: _Clients, app_token: str) -> Identity:
    """Try both tokens, so that a wrong one is told at once and not in a loop of retries."""
    where = clients.calls.base_url
    try:
        known = await clients.calls.auth_test()
    except CALL_ERRORS as error:
        raise _refused(error, where, _FOR_BOT) from error
    granted = str(known.headers.get("x-oauth-scopes", "")).replace(" ", "")
    missing = sorted(set(SCOPES) - set(granted.split(",")))
    if granted and missing:
        raise SlackError(
            f"Slack has not granted the scopes {', '.join(missing)}: update the app's manifest"
            " (footnote slack manifest) and install the app again"
        )
    try:
        await clients.calls.apps_connections_open(app_token=app_token)
    except CALL_ERRORS as error:
        raise _refused(error, where, _FOR_APP) from error
    return Identity(
        team=str(known["team_id"]),
        bot_user=str(known["user_id"]),
        bot_id=str(known.get("bot_id", "")),
    )


def _refused(error: Exception, where: str, token: str) -> SlackError:
    failed = failure(error)
    if failed.fault in {Fault.TOKEN, Fault.CLOSED}:
        return SlackError(f"Slack refuses the token ({failed.code}): check {token}")
    return SlackError(
        f"Slack cannot be reached at {where} ({failed.code}): check the network and try again"
    )


def tokens(settings: Settings) -> tuple[str, str]:
    """Return the bot token and the app token; raises `SlackError` naming all that are missing."""
    wanted = ((settings.slack_bot_token, _FOR_BOT), (settings.slack_app_token, _FOR_APP))
    found = ["" if secret is None else secret.get_secret_value().strip() for secret, _ in wanted]
    missing = [name for token, (_, name) in zip(found, wanted, strict=True) if not token]
    if missing:
        raise SlackError(f"a token is missing: set {'; and '.join(missing)}")
    return found[0], found[1]


def _keep_payloads_out_of_logs() -> None:
    # At DEBUG both write every message to the log, and Bolt does so with a warning too.
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)
    logging.getLogger("slack_sdk").setLevel(logging.INFO)


@contextlib.contextmanager
def _signals(ending: _Ending) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    caught = (signal.SIGTERM, signal.SIGINT)
    for number in caught:
        loop.add_signal_handler(number, ending.on_signal)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _connected(app: AsyncApp, app_token: str, ending: _Ending) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(app, app_token)
    connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]  # Bolt's own
    watching = asyncio.create_task(_watch(handler, ending))
    try:
        yield
    finally:
        for task in (watching, connecting):
            task.cancel()
        await asyncio.wait([watching, connecting])
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt's own


async def _watch(handler: AsyncSocketModeHandler, ending: _Ending) -> None:
    lost_s = 0.0
    while lost_s < LOST_AFTER_S:
        await asyncio.sleep(WATCH_S)
        if await handler.client.is_connected():
            lost_s = 0.0
            continue
        lost_s += WATCH_S
        # The client tries the same address again and again; an address holds for one try.
        handler.client.wss_uri = None
        log.warning("no connection to slack", extra={"seconds": lost_s})
    log.error("connection to slack lost")
    ending.fail()
