"""A worker whose parser does to its process what the name of the file says."""

import ctypes
import os
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from footnote_qa.index.parsing import parse
from footnote_qa.index.parsing.worker import serve
from footnote_qa.index.types import Parsed


def misbehave(content: bytes, *, name: str) -> Parsed:
    if name == "hang":
        time.sleep(3600)
    if name == "burst":
        return Parsed(text=str(bytes(1 << 40)))
    if name == "exit":
        os._exit(3)
    if name == "crash":
        ctypes.string_at(0)
    return Parsed(text=_told(name)) if name in _TOLD else parse(content, name=name)


_TOLD = ("pid", "modules", "file", "environment", "print", "connect", "network")


def _told(name: str) -> str:
    if name == "print":
        print("noise on the output", flush=True)  # noqa: T201  what a library may do
    if name == "file":
        return _file_written()
    if name == "connect":
        return _connected()
    if name == "network":
        return str(Path("/proc/self/ns/net").readlink())
    told = {"modules": " ".join(sys.modules), "environment": " ".join(os.environ)}
    return told.get(name, str(os.getpid()))


def _file_written() -> str:
    try:
        Path(os.devnull).with_name("shm").joinpath(f"footnote-{os.getpid()}").write_text("x")
    except OSError as error:
        return type(error).__name__
    return "written"


def _connected() -> str:
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    except OSError as error:
        return type(error).__name__
    return "connected"


if __name__ == "__main__":
    serve(misbehave, memory_bytes=int(sys.argv[1]), timeout_s=float(sys.argv[2]))
