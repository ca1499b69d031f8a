"""Run the Slack bot: check the setup at the start, finish open work at the end."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from footnote_qa.bot.settings import Settings
from footnote_qa.bot.slack.composition import Bot, Parts
from footnote_qa.bot.slack.documents import DocumentCatalog
from footnote_qa.bot.slack.feature_plugins import Feature
from footnote_qa.bot.slack.features import (
    additions,
    app_home,
    channel_commands,
    commands,
    feedback,
    handoff,
    send_digests,
)
from footnote_qa.bot.slack.inbound import Address, Directory, Events, Health, register, served
from footnote_qa.bot.slack.outbound import Clients
from footnote_qa.bot.slack.responder import Engine
from footnote_qa.bot.slack.rotation import Rotation
from footnote_qa.bot.slack.tokens import Identity, identify, secrets
from footnote_qa.bot.state import QuestionRepository

if TYPE_CHECKING:
    from footnote_qa.index.replication import StoreState

log = logging.getLogger(__name__)

DRAIN_S: Final = 20.0
WAITING_THREADS: Final = 32
CALL_TIMEOUT_S: Final = 30.0
MAX_CONNECTIONS: Final = 64
PING_S: Final = 5.0
"""A connection is dead if four pings in a row are not answered."""
WATCH_S: Final = 10.0
UNREADY_AFTER_S: Final = 60.0
LOST_AFTER_S: Final = 300.0
PRUNE_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The services behind the Slack bot.

    Attributes:
        engine: Finds answers.
        store: Holds the questions; those left by an earlier process are answered first.
        library: Facts about the documents; None for a home page without a list of documents.
        answers: Folder of the approved answers.
        answers_are_indexed: Whether that folder is one of the sources.
        spend: Spending on models, in lines for administrators.
        http: Address for Slack's events; None takes them by Socket Mode.
        health: Address of the health page in Socket Mode; None has no health page.
        reload: Reads the settings again, for new tokens and keys; None takes up none.
        index_store: How the last looks into the index store went; None if there is no such store.
        groups: Groups of the sources; None if there are none.
        features: What plug-ins add.
    """

    engine: Engine
    store: QuestionRepository
    answers: Path
    library: DocumentCatalog | None = None
    answers_are_indexed: bool = False
    spend: Callable[[], list[str]] = list
    http: Address | None = None
    health: Address | None = None
    reload: Callable[[], Settings] | None = None
    index_store: "Callable[[], StoreState] | None" = None
    groups: Directory | None = None
    features: tuple[Feature, ...] = ()


class _Ending:
    """Why the process ends, and how fast."""

    def __init__(self, bot: Bot) -> None:
        self.status = 0
        self.asked_for = asyncio.Event()
        self._bot = bot

    def on_signal(self) -> None:
        if self.asked_for.is_set():
            self._bot.dispatcher.hurry()
        self.asked_for.set()

    @property
    def trouble(self) -> str:
        """Why no more questions should be sent; "" if it is not ending."""
        return "the bot is stopping" if self.asked_for.is_set() else ""

    def fail(self) -> None:
        self.status = 1
        self.asked_for.set()


async def run(settings: Settings, service: Service) -> int:
    """Serve Slack until a signal ends it.

    Args:
        settings: Tokens, limits, and rules of each channel.
        service: The services to use.

    Returns:
        0 after SIGTERM or SIGINT, 1 if Slack is gone or has revoked the token.

    Raises:
        SlackError: A token is missing or refused, or Slack cannot be reached; nothing was started.
    """
    known = secrets(settings, http=service.http is not None)
    if service.store.database.is_remote:
        # Threads wait while a server cannot be reached, and others must still get their turn.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(WAITING_THREADS))
    _keep_payloads_out_of_logs()
    timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
    pool = aiohttp.TCPConnector(limit=MAX_CONNECTIONS)
    async with aiohttp.ClientSession(timeout=timeout, connector=pool) as session:
        clients = Clients(token=known.bot_token, base_url=settings.slack_api_url, session=session)
        identity = await identify(clients.calls, None if service.http else known.second)
        parts = Parts(
            clients=clients,
            identity=identity,
            engine=service.engine,
            store=service.store,
            library=service.library,
            answers=service.answers,
            answers_are_indexed=service.answers_are_indexed,
            spend=service.spend,
            index_store=service.index_store,
            groups=service.groups,
            features=service.features,
            owner=uuid4().hex,
            started_at=time.time(),
        )
        bot = Bot(settings.slack, parts)
        app = bolt_app(
            clients.calls, identity, signing_secret=known.second if service.http else None
        )
        events = Events(bolt=app, signing_secret=known.second) if service.http else None
        rotation = Rotation(
            clients=clients,
            team=identity.team,
            read=service.reload or (lambda: settings),
            known=known,
            events=events,
        )
        return await _serve(bot, app, service, rotation)


