"""Serve the pages until the process gets a signal to stop."""

import asyncio
import contextlib
import errno
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import uvicorn

from footnote_qa.bot.errors import WebError
from footnote_qa.bot.state import (
    AnswerRepository,
    AskedRepository,
    Database,
    KeyRepository,
    SessionRepository,
    SignInRepository,
)
from footnote_qa.bot.web.app import application
from footnote_qa.bot.web.backend import Backend
from footnote_qa.bot.web.cases import NewCase
from footnote_qa.bot.web.operations import Operations
from footnote_qa.bot.web.overview import Overviews
from footnote_qa.bot.web.rate_limits import RateLimit
from footnote_qa.bot.web.visits import Site
from footnote_qa.bot.web_settings import CALLBACK, WebSettings
from footnote_qa.index.errors import IndexingError
from footnote_qa.index.extras import install

if TYPE_CHECKING:
    from footnote_qa.bot.web.sign_in import SignIn

HOST: Final = "127.0.0.1"
_LOOPBACK: Final = frozenset({HOST, "localhost", "::1"})
TOKEN: Final = "token"  # noqa: S105 - the way people sign in
GUESSES_PER_MINUTE: Final = 10
REQUESTS_PER_MINUTE: Final = 30
"""Of sign-ins of one address; each needs two."""
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
    """Return the parts of the pages.

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
        token: Opens a session in single-user mode; None makes a new one.
    """
    sign_in = _sign_in(settings, database)
    via = TOKEN if sign_in is None else settings.sign_in.version
    return Site(
        backend=backend,
        answers=AnswerRepository(database),
        sessions=SessionRepository(database, via=via, lasts_s=settings.session_hours * _HOUR_S),
        keys=KeyRepository(database),
        settings=settings,
        token="" if sign_in else token or secrets.token_urlsafe(_TOKEN_BYTES),
        sign_in=sign_in,
        groups_of=lambda email: _groups_of(backend, email),
        asks=RateLimit(per_minute=settings.questions_per_minute),
        guesses=RateLimit(per_minute=REQUESTS_PER_MINUTE if sign_in else GUESSES_PER_MINUTE),
        running=asyncio.Semaphore(settings.max_concurrent),
        stale=stale,
        answers_folder=answers_folder,
        answers_are_indexed=answers_are_indexed,
        overviews=Overviews(AskedRepository(database)),
        operations=operations,
        add_case=add_case,
        case_file=case_file,
    )


def _sign_in(settings: WebSettings, database: Database) -> "SignIn | None":
    """Return how people sign in; None in single-user mode, and then its library is not needed.

    Raises:
        WebError: The library is missing.
    """
    if not settings.sign_in.is_on:
        return None
    try:
        from footnote_qa.bot.web.sign_in import Provider, SignIn  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise WebError(f"web.sign_in needs a package that is missing: {install('oidc')}") from error
    provider = Provider(settings.sign_in, redirect=f"{settings.url}{CALLBACK}")
    return SignIn(provider=provider, attempts=SignInRepository(database))


def _groups_of(backend: Backend, email: str) -> frozenset[str]:
    """Return the groups in the sources of an address; none if there is no index."""
    try:
        access = backend.opened().index.access
    except IndexingError:
        return frozenset()
    return access.groups_of([email])


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


async def serve(site: Site, *, port: int, begun: Callable[[str], None], host: str = HOST) -> None:
    """Serve the pages until the process gets SIGINT or SIGTERM.

    Args:
        site: The parts of the pages.
        host: Address of this machine to listen on.
        port: 0 takes any free one.
        begun: Called with the address that opens the pages.

    Raises:
        WebError: The port is in use; or other machines could reach it, and nobody has to sign in.
    """
    if host not in _LOOPBACK and site.sign_in is None:
        raise WebError(f"--host {host} needs a way to sign in: set web.sign_in in the settings")
    with _listening(port, host) as listener:
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
    address = site.settings.url or f"http://{HOST}:{port}"
    return address if site.sign_in else f"{address}/enter?token={site.token}"


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
            # Only so are the addresses of people behind a proxy known, for the rate limits
            proxy_headers=bool(site.settings.proxies),
            forwarded_allow_ips=list(site.settings.proxies),
        )
    )


@contextlib.contextmanager
def _listening(port: int, host: str = HOST) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise WebError(f"{host} port {port} cannot be used: {error.strerror}") from error
            raise WebError(f"port {port} is in use: choose another with --port") from error
        yield listener
    finally:
        listener.close()
