"""Runs the Python blocks of a page in order, and compares what they print with the page."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks_of(page: Path) -> list[tuple[str, str]]:
    """Return the language and text of each block, in order."""
    return _BLOCK.findall(page.read_text(encoding="utf-8"))


def printed_by_blocks(page: Path) -> list[tuple[str, str]]:
    """Run each Python block that has an output below it, or none; return (printed, expected)."""
    names: dict[str, Any] = {"__name__": "__page__"}
    compared: list[tuple[str, str]] = []
    blocks = blocks_of(page)
    for (language, text), following in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if language != "python":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, str(page), "exec"), names)  # noqa: S102 - our own page
        expected = following[1] if following[0] == "text" else ""
        compared.append((printed.getvalue().rstrip("\n"), expected.rstrip("\n")))
    return compared
