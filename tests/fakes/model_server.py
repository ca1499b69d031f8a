"""A model server over real HTTP, in the formats of five providers, with scripted faults."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes.model_wires import INPUT_TOKENS, OUTPUT_TOKENS, is_stream, wire_of
from tests.fakes.models import Script, blocks_in

_KEY_HEADERS = ("Authorization", "x-api-key", "api-key", "x-goog-api-key")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The server's behaviour for one request.

    Attributes:
        text: The content of the model's message.
        script: Makes the text from the passages of the request; goes before `text`.
        writes: Makes the text from the last message of the request; goes before both.
        finish_reason: As OpenAI says it; None leaves it null.
        status: HTTP status.
        headers: Further ones.
        body: Sent as it is in place of a completion.
        content_type: Of the body.
        cut: Announce the full length of the body, send half of it and close.
        drop: Number of events of a stream to send before it ends cleanly; None sends all.
        hang: Send nothing until the server stops.
        stall: Send half of the body, then nothing until the server stops.
        drip: Send the body one byte at a time, so slowly that it never ends.
        refuse: Close the connection without a word.
    """

    text: str = ""
    script: Script | None = None
    writes: Callable[[str], str] | None = None
    finish_reason: str | None = "stop"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    content_type: str = "application/json"
    cut: bool = False
    drop: int | None = None
    hang: bool = False
    stall: bool = False
    drip: bool = False
    refuse: bool = False


@dataclass
class ModelServer:
    """Plays its replies in order, the last one again and again.

    Attributes:
        replies: What is still to be played.
        requests: The JSON of each request, with its path and its key beside it.
        billed: (input, output) tokens of each completion that was sent in full.
        refuses: Parameters that are refused with status 400, and what is said then.
    """

    replies: deque[Reply]
    requests: list[dict[str, Any]] = field(default_factory=list)
    billed: list[tuple[int, int]] = field(default_factory=list)
    base_url: str = ""
    refuses: dict[str, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def next_reply(self) -> Reply:
        return self.replies.popleft() if len(self.replies) > 1 else self.replies[0]


@contextmanager
def model_server(*replies: Reply) -> Iterator[ModelServer]:
    """Serve on a free port of the loopback until the block ends."""
    server = ModelServer(replies=deque(replies))
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.base_url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        http.shutdown()
        http.server_close()
        thread.join()


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        played = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept open, as real servers do
    played: ModelServer

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        keys = [self.headers.get(name) for name in _KEY_HEADERS]
        key = next((one for one in keys if one), "")
        self.played.requests.append(sent | {"authorization": key, "path": self.path})
        refused = next((n for n in self.played.refuses if n in json.dumps(sent)), None)
        if refused is not None:
            error = {"message": self.played.refuses[refused], "type": "invalid_request_error"}
            self._send(Reply(status=400, body=json.dumps({"error": error})), sent)
            return
        reply = self.played.next_reply()
        self.close_connection = reply.hang or reply.cut or reply.drip or reply.stall or reply.refuse
        if reply.hang:
            self.played.stopping.wait(30)
        if reply.hang or reply.refuse:
            return
        whole = self._send(reply, sent)
        if whole and reply.status == 200 and reply.body is None:
            self.played.billed.append((INPUT_TOKENS, OUTPUT_TOKENS))

    def _send(self, reply: Reply, sent: dict[str, Any]) -> bool:
        body, content_type = _body(reply, sent, self.path)
        raw = body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(raw)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        if reply.drip:
            self._drip(raw)
            return False
        half = reply.cut or reply.stall
        self.wfile.write(raw[: len(raw) // 2] if half else raw)
        self.wfile.flush()
        if reply.stall:
            self.played.stopping.wait(30)
        return not half

    def _drip(self, body: bytes) -> None:
        for byte in body:
            if self.played.stopping.wait(0.05):
                return
            try:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            except OSError:  # the client has given up, as it should
                return

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


def _body(reply: Reply, sent: dict[str, Any], path: str) -> tuple[str, str]:
    """Return the body and its content type."""
    if reply.body is not None:
        return reply.body, reply.content_type
    wire = wire_of(path)
    text = reply.text
    if reply.script is not None:
        text = reply.script(blocks_in(wire.asked(sent)))
    if reply.writes is not None:
        text = reply.writes(wire.asked(sent))
    if not is_stream(path, sent):
        return json.dumps(wire.complete(text, reply.finish_reason)), reply.content_type
    return "".join(wire.parts(text, reply.finish_reason)[: reply.drop]), wire.streamed
