"""An S3 server (moto's) in a process of its own, and a way to it that can be cut."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from itertools import count

from footnote_qa.index.replication import ObjectStore

KEYS = {
    "AWS_ACCESS_KEY_ID": "for-tests",
    "AWS_SECRET_ACCESS_KEY": "a-secret-for-tests",
    "AWS_REGION": "us-east-1",
}
_buckets = count(1)


@contextmanager
def s3_server() -> Iterator[str]:
    """Start a server and yield its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                break
            assert process.poll() is None, "moto's server did not start"
            time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()


def new_bucket(server: str) -> str:
    """Create an empty bucket and return its address."""
    name = f"bucket-{next(_buckets)}"
    with closing(HTTPConnection(server.removeprefix("http://"), timeout=30)) as connection:
        connection.request("PUT", f"/{name}")
        assert connection.getresponse().status == 200
    return f"s3://{name}/team"


def objects(server: str, url: str) -> ObjectStore:
    """Open the objects below *url* on that server."""
    return ObjectStore(url, endpoint=server, allow_http=True)


class Way:
    """A connection to the server that can be cut, or changed on its way.

    Attributes:
        url: Its address.
        stop_after_bytes: How many bytes get to the server before no more do; None for all.
        cut_after_bytes: How many bytes get to the server before connections are closed;
            None for all.
        stopped: Set once that many bytes came; they then wait until the connection is closed.
        renamed: Names of headers that arrive under another one of the same length.
        unanswered: Requests that begin like this reach the server, and its answer gets lost.
        lost: How many answers got lost.
    """

    def __init__(self, server: str) -> None:
        self._target = ("127.0.0.1", int(server.rpartition(":")[2]))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.cut_after_bytes: int | None = None
        self.stop_after_bytes: int | None = None
        self.stopped = threading.Event()
        self.renamed: dict[bytes, bytes] = {}
        self.unanswered: bytes | None = None
        self.lost = 0
        self._answers_lost: set[socket.socket] = set()
        self._is_up = True
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def down(self) -> None:
        """Close every connection, and every new one."""
        self._is_up = False
        self._close_all()

    def up(self) -> None:
        """Let connections through again."""
        self._is_up, self.cut_after_bytes = True, None

    def close(self) -> None:
        """End it."""
        self.down()
        self._listening.close()

    def _close_all(self) -> None:
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client = self._listening.accept()[0]
            except OSError:
                return
            if not self._is_up:
                client.close()
                continue
            server = socket.create_connection(self._target)
            self._open |= {client, server}
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _counted(self, content: bytes) -> bytes:
        if self.cut_after_bytes is not None:
            self.cut_after_bytes -= len(content)
            if self.cut_after_bytes < 0:
                self.down()
                raise OSError("cut")
        if self.stop_after_bytes is not None:
            self.stop_after_bytes -= len(content)
            if self.stop_after_bytes < 0:
                self.stopped.set()
                threading.Event().wait(30)
                raise OSError("stopped")
        for name, other in self.renamed.items():
            content = content.replace(name, other)
        return content

    def _carry(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                if to_server:
                    content = self._counted(content)
                    if self.unanswered is not None and content.startswith(self.unanswered):
                        self._answers_lost.add(target)
                elif source in self._answers_lost:
                    self.lost += 1
                    break
                target.sendall(content)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            self._open.discard(each)
