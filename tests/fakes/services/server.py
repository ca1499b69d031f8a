"""A base for every fake service: a server on loopback, its faults, and what was asked of it."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True)
class Request:
    """A client's request."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The reply of the service; JSON unless it is bytes."""

    status: int = 200
    value: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


NOT_FOUND = Answer(status=404, value={"message": "not found"})
FORBIDDEN = Answer(status=403, value={"message": "forbidden"})
UNAUTHORISED = Answer(status=401, value={"message": "unauthorised"})


class FakeClock:
    """Time that passes when somebody waits for it.

    Attributes:
        slept: How long each wait was.
    """

    def __init__(self, *, skew: timedelta = timedelta()) -> None:
        self.slept: list[float] = []
        self._s = 1000.0
        self._skew = skew
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self._s

    def now(self) -> datetime:
        return datetime.now(UTC) + self._skew

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._s += seconds


class FakeService:
    """A service whose replies a subclass gives.

    Attributes:
        address: Where it is, without a slash at the end.
        asked: Every request, in order.
        token: The one that is valid now.
        faults: Replies to give instead of the next ones.
        on_request: Called before each reply.
    """

    def __init__(self) -> None:
        self.address = ""
        self.asked: list[Request] = []
        self.token = "t0ken-of-the-test"
        self.faults: list[Answer] = []
        self.expires_after_bodies: int | None = None
        self.on_body: Callable[[int], None] = lambda _: None
        self.lock = threading.RLock()
        self._bodies = 0
        self.unauthorised = UNAUTHORISED

    def is_body(self, request: Request) -> bool:
        """Return whether a request fetches the text of an item."""
        raise NotImplementedError

    def is_allowed(self, request: Request) -> bool:
        """Return whether the token of a request is valid."""
        names = ("Authorization", "authorization")
        return any(self.token in request.headers.get(name, "") for name in names)

    def reply(self, request: Request) -> Answer:
        """Return the reply to a valid request."""
        raise NotImplementedError

    @property
    def bodies(self) -> list[str]:
        """The bodies fetched since `forget`."""
        return [one.path for one in self.asked if self.is_body(one)]

    def forget(self) -> None:
        """Forget what was asked."""
        with self.lock:
            self.asked.clear()

    def answer(self, request: Request) -> Answer:
        with self.lock:
            self.asked.append(request)
            if self.is_body(request):
                self._bodies += 1
                self.on_body(self._bodies)
                if self.expires_after_bodies is not None:
                    self.expires_after_bodies -= 1
                    if self.expires_after_bodies < 0:
                        self.token = "another"
            if self.faults:
                return self.faults.pop(0)
            if not self.is_allowed(request):
                return self.unauthorised
            return self.reply(request)


@contextmanager
def serving(service: FakeService) -> Iterator[None]:
    """Serve *service* on loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def do_HEAD(self) -> None:
            self._do()

        def _do(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length) if length else b""
            try:
                body = json.loads(sent) if sent else None
            except ValueError:
                body = dict(parse_qsl(sent.decode()))
            answer = service.answer(
                Request(
                    method=self.command,
                    path=parts.path,
                    query=dict(parse_qsl(parts.query)),
                    headers=dict(self.headers.items()),
                    body=body,
                )
            )
            content = (
                answer.value
                if isinstance(answer.value, bytes)
                else json.dumps(answer.value).encode()
            )
            if answer.status == 304:
                content = b""
            self.send_response(answer.status)
            if "Content-Type" not in answer.headers and not isinstance(answer.value, bytes):
                self.send_header("Content-Type", "application/json")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        # A client that was killed is no error of the server
        handle_error = lambda self, request, client_address: None  # noqa: E731, ARG005

    with Server(("127.0.0.1", 0), Handler) as server:
        service.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
