"""Parse logs: entries with the lines that belong to them, under the day on which they happened."""

import re
from collections.abc import Iterator

from footnote_qa.index.parsing.blocks import Blocks, fenced
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
_DAY = re.compile(
    r"\W{0,2}(?P<day>\d{4}-\d\d-\d\d|\d{4}/\d\d/\d\d|\d\d/[A-Z][a-z]{2}/\d{4}|"
    r"\d\d\.\d\d\.\d{4}|[A-Z][a-z]{2} {1,2}\d{1,2}(?= \d\d:))"
)
_IN_LINE = re.compile(r"\[(?P<day>\d\d/[A-Z][a-z]{2}/\d{4}):")  # of web servers, behind the address
_CONTINUES = re.compile(r"\s|Traceback|Caused by:|at \S+\(|\.\.\. \d+ more")
_MOST_TOGETHER = 1_000  # characters of entries in one block


def parse(content: bytes) -> Parsed:
    """Return the lines of *content* in blocks of entries, with a heading for each day."""
    blocks = Blocks()
    day, waiting = "", ""
    for entry in _entries(clean(_COLOUR.sub("", decode(content)))):
        match = _DAY.match(entry) or _IN_LINE.search(entry[:200])
        is_next = match is not None and match["day"] != day
        if waiting and (is_next or len(waiting) + len(entry) > _MOST_TOGETHER):
            blocks.add(fenced(waiting))
            waiting = ""
        if match is not None and is_next:
            day = match["day"]
            blocks.heading(1, day)
        waiting = f"{waiting}\n{entry}" if waiting else entry
    blocks.add(fenced(waiting))
    return blocks.parsed()


def _entries(text: str) -> Iterator[str]:
    """Yield each entry with the lines below it that continue it, such as a trace."""
    entry: list[str] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        if entry and not _CONTINUES.match(line):
            yield "\n".join(entry)
            entry = []
        entry.append(line.rstrip())
    if entry:
        yield "\n".join(entry)
