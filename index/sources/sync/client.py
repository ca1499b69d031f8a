"""HTTP for connectors: retries, Retry-After, expired tokens and limits of size, in one place."""

import logging
import random
import socket
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.fetching import is_public
from footnote_qa.index.sources.names import too_big
from footnote_qa.index.sources.sync.clock import Clock, SystemClock
from footnote_qa.index.sources.sync.contract import ItemError

log = logging.getLogger(__name__)

USER_AGENT: Final = "footnote"
_TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
_TRIES: Final = 6
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_MOST_JSON_BYTES: Final = 64_000_000
_MAX_REDIRECTS: Final = 5
_TOO_MANY, _OK, _NOT_MODIFIED = 429, 200, 304
_UNAUTHORISED, _FORBIDDEN = 401, 403
_GONE: Final = frozenset({404, 410})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PASSING: Final = frozenset({408, 425, 500, 502, 503, 504})

Json = Any
"""JSON of a service: only what a connector asks for is looked at, and checked there."""


class MissingError(ItemError):
    """The service has nothing at this address, or the account may not know of it."""


class ForbiddenError(ItemError):
    """The account may not read this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of the service.

    Attributes:
        status: 200 or 304.
        headers: With names in lower case.
        content: The body, decompressed; empty with 304.
        url: The address that answered, after redirects.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Form:
    """Fields that are posted as a form, not as JSON."""

    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """How a service is talked to.

    Attributes:
        headers: Sent with every request to the service itself, such as the token; never elsewhere.
        token_name: The variable with the token, for messages; "" if there is none.
        service: The name of the service, for messages.
        patience_s: Longest time that one request may wait for the service's limits.
        clock: Time; a test brings its own.
        is_limit: Whether an answer with this status and these headers asks to wait.
        limit_reasons: Words in an answer with status 403 that ask to wait.
        authorise: Returns the headers that sign in; True asks for new ones.
        is_public: Whether only addresses on the public internet may be called.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    token_name: str = ""
    service: str = "the service"
    patience_s: float = 900.0
    clock: Clock = field(default_factory=SystemClock)
    is_public: bool = False
    limit_reasons: frozenset[str] = frozenset()
    authorise: Callable[[bool], Mapping[str, str]] | None = None
    is_limit: Callable[[int, Mapping[str, str]], bool] = lambda status, _: status == _TOO_MANY


