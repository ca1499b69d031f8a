"""Find the code of an answer in the passages, line by line."""

import re
from collections.abc import Collection, Sequence

from footnote_qa.bot.citations.evidence import Found
from footnote_qa.bot.types import ShownPassage
from footnote_qa.index.types import Section

_PROMPT = re.compile(r"^\s*(?:[$>#%]|>>>|\.\.\.|PS[^>]*>)\s+")
_COMMENT = re.compile(r"(?:^|\s)(?:#|//|--)\s.*$")


def code_evidence(block: str, shown: Sequence[ShownPassage], ids: Collection[str]) -> Found | None:
    r"""Return where the lines of a code block are; None if one of them is nowhere.

    Spaces, prompts and comments may differ.

    Args:
        block: With its fences.
        shown: The passages.
        ids: Of those that are named; they come first.
    """
    wanted = [line for line in map(_bare, block.split("\n")[1:-1]) if line]
    if not wanted:
        return None
    for one in sorted(shown, key=lambda passage: passage.id not in ids):
        place = _place(wanted, one.section)
        if place is not None:
            return Found(one.section, *place)
    return None


def _place(wanted: Sequence[str], section: Section) -> tuple[int, int] | None:
    text, offset, rows = section.chunk.text, 0, []
    for line in text.split("\n"):
        rows.append((offset, offset + len(line), _bare(line), _squeezed(line)))
        offset += len(line) + 1
    places: list[tuple[int, int]] = []
    for line in wanted:
        after = places[-1][1] if places else 0
        row = next((row for row in rows if row[0] >= after and row[2] == line), None)
        row = row or next((row for row in rows if row[2] == line), None)
        row = row or next((row for row in rows if _stands_in(line, row[3])), None)
        if row is None:
            return None
        places.append((row[0], row[1]))
    start, end = min(place[0] for place in places), max(place[1] for place in places)
    stripped = text[start:end]
    return start + len(stripped) - len(stripped.lstrip()), start + len(stripped.rstrip())


def _stands_in(line: str, row: str) -> bool:
    """Return whether a line of code is in a row of text, as complete words."""
    at = row.find(line)
    if at < 0:
        return False
    around = row[at - 1 : at] + row[at + len(line) : at + len(line) + 1]
    return not re.search(r"[\w-]", around)


def _bare(line: str) -> str:
    return _squeezed(_COMMENT.sub("", _PROMPT.sub("", line)))


def _squeezed(line: str) -> str:
    return " ".join(line.split())
