"""A chat-completions server over real HTTP whose replies and faults are scripted."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server does with one request.

    Attributes:
        text: The content of the model's message.
        finish_reason: As on the wire; None leaves it null.
        status: HTTP status.
        body: Sent as it is in place of a completion.
        content_type: Of the body.
        cut: Announce the whole body, send half of it and close.
        hang: Send nothing until the server stops.
        drip: Send the body one byte at a time, so slowly that it never ends.
    """

    text: str = ""
    finish_reason: str | None = "stop"
    status: int = 200
    body: str | None = None
    content_type: str = "application/json"
    cut: bool = False
    hang: bool = False
    drip: bool = False


@dataclass
class ModelServer:
    """Plays its replies in order, the last one again and again.

    Attributes:
        replies: What is still to be played.
        requests: The JSON of each request, with its `authorization` header beside it.
    """

    replies: deque[Reply]
    requests: list[dict[str, Any]] = field(default_factory=list)
    base_url: str = ""
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
        beside = {"authorization": self.headers.get("Authorization", ""), "path": self.path}
        self.played.requests.append(sent | beside)
        reply = self.played.next_reply()
        self.close_connection = reply.hang or reply.cut or reply.drip
        if reply.hang:
            self.played.stopping.wait(30)
            return
        body = (reply.body if reply.body is not None else _completion(reply)).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reply.drip:
            self._drip(body)
        else:
            self.wfile.write(body[: len(body) // 2] if reply.cut else body)

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


def _completion(reply: Reply) -> str:
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_760_000_000,
            "model": "scripted",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": reply.text},
                    "finish_reason": reply.finish_reason,
                }
            ],
            "usage": {"prompt_tokens": 120, "completion_tokens": 17, "total_tokens": 137},
        }
    )
