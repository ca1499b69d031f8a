"""Passages on their way to an answerer: opaque ids, and blocks whose borders no text can fake."""

import re
import secrets
import unicodedata
from collections.abc import Sequence

from bot.types import ShownPassage
from index.types import Passage

ID_LENGTH = 6
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "234567"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})  # control, format, surrogate, private use
_JOINERS = "\u200c\u200d"  # invisible, but words of some scripts are spelt with them


def opaque_ids(count: int) -> list[str]:
    """Return *count* different ids that nobody can foresee.

    Each has a letter and a digit, so that no word and no number of a text is ever an id.
    """
    ids: dict[str, None] = {}
    while len(ids) < count:
        made = "".join(secrets.choice(_LETTERS + _DIGITS) for _ in range(ID_LENGTH))
        if not made.isalpha() and not made.isdigit():
            ids[made] = None
    return list(ids)


def show(passages: Sequence[Passage]) -> tuple[ShownPassage, ...]:
    """Give each passage an id for this one question."""
    ids = opaque_ids(len(passages))
    return tuple(ShownPassage(id=i, passage=p) for i, p in zip(ids, passages, strict=True))


def block(shown: ShownPassage) -> str:
    """Return the passage between its borders, every line of its text behind a bar.

    A text cannot end its own block: its lines all begin with a bar, and it does not know its id.
    """
    chunk = shown.passage.chunk
    place = " > ".join((chunk.title, *chunk.heading))
    page = "" if chunk.page is None else f" (page {chunk.page})"
    date = "" if chunk.modified_at is None else f", changed on {chunk.modified_at:%Y-%m-%d}"
    return "\n".join(
        [
            f"<<< passage {shown.id} >>>",
            f"from: {one_line(place)}{page}{date}",
            quoted(chunk.text),
            f"<<< end {shown.id} >>>",
        ]
    )


def quoted(text: str) -> str:
    r"""Return *text* with every line of it behind a bar.

    >>> quoted("one\ntwo")
    '| one\n| two'
    """
    # splitlines knows every character that a model could read as the end of a line
    return "\n".join(f"| {_visible(line)}" for line in text.splitlines())


def blocks(shown: Sequence[ShownPassage], *, max_bytes: int) -> str:
    """Return the blocks of as many of the best passages as fit, at least one."""
    chosen: list[str] = []
    size = 0
    for one in shown:
        made = block(one)
        size += len(made.encode(errors="replace")) + 2
        if chosen and size > max_bytes:
            break
        chosen.append(made)
    return "\n\n".join(chosen)


def one_line(text: str) -> str:
    r"""Return *text* as one visible line.

    >>> one_line("How many\n days?")
    'How many days?'
    """
    return _visible(re.sub(r"\s+", " ", text)).strip()


def _visible(line: str) -> str:
    """Return the line without what a person would not see: text that hides is there to mislead."""
    return "".join(
        c for c in line if c in _JOINERS or c == "\t" or unicodedata.category(c) not in _HIDDEN
    )