async def _serve(bot: Bot, app: AsyncApp, service: Service, rotation: Rotation) -> int:  # noqa: PLR0917 its four parts
    ending = _Ending(bot)
    bot.on_fatal = ending.fail
    connect(app, bot, ending.fail)
    left = await asyncio.to_thread(service.store.unfinished)
    details = {"team": bot.parts.identity.team, "left_behind": len(left)}
    log.info("slack bot starts", extra=details)
    link = _Link()

    async def trouble() -> str:
        return ending.trouble or await bot.trouble(heard=link.is_heard)

    health = Health(trouble=trouble, metrics=bot.metrics(lambda: link.is_heard))
    address = service.http or service.health
    with _signals(ending, rotation):
        async with AsyncExitStack() as page:
            # To the end: it asks a load balancer to send no more, and keeps what still comes
            if address is not None:
                await page.enter_async_context(served(address, health, rotation.events))
            async with AsyncExitStack() as stack:
                bot.dispatcher.start()
                pruning = asyncio.create_task(_hourly(bot))
                if rotation.events is None:
                    await stack.enter_async_context(
                        _connected(app, rotation, link=link, ending=ending)
                    )
                await ending.asked_for.wait()
                bot.dispatcher.stop()
            pruning.cancel()
            log.info("slack bot drains")
            await bot.dispatcher.drain(DRAIN_S)
        await bot.lifecycle.drain()
        await bot.indicator.drain()
    return ending.status


def connect(app: AsyncApp, bot: Bot, gone: Callable[[], None]) -> None:
    """Register all event listeners of the app."""
    bot.lifecycle.register(app, bot.dispatcher, gone)
    for part in (commands, channel_commands, feedback, handoff, app_home, additions):
        part.register(app, bot.deps)
    register(
        app,
        bot.inbox,
        wake=bot.dispatcher.wake,
        greet=bot.indicator.greet,
        withdrawn=lambda taken: bot.lifecycle.withdrawn(bot.dispatcher, taken),
    )


def bolt_app(
    client: AsyncWebClient, identity: Identity, *, signing_secret: str | None = None
) -> AsyncApp:
    """Create Bolt's app, which makes no Slack request by itself.

    By default, Bolt calls `auth.test` at the first event, and loses the event if that fails.
    """

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=identity.team,
            bot_user_id=identity.bot_user,
            bot_id=identity.bot_id,
            bot_token=client.token,  # as it is now: it may be rotated
        )

    return AsyncApp(
        client=client,
        authorize=authorize,
        signing_secret=signing_secret,
        # `inbound.http` has verified it, also with a secret that was rotated since
        request_verification_enabled=False,
        logger=logging.getLogger("slack_bolt"),
    )


async def _hourly(bot: Bot) -> None:
    while True:
        try:
            await asyncio.to_thread(bot.prune)
        except Exception:  # whatever it is, the bot continues to answer
            log.exception("old records not erased")
        try:
            await send_digests(bot.deps, datetime.now(UTC))
        except Exception:
            log.exception("digests not sent")
        await asyncio.sleep(PRUNE_S)


def _keep_payloads_out_of_logs() -> None:
    # At DEBUG both write every message to the log; Bolt also does so in a warning.
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)
    logging.getLogger("slack_sdk").setLevel(logging.INFO)


@contextlib.contextmanager
def _signals(ending: _Ending, rotation: Rotation) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    rotating: set[asyncio.Task[None]] = set()

    def rotate() -> None:
        task = loop.create_task(rotation.rotate())
        rotating.add(task)
        task.add_done_callback(rotating.discard)

    caught = {
        signal.SIGTERM: ending.on_signal,
        signal.SIGINT: ending.on_signal,
        signal.SIGHUP: rotate,
    }
    for number, act in caught.items():
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


class _Link:
    """How long nothing has been received from Slack."""

    lost_s = 0.0

    @property
    def is_heard(self) -> bool:
        return self.lost_s < UNREADY_AFTER_S


@asynccontextmanager
async def _connected(
    app: AsyncApp, rotation: Rotation, *, link: _Link, ending: _Ending
) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(app, rotation.known.second, ping_interval=PING_S)
    rotation.socket = handler.client
    connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]  # Bolt's own
    watching = asyncio.create_task(_watch(handler, link, ending))
    try:
        yield
    finally:
        for task in (watching, connecting):
            task.cancel()
        await asyncio.wait([watching, connecting])
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt's own


async def _watch(handler: AsyncSocketModeHandler, link: _Link, ending: _Ending) -> None:
    while link.lost_s < LOST_AFTER_S:
        await asyncio.sleep(WATCH_S)
        if await handler.client.is_connected():
            link.lost_s = 0.0
            continue
        link.lost_s += WATCH_S
        # The client repeats the same address forever, but an address is valid for one try only.
        handler.client.wss_uri = None
        log.warning("no connection to slack", extra={"seconds": link.lost_s})
    log.error("connection to slack lost")
    ending.fail()