class Client:
    """Reads from one service. May be used from several threads.

    Args:
        base: Address of the service.
        options: How to talk to it.
    """

    def __init__(self, base: str, options: ClientOptions) -> None:
        self.base = base.rstrip("/")
        self._options = options
        self._origin = _origin(base)
        self._http = httpx.Client(
            timeout=_TIMEOUT,
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT},
            transport=_PublicTransport() if options.is_public else None,
            # A proxy would resolve names itself
            trust_env=not options.is_public,
        )
        self._closing = weakref.finalize(self, self._http.close)
        self._lock = threading.Lock()
        self._not_before = 0.0  # on the clock `monotonic`: all threads wait for a limit together

    def json(
        self, path: str, parameters: Mapping[str, str | int] | None = None, **asked: Json
    ) -> Json:
        """Return the JSON at *path*.

        Raises:
            SourceError: The service cannot be reached, or refuses the token.
            ItemError: Not there, not allowed, or not JSON.
        """
        return self.json_of(self.reply(path, parameters, max_bytes=_MOST_JSON_BYTES, **asked))

    def json_of(self, reply: Reply) -> Json:
        """Return the JSON of a reply; raises `ItemError`."""
        try:
            return httpx.Response(200, content=reply.content).json()
        except ValueError as error:
            raise ItemError(f"{self._options.service} answers with something else than JSON") from (
                error
            )

    def pages(
        self, path: str, parameters: Mapping[str, str | int], next_of: Callable[[Json], str | None]
    ) -> Iterator[Json]:
        """Yield each page of a list; *next_of* returns the address of the page after one."""
        address: str | None = path
        first: Mapping[str, str | int] | None = parameters
        seen: set[str] = set()
        while address is not None:
            if address in seen:
                raise SourceError(f"{self._options.service} lists the same page without end")
            seen.add(address)
            page = self.json(address, first)
            yield page
            address, first = next_of(page), None

    def reply(
        self,
        path: str,
        parameters: Mapping[str, str | int] | None = None,
        *,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        body: Json = None,
    ) -> Reply:
        """Return what the service says, after waiting out its limits and passing faults.

        Args:
            path: Below the base, or an address of the same service.
            parameters: Of the query.
            max_bytes: Most bytes of the body.
            headers: Besides those of every request.
            body: Posted as JSON, or a `Form`; None gets.

        Raises:
            SourceError: The service cannot be reached, or refuses the token.
            ItemError: Not there, not allowed or too large.
        """
        url = self._absolute(path)
        clock = self._options.clock
        until = clock.monotonic() + self._options.patience_s
        why = ""
        for attempt in range(_TRIES):
            self._wait(until)
            try:
                reply, pause = self._once(url, parameters, max_bytes, headers or {}, body)
            except (httpx.TransportError, httpx.DecodingError) as error:
                reply, pause, why = None, None, f"cannot be reached ({type(error).__name__})"
            else:
                if reply is not None:
                    return reply
                why = "does not answer now"
            if attempt == _TRIES - 1:
                break
            # Not all clients try again in the same moment
            usual = min(_FIRST_PAUSE_S * 2**attempt, _LONGEST_PAUSE_S) * random.uniform(0.8, 1.2)  # noqa: S311
            self._pause(usual if pause is None else pause)
        raise SourceError(f"{self._options.service} at {urlsplit(url).hostname} {why}: try later")

    def _absolute(self, path: str) -> str:
        url = path if "://" in path else f"{self.base}/{path.lstrip('/')}"
        if _origin(url) != self._origin:
            raise SourceError(f"{self._options.service} leads to another host: {_origin(url)}")
        return url

    def resolved(self, path: str) -> str:
        """Return the address of a link that the service gives, from the root of its host."""
        return urljoin(f"{self.base}/", path)

    def _wait(self, until: float) -> None:
        clock = self._options.clock
        with self._lock:
            pause = self._not_before - clock.monotonic()
        if pause <= 0:
            return
        if clock.monotonic() + pause > until:
            raise SourceError(
                f"{self._options.service} asks to wait for {pause:.0f} s: try again after that"
            )
        clock.sleep(pause)

    def _pause(self, seconds: float) -> None:
        clock = self._options.clock
        log.info("waiting for a source", extra={"seconds": round(seconds, 1)})
        with self._lock:
            self._not_before = max(self._not_before, clock.monotonic() + seconds)

    def _once(  # noqa: PLR0917  one after the other
        self,
        url: str,
        parameters: Mapping[str, str | int] | None,
        max_bytes: int,
        headers: Mapping[str, str],
        body: Json,
    ) -> tuple[Reply | None, float | None]:
        """Return the reply; or None, and how long to wait if the service says so."""
        is_renewed = False
        for _ in range(_MAX_REDIRECTS + 1):
            sent = {**self._own_headers(url, is_refused=is_renewed), **headers}
            form = body.fields if isinstance(body, Form) else None
            with self._http.stream(
                "GET" if body is None else "POST",
                url,
                params=parameters or None,
                headers=sent,
                json=body if form is None else None,
                data=form,
            ) as answer:
                given = {name.lower(): value for name, value in answer.headers.items()}
                if answer.status_code in _REDIRECTS:
                    url, parameters = self._redirected(url, given.get("location", "")), None
                    continue
                if answer.status_code in _PASSING or self._is_limit(answer, given):
                    return None, self._retry_after(given)
                if answer.status_code == _UNAUTHORISED and self._options.authorise:
                    is_renewed, was = True, is_renewed
                    if not was:
                        continue
                self._refuse(answer.status_code)
                content = b"" if answer.status_code == _NOT_MODIFIED else _body(answer, max_bytes)
                return Reply(
                    status=answer.status_code, headers=given, content=content, url=str(answer.url)
                ), None
        raise ItemError("it redirects too often")

    def _own_headers(self, url: str, *, is_refused: bool) -> Mapping[str, str]:
        """Return what is sent to the service itself; nothing of it goes elsewhere."""
        if _origin(url) != self._origin:
            return {}
        authorise = self._options.authorise
        return {**self._options.headers, **(authorise(is_refused) if authorise else {})}

    def _is_limit(self, answer: httpx.Response, headers: Mapping[str, str]) -> bool:
        if self._options.is_limit(answer.status_code, headers):
            return True
        if answer.status_code != _FORBIDDEN or not self._options.limit_reasons:
            return False
        text = _body(answer, _MOST_JSON_BYTES).decode(errors="replace")
        return any(reason in text for reason in self._options.limit_reasons)

    def _redirected(self, url: str, location: str) -> str:
        there = urljoin(url, location)
        if urlsplit(there).scheme != "https" and _origin(there) != self._origin:
            raise ItemError("it leads to an address that is not encrypted")
        return there

    def _refuse(self, status: int) -> None:
        """Raise what the status means, unless it is a success."""
        service, name = self._options.service, self._options.token_name
        if status == _UNAUTHORISED:
            what = f"the token in {name}" if name else "access without a token"
            raise SourceError(
                f"{service} refuses {what}: it has expired, was revoked or lacks a permission;"
                " make a new one"
            )
        if status == _FORBIDDEN:
            raise ForbiddenError(f"the account may not read it in {service}")
        if status in _GONE:
            raise MissingError(f"{service} has it no more, or hides it from the account")
        if not (_OK <= status < 300 or status == _NOT_MODIFIED):  # noqa: PLR2004  success
            raise ItemError(f"{service} answers with status {status}")

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        """Return how long the service asks to wait; None if it does not say."""
        text = headers.get("retry-after", "").strip()
        if not text and headers.get("x-ratelimit-remaining") == "0":
            reset = headers.get("x-ratelimit-reset", "")
            return (
                max(1.0, float(reset) - self._now(headers).timestamp())
                if (reset.isdigit())
                else None
            )
        if not text:
            return None
        try:
            return max(0.0, float(text))
        except ValueError:
            pass
        try:
            then = parsedate_to_datetime(text)
        except ValueError:
            return None
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(0.0, (then - self._now(headers)).total_seconds())

    def _now(self, headers: Mapping[str, str]) -> datetime:
        """Return the service's own time if it says it: this machine's clock may be wrong."""
        try:
            then = parsedate_to_datetime(headers.get("date", ""))
        except ValueError:
            return self._options.clock.now()
        return then if then.tzinfo else then.replace(tzinfo=UTC)

    def close(self) -> None:
        """Close its connections."""
        self._closing()


class _PublicTransport(httpx.HTTPTransport):
    """Calls public addresses alone; the address that is checked is the one that is called."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        try:
            found = socket.getaddrinfo(host, request.url.port or 443, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx.ConnectError(f"{host} is not known") from error
        public = [str(one[4][0]) for one in found if is_public(str(one[4][0]))]
        if not public:
            raise SourceError(
                f"{host} is not on the public internet: set allow_private if that is meant"
            )
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=public[0])  # the header Host keeps the name
        return super().handle_request(request)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def _body(answer: httpx.Response, max_bytes: int) -> bytes:
    content = bytearray()
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > max_bytes:
            told = int(answer.headers.get("content-length") or 0)
            raise ItemError(too_big(max(told, len(content)), max_bytes))
    return bytes(content)
