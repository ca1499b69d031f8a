"""Approved answers are set aside once a document that they were built on is gone."""

import json
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from footnote_qa.index.atomic_files import private_folder

log = logging.getLogger(__name__)

KEY = "built_on"
ASIDE = ".outdated"
"""Folder inside the folder of approved answers; its name hides it from every build."""

_HEAD_LINES = 50


def written(sources: Iterable[tuple[str, str | None]]) -> str:
    """Return the line of front matter that names documents and their addresses; "" for none.

    >>> written([("hr/leave.md", None)])
    'built_on: [["hr/leave.md", ""]]'
    """
    pairs = [[document, url or ""] for document, url in sources]
    return f"{KEY}: {json.dumps(pairs, ensure_ascii=False)}" if pairs else ""


def read(path: Path) -> list[tuple[str, str]]:
    """Return the (document, address) pairs that an approved answer was built on."""
    try:
        with path.open(encoding="utf-8") as file:
            head = [line for line, _ in zip(file, range(_HEAD_LINES), strict=False)]
    except (OSError, UnicodeDecodeError):
        return []
    if not head or head[0].strip() != "---":
        return []
    for line in head[1:]:
        if line.strip() == "---":
            break
        if line.startswith(f"{KEY}: "):
            return list(_pairs(line.removeprefix(f"{KEY}: ")))
    return []


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    try:
        found = json.loads(text)
    except ValueError:
        return
    for one in found if isinstance(found, list) else ():
        if isinstance(one, list) and len(one) == 2:  # noqa: PLR2004  document and address
            yield str(one[0]), str(one[1])


def set_aside(folder: Path, present: Iterable[tuple[str, str | None]]) -> list[Path]:
    """Move answers away whose documents are gone, and return their new places.

    Args:
        folder: The approved answers.
        present: (document, address) of every document that is there. One that was renamed or moved
            is known by its address.
    """
    documents, addresses = set(), set()
    for document, url in present:
        documents.add(document)
        addresses.add(url or "")
    addresses.discard("")
    moved = []
    for path in sorted(folder.glob("*.md")):
        lost = [d for d, url in read(path) if d not in documents and url not in addresses]
        if lost:
            there = private_folder(folder / ASIDE) / path.name
            path.replace(there)
            moved.append(there)
            told = {"answer": path.name, "documents": len(lost)}
            log.warning("approved answer set aside: what it was built on is gone", extra=told)
    return moved
