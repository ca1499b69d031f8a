"""Output into a pipe or a file: no line is broken, and none ends in blanks."""

import re
from typing import TYPE_CHECKING, Final, TextIO, cast

if TYPE_CHECKING:
    from typing import IO

PIPE_COLUMNS: Final = 10_000
"""Wider than a line of any answer; rich needs some width."""
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)


def without_trailing_blanks(file: TextIO) -> "IO[str]":
    r"""Return *file* without the blanks with which rich fills lines; write complete lines to it.

    >>> from io import StringIO
    >>> into = StringIO()
    >>> _ = without_trailing_blanks(into).write("one  \n  two ")
    >>> into.getvalue()
    'one\n  two'
    """
    return cast("IO[str]", _WithoutTrailingBlanks(file))


class _WithoutTrailingBlanks:
    """The part of a text file that rich uses."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.encoding = file.encoding

    def write(self, text: str) -> int:
        self._file.write(_TRAILING.sub("", text))
        return len(text)

    def flush(self) -> None:
        self._file.flush()

    def isatty(self) -> bool:
        return self._file.isatty()

    def fileno(self) -> int:
        return self._file.fileno()
