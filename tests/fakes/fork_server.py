"""Start processes that have the slow imports behind them: each is a fork of one small server.

A command of ours takes a second to import what it needs, and the suite starts hundreds. Each is
still a process of its own, with its own arguments, folder, environment and streams, that can be
killed and that ends as the interpreter ends. `tests/test_readme.py` and the tests of what is
imported start the commands from nothing.

The server is `python -m tests.fakes.fork_server`: a request comes over a Unix socket, with the
three streams as file descriptors; the answers are the process id and, later, the exit status.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "footnote_qa.bot.cli.app:main"
_IMPORTED = (
    *(f"footnote_qa.bot.cli.{path.stem}" for path in (ROOT / "bot" / "cli").glob("[a-z]*.py")),
    *(f"footnote_qa.bot.{name}" for name in ("cli", "evaluation", "cli.generations")),
    *(
        f"footnote_qa.bot.{name}"
        for name in ("composition", "engine.answer_engine", "llm.providers")
    ),
    *(f"footnote_qa.{name}" for name in ("bot.slack.app", "eval.reports", "index.building")),
    *(
        "footnote_qa.index.parsing.child",
        "rich.live",
        "rich.table",
        "llama_index.core",
        "typer.rich_utils",
    ),
)
_MAX_REQUEST = 1 << 20


@dataclass(slots=True)
class Forked:
    """A process, with the methods of `subprocess.Popen` that the tests use."""

    pid: int
    returncode: int | None = None
    _ends: socket.socket = field(kw_only=True)
    stdout: IO[str] | None = None
    stderr: IO[str] | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._ends], [], [], 0)[0]:
            self._read_status()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._ends], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            self._read_status()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> "Forked":
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdout, self.stderr):
            if stream:
                stream.close()
        self.wait()

    def _read_status(self) -> None:
        with self._ends:
            self.returncode = int(self._ends.recv(16))


def start(
    *arguments: str,
    cwd: Path,
    target: str = COMMAND,
    env: Mapping[str, str] | None = None,
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
) -> Forked:
    """Call *target* ("module:function") with *arguments* as `sys.argv[1:]` in a new process."""
    request = json.dumps(
        {
            "arguments": arguments,
            "target": target,
            "cwd": str(cwd),
            "env": dict(os.environ if env is None else env),
        }
    ).encode()
    assert len(request) < _MAX_REQUEST
    readers: list[IO[str] | None] = []
    with contextlib.ExitStack() as ours:
        streams = [os.open(os.devnull, os.O_RDWR) if stdin is None else os.dup(stdin)]
        for wanted, usual in ((stdout, 1), (stderr, 2)):
            if wanted == subprocess.PIPE:
                there, here = os.pipe()
                readers.append(os.fdopen(there, encoding="utf-8"))
            else:
                here = os.dup(usual if wanted is None else wanted)
                readers.append(None)
            streams.append(here)
        for one in streams:
            ours.callback(os.close, one)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(_server().address)
        socket.send_fds(connection, [request], streams)
    return Forked(int(connection.recv(16)), _ends=connection, stdout=readers[0], stderr=readers[1])


def run(
    *arguments: str,
    cwd: Path,
    target: str = COMMAND,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = 300,
) -> "subprocess.CompletedProcess[str]":
    """Do as `start`, wait for the end, and return what was printed."""
    with contextlib.ExitStack() as closing:
        files = [
            closing.enter_context(os.fdopen(os.memfd_create(name), "w+", encoding="utf-8"))
            for name in ("in", "out", "err")
        ]
        files[0].write(stdin)
        files[0].seek(0)
        given, out, err = (file.fileno() for file in files)
        process = start(
            *arguments, cwd=cwd, target=target, env=env, stdin=given, stdout=out, stderr=err
        )
        try:
            status = process.wait(timeout)
        finally:
            process.kill()
        for file in files[1:]:
            file.seek(0)
        said = [file.read() for file in files[1:]]
    return subprocess.CompletedProcess(arguments, status, *said)


@dataclass(frozen=True, slots=True)
class _Server:
    address: str
    process: "subprocess.Popen[bytes]"


@cache
def _server() -> _Server:
    """Start this test process's server; it ends when its standard input does, which is with us."""
    address = f"\0footnote-tests-{os.getpid()}-{time.monotonic_ns()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.fork_server", address[1:]],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    atexit.register(process.communicate)
    return _Server(address, process)


def _serve(address: str) -> Callable[[], object] | None:
    """Serve until standard input ends (None), or return what a fork is to do."""
    for name in _IMPORTED:
        importlib.import_module(name)
    from footnote_qa.index.embedding import language_of

    language_of("Unpacking what knows the languages takes most of a second.")
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    usual = signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(f"\0{address}")
    listener.listen()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    running: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([sys.stdin, woken, listener], [], [])
        if sys.stdin in ready:
            return None
        if woken in ready:
            woken.recv(4096)
            _report_ended(running)
        if listener in ready and (task := _forked(listener, running)):
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, usual)
            for ours in (listener, woken, waking):
                ours.close()
            return task


def _forked(
    listener: socket.socket, running: dict[int, socket.socket]
) -> Callable[[], object] | None:
    """Fork for the next request: None in the server, what is to be done in the fork."""
    connection, _ = listener.accept()
    request, streams, _, _ = socket.recv_fds(connection, _MAX_REQUEST, 3)
    child = os.fork()
    if not child:
        for other in (connection, *running.values()):
            other.close()
        return _become(json.loads(request), streams)
    for stream in streams:
        os.close(stream)
    running[child] = connection
    connection.send(str(child).encode())
    return None


def _report_ended(running: dict[int, socket.socket]) -> None:
    for child in list(running):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            with running.pop(child) as connection, contextlib.suppress(OSError):
                connection.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(request: dict[str, Any], streams: Sequence[int]) -> Callable[[], object]:
    """Take on the streams, folder, environment and arguments of *request*."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    module, _, function = request["target"].partition(":")
    sys.argv = [str(Path(sys.executable).with_name("footnote")), *request["arguments"]]
    vars(sys.modules["__main__"])["__package__"] = None  # or help would name `python -m …`
    target: Callable[[], object] = getattr(importlib.import_module(module), function)
    return target


def _finish(task: Callable[[], object]) -> None:
    """Do *task* and end as the interpreter does, but without cleaning up every module."""
    try:
        status = task()
    except SystemExit as wanted:
        status = wanted.code
    if isinstance(status, str):
        sys.stderr.write(f"{status}\n")
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if task := _serve(sys.argv[1]):
        _finish(task)
