"""A command in a terminal of a chosen width."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import termios
import threading
from pathlib import Path

from tests.fakes import fork_server


def in_terminal(*arguments: str, cwd: Path, columns: int) -> str:
    """Return what a terminal of that width shows, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    shown: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 4096):
                shown.append(piece)

    reading = threading.Thread(target=read)
    reading.start()
    process = fork_server.start(
        *arguments, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs, env={"TERM": "xterm"}
    )
    process.wait(120)
    os.close(theirs)
    reading.join()
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", b"".join(shown).decode()).replace("\r\n", "\n")
