"""HTTP server: Slack events with verified signatures, health and metrics."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp

from footnote_qa.bot.errors import MalformedRequestError, SlackError
from footnote_qa.bot.slack.inbound.requests import answer_odd_payloads, dispatched, is_signed, parse

log = logging.getLogger(__name__)

EVENTS_PATH: Final = "/slack/events"
MAX_BODY_BYTES: Final = 1024 * 1024
RECEIVE_S: Final = 10.0
"""The time for a request to come in; a connection whose request is incomplete then is closed."""
OVERLAP_S: Final = 600.0
"""How long after a rotation the signing secret before is accepted."""
LINGER_S: Final = 1.0
"""How long the rest of a refused request is read, so that its sender can read the refusal."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int


@dataclass(slots=True, kw_only=True)
class Events:
    """Where Slack's events go.

    Attributes:
        bolt: Takes them.
        signing_secret: Slack signs each request with it; never shown.
        previous_secret: The one before a rotation, which Slack may have used a moment ago.
    """

    bolt: AsyncApp
    signing_secret: str = field(repr=False)
    previous_secret: str = field(default="", repr=False)
    previous_until: float = 0.0

    def use(self, signing_secret: str) -> None:
        """Expect another secret from now on, and for some minutes also the one before."""
        if signing_secret != self.signing_secret:
            self.previous_secret = self.signing_secret
            self.previous_until = time.monotonic() + OVERLAP_S
            self.signing_secret = signing_secret

    def expects(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Return whether Slack signed a request; never raises."""
        if is_signed(body, headers, self.signing_secret):
            return True
        overlaps = bool(self.previous_secret) and time.monotonic() < self.previous_until
        return overlaps and is_signed(body, headers, self.previous_secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The bot's health.

    Attributes:
        trouble: Why it cannot answer right now; "" if it can.
        metrics: Metrics in the text format of Prometheus.
    """

    trouble: Callable[[], Awaitable[str]]
    metrics: Callable[[], Awaitable[str]]


def parse_address(text: str) -> Address:
    """Read an address such as "8080" or "127.0.0.1:8080"; raises `SlackError`.

    >>> parse_address("8080"), parse_address("[::1]:80")
    (Address(host='127.0.0.1', port=8080), Address(host='::1', port=80))
    """
    host, _, port = text.rpartition(":")
    if not port.isdigit() or not 0 <= int(port) < 65_536:  # noqa: PLR2004 the number of ports
        raise SlackError(f"{text!r} is not an address to listen on: write PORT or HOST:PORT")
    return Address(host=host.strip("[]") or "127.0.0.1", port=int(port))


@asynccontextmanager
async def served(address: Address, health: Health, events: Events | None) -> AsyncIterator[int]:
    """Listen on *address* while the context is open; yield the port.

    Args:
        address: Port 0 takes any free one.
        health: Gives the data of the health and metrics pages.
        events: Where Slack's events go; None if they come by Socket Mode.

    Raises:
        SlackError: The port is in use or not permitted.
    """
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_close_after_response])
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready(health))
    app.router.add_get("/metrics", _metrics(health))
    if events is not None:
        answer_odd_payloads(events.bolt)
        app.router.add_post(EVENTS_PATH, _receive(events))
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_wire_log(),
        keepalive_timeout=RECEIVE_S,  # also closes a connection that sent half a header
        lingering_time=LINGER_S,
        auto_decompress=False,  # the signature is that of the bytes as they come
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as error:
        await runner.cleanup()
        where = f"{address.host}:{address.port}"
        raise SlackError(f"cannot listen on {where} ({error.strerror}): choose another") from error
    port = int(runner.addresses[0][1])
    log.info("listening", extra={"host": address.host, "port": port})
    try:
        yield port
    finally:
        await runner.cleanup()


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _receive(events: Events) -> Answer:
    async def receive(request: web.Request) -> web.StreamResponse:
        try:
            async with asyncio.timeout(RECEIVE_S):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        except (web.RequestPayloadError, ConnectionError):
            return web.Response(status=400)
        if not events.expects(body, request.headers):
            return web.Response(status=401)
        try:
            parsed = parse(body, request.headers, query=request.query_string)
        except MalformedRequestError as error:
            log.warning("malformed request", extra={"reason": str(error)})
            return web.Response(status=400)
        return await to_aiohttp_response(await dispatched(events.bolt, parsed))

    return receive


def _wire_log() -> logging.Logger:
    wire = logging.getLogger(f"{__name__}.wire")
    wire.addFilter(_without_trace_of_bad_http)
    return wire


def _without_trace_of_bad_http(record: logging.LogRecord) -> bool:
    """Make what anybody can send a warning in one line; aiohttp logs it as an error of ours."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.exc_info, record.exc_text = None, None
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    return True


@web.middleware
async def _close_after_response(request: web.Request, handler: Answer) -> web.StreamResponse:
    # A limit short enough for half a header is too short for a load balancer's idle connections:
    # it would send an event just when we close. With one request each, there are none.
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        refusal.force_close()
        raise
    response.force_close()
    return response


async def _alive(_: web.Request) -> web.StreamResponse:
    return web.Response(text="ok\n")


def _ready(health: Health) -> Answer:
    async def ready(_: web.Request) -> web.StreamResponse:
        trouble = await health.trouble()
        return web.Response(text=f"{trouble or 'ok'}\n", status=503 if trouble else 200)

    return ready


def _metrics(health: Health) -> Answer:
    async def metrics(_: web.Request) -> web.StreamResponse:
        return web.Response(
            text=await health.metrics(), headers={"Content-Type": "text/plain; version=0.0.4"}
        )

    return metrics
