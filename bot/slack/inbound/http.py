"""HTTP server: Slack events with verified signatures, health and metrics."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.errors import SlackError

log = logging.getLogger(__name__)

EVENTS_PATH: Final = "/slack/events"
MAX_BODY_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int


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
async def served(address: Address, health: Health, bolt: AsyncApp | None) -> AsyncIterator[int]:
    """Listen on *address* while the context is open; yield the port.

    Args:
        address: Port 0 takes any free one.
        health: Gives the data of the health and metrics pages.
        bolt: Takes Slack's events; None if they come by Socket Mode.

    Raises:
        SlackError: The port is in use or not permitted.
    """
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready(health))
    app.router.add_get("/metrics", _metrics(health))
    if bolt is not None:
        app.router.add_post(EVENTS_PATH, _events(bolt))
    runner = web.AppRunner(app, access_log=None)
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


def _events(bolt: AsyncApp) -> Answer:
    async def events(request: web.Request) -> web.StreamResponse:
        # Bolt raises if the time stamp is not a number, and Slack would count that as a failure.
        if not request.headers.get("X-Slack-Request-Timestamp", "").isdigit():
            return web.Response(status=401)
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    return events


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
