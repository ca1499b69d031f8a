"""A real PostgreSQL server of the tests: Debian's, in a temporary folder, on a Unix socket."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

_NUMBERS = count()


@cache
def binaries() -> Path | None:
    """Return the folder with `initdb` and `postgres`; None if there is none on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


def missing() -> str:
    """Return why no server can be started; "" if one can."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "needs psycopg: pip install 'footnote-qa[postgresql]'"
    return "" if binaries() else "needs a PostgreSQL server: apt-get install postgresql"


class PostgresServer:
    """One server; can be killed, paused and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._free: list[str] = []
        user = _user()
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", str(folder / "data"), "-U", "footnote", "-A", "trust", "-N")

    def url(self, database: str) -> str:
        return f"postgresql://footnote@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it, and return as soon as it takes connections."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",  # the tests kill processes, not machines
            "max_connections": "100",
            "shared_buffers": "16MB",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program("postgres"), "-D", str(self.folder / "data"), *options],
                stderr=log,
                stdout=log,
                cwd=self.folder,
                **_as_user(),
            )
        for _ in range(6000):
            ready = self._run("pg_isready", "-q", "-h", str(self.folder), check=False)
            if ready.returncode == 0:
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.02)
        raise AssertionError("the server never started")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends its connections first, SIGQUIT and SIGKILL do not."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(60)
        self._process = None

    def kill(self) -> None:
        """Kill every process of the server, as when its machine fails."""
        assert self._process is not None
        backends = self._children()
        self._process.kill()
        for pid in backends:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(60)
        self._process = None
        _wait_for_end(backends)

    def pause(self) -> None:
        """Stop every process of the server without ending it, as when its machine hangs."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process is not None
        for pid in (self._process.pid, *self._children()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _children(self) -> list[int]:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def new_database(self) -> str:
        """Create an empty database; return its URL."""
        import psycopg

        name = f"test_{os.getpid()}_{next(_NUMBERS)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Yield the URL of an empty database; it is emptied, and used again by later tests.

        To create and delete one for each test would take most of the time of small tests.
        """
        import psycopg

        url = self._free.pop() if self._free else self.new_database()
        yield url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid != pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        self._free.append(url)

    def _program(self, name: str) -> str:
        folder = binaries()
        assert folder is not None
        return str(folder / name)

    def _run(
        self, program: str, *arguments: str, check: bool = True
    ) -> "subprocess.CompletedProcess[bytes]":
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            [self._program(program), *arguments],
            check=False,
            capture_output=True,
            cwd=self.folder,
            **_as_user(),
        )
        assert done.returncode == 0 or not check, done.stderr.decode()
        return done


def _wait_for_end(pids: list[int]) -> None:
    for _ in range(1000):
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return
        time.sleep(0.01)


def _user() -> pwd.struct_passwd | None:
    """Return whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _as_user() -> dict[str, Any]:
    user = _user()
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def running() -> Iterator[PostgresServer]:
    """Start a server of its own, and remove it at the end."""
    # A short path: the name of a Unix socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="footnote-pg-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            if server.is_running:
                server.stop(signal.SIGQUIT)
