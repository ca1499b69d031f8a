"""The files that a source offers, and problems with them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ProblemKind(StrEnum):
    """Why a file could not be indexed, or not as it is."""

    EMPTY = "empty"
    ENCRYPTED = "encrypted"
    SCANNED = "scanned"
    UNSUPPORTED = "unsupported"
    TOO_BIG = "too_big"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASH = "crash"
    BROKEN = "broken"
    UNREADABLE = "unreadable"
    UNSAFE = "unsafe"
    PARTLY = "partly"  # it is indexed, but some of it could not be read
    RECOGNISED = "recognised"  # it is indexed; some words were recognised in pictures
    LEFT_OUT = "left_out"  # nobody could index it: a picture, a stylesheet, an archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One file that is not in the index, or not as it is now, and why.

    Attributes:
        document: Path relative to its source, with `/`.
        kind: The class of the problem, for machines.
        reason: One sentence that a person can act on.
    """

    document: str
    kind: ProblemKind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file as its source offers it, not read yet.

    Attributes:
        document: The document's id: its path relative to the source, with `/`.
        name: File name whose suffix selects the parser.
        title: Title that the source knows; None lets the parser or the name decide.
        size_bytes: Size on disk.
        modified_at: In UTC; None if the source does not know.
        url: Where a person can open it; None if nowhere.
        audience: Groups that may see it; empty means everybody.
        read: Reads the bytes; raises `UnreadableDocumentError`.
        sha256: Of the bytes, in hex, if the source knows it without reading; else None.
    """

    document: str
    name: str
    title: str | None
    size_bytes: int
    modified_at: datetime | None
    url: str | None
    audience: tuple[str, ...]
    read: Callable[[], bytes]
    sha256: str | None = None


class Source(Protocol):
    """A source of documents."""

    def files(self) -> Iterator[SourceFile | Problem]:
        """Yield every file found, sorted by document, and a problem for each one skipped."""
        ...
