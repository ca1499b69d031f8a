"""A process with everything imported; each build runs in a fork of it, to be stopped or failed.

One request a line on standard input, one answer a line on standard output. A fork waits for its
"go" at the step that the request names, so that whoever wants to trace it can begin there.
"""

import ctypes
import json
import os
import socket
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from footnote_qa.index.embedding import language_of
from footnote_qa.index.errors import BuildRunningError, IndexingError
from footnote_qa.index.parsing import child, parse
from footnote_qa.index.types import Parsed
from tests.fakes.building import make_builder, specs
from tests.fakes.embedder import HashEmbedder

_PR_SET_PTRACER, _ANYBODY = 0x59616D61, ctypes.c_ulong(-1)
WELL, REFUSED, FAILED, BUSY = 0, 3, 4, 5


class InProcessPool:
    """Parses without a child: what is on the disk afterwards is the same, and it is fast."""

    def __init__(self, *, timeout_s: float = 0, plugins: object = ()) -> None:
        del timeout_s, plugins

    def __enter__(self) -> "InProcessPool":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def parse(self, content: bytes, name: str) -> Parsed:
        return parse(content, name=name)


def build(
    request: dict[str, Any], embedder: HashEmbedder, channel: socket.socket
) -> tuple[int, str]:
    """Build as asked and return the exit status, and what there is to complain of."""
    waiting = {request["wait_at"]}

    def wait(step: str, *_: int) -> None:
        if step in waiting:
            waiting.clear()
            channel.sendall(b"w")
            channel.recv(1)

    wait("start")
    builder = make_builder(Path(request["folder"]), embedder, keep_generations=2)
    builder = replace(builder, progress=wait)
    try:
        result = builder.build(specs(Path(request["documents"])))
    except BuildRunningError:
        return BUSY, ""
    except IndexingError as error:
        return FAILED, str(error)
    return (WELL if result.promoted else REFUSED), ""


def forked(request: dict[str, Any], embedder: HashEmbedder) -> tuple[int, socket.socket]:
    """Start a fork that waits, and return its id and where it is let go and complains."""
    here, there = socket.socketpair()
    pid = os.fork()
    if pid:
        there.close()
        return pid, here
    status, complaint = 1, ""
    try:
        here.close()
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)
        status, complaint = build(request, embedder, there)
    except BaseException:  # noqa: BLE001 - the outermost edge of a process
        complaint = traceback.format_exc()
    finally:
        # Not written: writing may be what is made to fail.
        there.sendall(complaint.encode())
        os._exit(status)


def answer(**value: object) -> None:
    """Answer in one line."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends."""
    vars(child)["ParserPool"] = InProcessPool
    embedder = HashEmbedder(Path(sys.argv[1]))
    for name in ("a.md", "a.txt"):
        parse(b"# A parser is imported when it is first used", name=name)
    language_of("Unpacking what knows the languages takes most of a second.")
    answer(ready=True)
    for line in sys.stdin:
        request = json.loads(line)
        children = [forked(request, embedder) for _ in range(request.get("times", 1))]
        for _, channel in children:
            channel.recv(1)  # it waits
        answer(pids=[pid for pid, _ in children])
        sys.stdin.readline()  # the go
        for _, channel in children:
            channel.sendall(b"g")
        statuses, complaints = [], []
        for pid, channel in children:
            with channel, channel.makefile(encoding="utf-8", errors="replace") as stream:
                complaints.append(stream.read())
            statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        answer(statuses=statuses, complaints=complaints)


if __name__ == "__main__":
    main()
