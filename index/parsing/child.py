"""Parse files in child processes, so that a hang or crash affects only one file."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self, cast

from footnote_qa.index.errors import IndexingError, UnreadableDocumentError
from footnote_qa.index.parsing.ocr_pages import Recognised, page_to_json
from footnote_qa.index.parsing.worker import message_to_parsed, read_message, write_message
from footnote_qa.index.types import Parsed, ProblemKind

if TYPE_CHECKING:
    from footnote_qa.index.parsing.ocr_engines import Engine

_COMMAND = (sys.executable, "-P", "-B", "-m", "footnote_qa.index.parsing.worker")
_ROOT = Path(__file__).absolute().parents[3]  # holds the package footnote_qa
MEMORY_BYTES = 2_000_000_000
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 2.0
_MAX_FILES = 50


class ParserPool:
    """Child processes that parse; there are as many as threads calling at the same time.

    Args:
        memory_bytes: Address space of a child.
        timeout_s: Longest time for one file.
        plugins: The plug-in that parses files with a suffix, as `module:attribute`.
        command: Starts a child; the limits are appended.
    """

    def __init__(
        self,
        *,
        memory_bytes: int = MEMORY_BYTES,
        timeout_s: float = 60.0,
        plugins: Mapping[str, str] | None = None,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._plugins = dict(plugins or {})
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._command = (*command, str(memory_bytes), str(timeout_s))
        self._idle: list[_Child] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.stop()

    def parse(self, content: bytes, name: str, recognised: Recognised = None) -> Parsed:
        """Return the result of `footnote_qa.index.parsing.parse` for *content*.

        Raises:
            UnreadableDocumentError: The error of `parse`, or TIMEOUT, MEMORY or CRASH.
            IndexingError: No child process can be started.
        """
        request: dict[str, object] = {"name": name}
        if (plugin := self._plugins.get(PurePosixPath(name.lower()).suffix)) is not None:
            request["plugin"] = plugin
        if recognised is not None:
            request["recognised"] = [
                [number, page and page_to_json(page)] for number, page in recognised.items()
            ]
        return message_to_parsed(*self._ask(request, content))

    def picture(self, content: bytes, page: int) -> bytes:
        """Return a page of a PDF or of a picture file as a picture; raises as `parse` does."""
        return self._ask({"task": "picture", "page": page}, content)[1]

    def recognise(self, picture: bytes, engine: "Engine", *, timeout_s: float) -> bytes:
        """Return the words of a picture as JSON; raises as `parse` does."""
        request = {"task": "recognise", "engine": asdict(engine), "timeout_s": timeout_s}
        return self._ask(request, picture)[1]

    def attachments(self, content: bytes, name: str) -> list[tuple[str, int, str]]:
        """Return name, size in bytes and SHA-256 of the files attached to a mail."""
        header, _ = self._ask({"task": "attachments", "name": name}, content)
        found = header["attachments"]
        if not isinstance(found, list):
            raise TypeError(f"not an answer of the parser: {sorted(header)}")
        return [(str(one), int(size), str(digest)) for one, size, digest in found]

    def attachment(self, content: bytes, name: str, attached: str) -> bytes:
        """Return the bytes of a file attached to a mail."""
        return self._ask({"task": "attachment", "name": name, "attachment": attached}, content)[1]

    def _ask(self, request: dict[str, object], content: bytes) -> tuple[dict[str, object], bytes]:
        child = self._take()
        try:
            answer = child.ask(request, content, timeout_s=self._timeout_s)
        except BaseException:
            child.kill()
            raise
        if answer is None:
            raise self._lost(child)
        header, body = answer
        if "problem" not in header:
            self._give_back(child)
            return header, body
        kind = ProblemKind(str(header["problem"]))
        if kind is ProblemKind.MEMORY:
            # A process that ran out of memory once is not reused for the next file.
            child.stop()
            raise self._out_of_memory()
        self._give_back(child)
        raise UnreadableDocumentError(kind, str(header["reason"]))

    def _take(self) -> "_Child":
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.is_alive():
                    return child
                child.kill()
        return _Child(self._command)

    def _give_back(self, child: "_Child") -> None:
        # The time may run out between the answer and the end of the timer.
        if child.timed_out or child.files >= _MAX_FILES:
            child.stop()
            return
        with self._lock:
            self._idle.append(child)

    def _lost(self, child: "_Child") -> UnreadableDocumentError:
        status = child.stop()
        if child.timed_out or status == -signal.SIGALRM:
            return UnreadableDocumentError(
                ProblemKind.TIMEOUT,
                f"reading it took over {self._timeout_s:g} seconds; split it or raise the limit",
            )
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        return UnreadableDocumentError(
            ProblemKind.CRASH, f"reading it ended its process {how}; open it and save it again"
        )

    def _out_of_memory(self) -> UnreadableDocumentError:
        return UnreadableDocumentError(
            ProblemKind.MEMORY,
            f"reading it took over {self._memory_bytes // 1_000_000:,} MB of memory; split it",
        )


class _Child:
    """One child process, from its first file to its last."""

    def __init__(self, command: Sequence[str]) -> None:
        self.files = 0
        self.timed_out = False
        # A file, not a pipe: nobody reads it, so a pipe would fill up and block the child.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the child
        self._process = subprocess.Popen(  # noqa: S603  our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            # A malicious document cannot reach our secrets: the child gets none of them.
            env={"PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, sys.path)])},
            start_new_session=True,
        )
        # With PIPE, neither is None.
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        if self._exchange(None, timeout_s=_START_TIMEOUT_S) is None:
            raise IndexingError(f"the parser cannot be started: {self._last_complaint()}")

    def ask(
        self, request: dict[str, object], content: bytes, *, timeout_s: float
    ) -> tuple[dict[str, object], bytes] | None:
        """Return the answer to one request; None if the process ended without one."""
        self.files += 1
        return self._exchange((request, content), timeout_s=timeout_s)

    def is_alive(self) -> bool:
        """Return whether the process is still running."""
        return self._process.poll() is None

    def stop(self) -> int:
        """Let the process come to its end, and return its exit status."""
        # Nobody reads the data that is still in the buffer.
        with contextlib.suppress(OSError):
            self._requests.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_TIMEOUT_S)
        return self.kill()

    def kill(self) -> int:
        """End the process if it still runs, and return its exit status."""
        self._process.kill()
        for stream in (self._requests, self._answers, self._complaints):
            with contextlib.suppress(OSError):
                stream.close()
        return self._process.wait()

    def _exchange(
        self, request: tuple[dict[str, object], bytes] | None, *, timeout_s: float
    ) -> tuple[dict[str, object], bytes] | None:
        watch = threading.Timer(timeout_s, self._time_out)
        watch.start()
        try:
            # A child without enough memory for the file answers before it has read all of it.
            with contextlib.suppress(BrokenPipeError):
                if request is not None:
                    write_message(self._requests, *request)
            return read_message(self._answers)
        finally:
            watch.cancel()
            watch.join()

    def _time_out(self) -> None:
        self.timed_out = True
        self._process.kill()

    def _last_complaint(self) -> str:
        self._process.kill()
        self._process.wait()
        self._complaints.seek(0)
        rows = self._complaints.read().decode(errors="replace").split("\n")
        self.kill()
        return next((row for row in reversed(rows) if row.strip()), "it said nothing")
