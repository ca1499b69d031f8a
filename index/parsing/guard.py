"""Check the directory of a zip archive before opening it, against zip bombs and unsafe names."""

import stat
import zipfile
from io import BytesIO
from pathlib import PurePosixPath

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.types import ProblemKind

ZIP_MAGIC = b"PK\x03\x04"

MAX_ENTRIES = 5_000
MAX_TOTAL_BYTES = 300_000_000
MAX_RATIO = 200
RATIO_FROM_BYTES = 10_000_000

_ENCRYPTED_FLAG = 0x1


def open_archive(content: bytes) -> zipfile.ZipFile:
    """Open *content* as an archive once its sizes, ratios and names have been checked.

    Raises:
        UnreadableDocumentError: TOO_BIG or UNSAFE if it is a bomb, ENCRYPTED, or BROKEN.
    """
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the archive is damaged; open it in its program and save it again"
        ) from error
    _check_sizes(archive.infolist())
    for entry in archive.infolist():
        _check_entry(entry)
    return archive


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        raise UnreadableDocumentError(
            ProblemKind.TOO_BIG,
            f"the archive has {len(entries):,} parts, at most {MAX_ENTRIES:,} are taken",
        )
    # zipfile never unpacks more of a part than the directory declares, so the sum is a bound.
    total = sum(entry.file_size for entry in entries)
    if total > MAX_TOTAL_BYTES:
        raise UnreadableDocumentError(
            ProblemKind.TOO_BIG,
            f"it unpacks to {total // 1_000_000:,} MB, at most {MAX_TOTAL_BYTES // 1_000_000} MB"
            " are taken",
        )


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED_FLAG:
        raise UnreadableDocumentError(
            ProblemKind.ENCRYPTED, "it is encrypted; save it without a password"
        )
    if _leads_outside(entry):
        raise UnreadableDocumentError(
            ProblemKind.UNSAFE, f"its part {entry.filename!r} leads out of the archive"
        )
    ratio = entry.file_size / max(entry.compress_size, 1)
    if entry.file_size > RATIO_FROM_BYTES and ratio > MAX_RATIO:
        raise UnreadableDocumentError(
            ProblemKind.UNSAFE,
            f"its part {entry.filename!r} unpacks to {ratio:.0f} times its size, like a bomb",
        )


def _leads_outside(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    return is_link or path.is_absolute() or ".." in path.parts or ":" in entry.filename[:2]
