"""Names of generations, such as gen-000042, and gen-000042-0a1b2c3d in an object store."""

import re
from pathlib import Path

_NAME = re.compile(r"gen-(\d{6,})(-[0-9a-f]{8})?")
_STAGED = re.compile(_NAME.pattern + r"\.staged")


def is_generation(name: str) -> bool:
    """Return whether *name* can be that of a generation.

    >>> is_generation("gen-000042"), is_generation("gen-000042-0a1b2c3d"), is_generation("../etc")
    (True, True, False)
    """
    return _NAME.fullmatch(name) is not None


def number_of(name: str) -> int:
    """Return the number in the name of a generation.

    >>> number_of("gen-000042-0a1b2c3d")
    42
    """
    found = re.search(r"\d+", name)
    return int(found.group()) if found else 0


def in_order(name: str) -> tuple[int, str]:
    """Return what generations are sorted by: their number, then their name."""
    return number_of(name), name


def is_staged(name: str) -> bool:
    """Return whether *name* is that of a generation that is still being written.

    >>> is_staged("gen-000042.staged"), is_staged("gen-000042")
    (True, False)
    """
    return _STAGED.fullmatch(name) is not None


def staged_name(staged: Path) -> str:
    """Return the final name of the staged folder.

    >>> staged_name(Path("index/gen-000007.staged"))
    'gen-000007'
    """
    return staged.name.removesuffix(".staged")
