"""Serve the pages until the process gets a signal to stop."""

import asyncio
import contextlib
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvicorn

from footnote_qa.bot.errors import WebError
from footnote_qa.bot.state import (
    AnswerRepository,
    AskedRepository,
    Database,
    KeyRepository,
    SessionRepository,
)
from footnote_qa.bot.web.app import application
from footnote_qa.bot.web.backend import Backend
from footnote_qa.bot.web.cases import NewCase
from footnote_qa.bot.web.operations import Operations
from footnote_qa.bot.web.overview import Overviews
from footnote_qa.bot.web.rate_limits import RateLimit
from footnote_qa.bot.web.visits import Site
from footnote_qa.bot.web_settings import WebSettings

HOST: Final = "127.0.0.1"
TOKEN: Final = "token"  # noqa: S105 - the way people sign in
GUESSES_PER_MINUTE: Final = 10
_TOKEN_BYTES: Final = 32
_STOP_WITHIN_S: Final = 5
_HOUR_S: Final = 3600


def site_of(  # noqa: PLR0913 - its parts, passed in once
    settings: WebSettings,
    database: Database,
    backend: Backend,
    *,
    answers_folder: Path,
    add_case: Callable[[NewCase], bool],
    operations: Operations,
    answers_are_indexed: bool = False,
    case_file: str = "questions.jsonl",
    stale: Callable[[], str] = lambda: "",
    token: str | None = None,
) -> Site:
    """Return the parts of the pages for one person on this machine.

    Args:
        settings: How to answer.
        database: The state.
        backend: The index and the engine.
        answers_folder: Folder of the verified answers.
        add_case: Adds a question to the question set; returns whether it was not there yet.
        operations: Things that only operators use.
        answers_are_indexed: Whether the folder of the verified answers is one of the sources.
        case_file: Name of the question set.
        stale: Changes in the documents since the build, in words.
        token: Opens a session; None makes a new one.
    """
    return Site(
        backend=backend,
        answers=AnswerRepository(database),
        sessions=SessionRepository(database, via=TOKEN, lasts_s=settings.session_hours * _HOUR_S),
        keys=KeyRepository(database),
        settings=settings,
        token=token or secrets.token_urlsafe(_TOKEN_BYTES),
        asks=RateLimit(per_minute=settings.questions_per_minute),
        guesses=RateLimit(per_minute=GUESSES_PER_MINUTE),
        running=asyncio.Semaphore(settings.max_concurrent),
        stale=stale,
        answers_folder=answers_folder,
        answers_are_indexed=answers_are_indexed,
        overviews=Overviews(AskedRepository(database)),
        operations=operations,
        add_case=add_case,
        case_file=case_file,
    )


def hosts_of(settings: WebSettings, port: int) -> frozenset[str]:
    """Return the names under which browsers may reach the pages.

    >>> sorted(hosts_of(WebSettings(url="https://docs.example.org"), 80))
    ['127.0.0.1', '127.0.0.1:80', '[::1]', '[::1]:80', 'docs.example.org', 'localhost', \
'localhost:80']
    """
    here = {f"{name}:{port}" for name in (HOST, "localhost", "[::1]")}
    usual = {name.rpartition(":")[0] for name in here} if port == 80 else set()  # noqa: PLR2004
    outside = {urlsplit(settings.url).netloc.lower()} if settings.url else set()
    return frozenset(here | usual | outside)


async def serve(site: Site, *, port: int, begun: Callable[[str], None]) -> None:
    """Serve the pages until the process gets SIGINT or SIGTERM.

    Args:
        site: The parts of the pages.
        port: 0 takes any free one.
        begun: Called with the address that opens the pages.

    Raises:
        WebError: The port is in use.
    """
    with _listening(port) as listener:
        server = _server(site, listener)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.stop)
        begun(_entrance(site, listener))
        await server.serve([listener])


@asynccontextmanager
async def served(site: Site, *, port: int = 0) -> AsyncIterator[str]:
    """Serve the pages while the context is open; yield the address that opens them."""
    with _listening(port) as listener:
        server = _server(site, listener)
        running = asyncio.create_task(server.serve([listener]))
        try:
            while not server.started:  # noqa: ASYNC110 - it sends no event
                await asyncio.sleep(0.01)
            yield _entrance(site, listener)
        finally:
            server.stop()
            await running


def _entrance(site: Site, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"{site.settings.url or f'http://{HOST}:{port}'}/enter?token={site.token}"


class _Server(uvicorn.Server):
    """A server that leaves the signals of the process alone."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]  # theirs is a generator
        return contextlib.nullcontext()

    def stop(self) -> None:
        """End when the requests in progress are answered; a second time, end immediately."""
        self.force_exit = self.should_exit
        self.should_exit = True


def _server(site: Site, listener: socket.socket) -> _Server:
    port = int(listener.getsockname()[1])
    return _Server(
        uvicorn.Config(
            application(site, hosts=hosts_of(site.settings, port)),
            access_log=False,  # an address may have the token
            log_config=None,
            lifespan="off",
            server_header=False,
            date_header=True,
            timeout_graceful_shutdown=_STOP_WITHIN_S,
            h11_max_incomplete_event_size=16_384,
            http="h11",
            ws="none",
            proxy_headers=False,
        )
    )


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise WebError(f"port {port} is in use: choose another with --port") from error
        yield listener
    finally:
        listener.close()
