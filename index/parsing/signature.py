"""Detect a file's format from its first bytes."""

import zipfile
from io import BytesIO

from footnote_qa.index.parsing.guard import ZIP_MAGIC

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
"""Name of the stream in which Office keeps a document under a password."""

_BLANK = b"\xef\xbb\xbf \t\r\n"
_HTML_STARTS = (b"<!doctype html", b"<html")
_OFFICE_PARTS = (
    ("word/document.xml", "docx"),
    ("ppt/presentation.xml", "pptx"),
    ("xl/workbook.xml", "xlsx"),
)
# The first stream that is there decides: a mail can hold a document.
_OLE_STREAMS = tuple(
    (name.encode("utf-16-le"), kind)
    for name, kind in (
        ("__properties_version1.0", "msg"),
        ("PowerPoint Document", "ppt"),
        ("WordDocument", "doc"),
        ("Workbook", "xls"),
    )
)
_MIME_TYPES = {
    b"application/epub+zip": "epub",
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "odt",
    b"application/vnd.oasis.opendocument.presentation": "odt",
}
_MAX_MIME_BYTES = 200


def signature(content: bytes) -> str | None:
    r"""Return the format's name, or a description in words; None if the bytes show nothing.

    >>> signature(b"%PDF-1.7 ..."), signature(b"{\\rtf1 Dear all}")
    ('pdf', 'rtf')
    >>> signature(b"Dear all") is None
    True
    """
    start = content[:1024].lstrip(_BLANK)
    if start.startswith(b"%PDF-"):
        return "pdf"
    if start.startswith(ZIP_MAGIC):
        return _zip_signature(content)
    if start.startswith(OLE_MAGIC):
        return _ole_signature(content)
    if start.startswith(b"{\\rtf"):
        return "rtf"
    return "html" if _is_html(start.lower()) else None


def _ole_signature(content: bytes) -> str:
    if ENCRYPTED_STREAM not in content:
        for stream, kind in _OLE_STREAMS:
            if stream in content:
                return kind
    return "an Office file of an old or encrypted kind"


def _is_html(start: bytes) -> bool:
    xhtml = start.startswith(b"<?xml") and b"<html" in start
    return xhtml or start.startswith(_HTML_STARTS)


def _zip_signature(content: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.NameToInfo
            mime = _mime_type(archive)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return "a damaged zip archive"
    if mime in _MIME_TYPES:
        return _MIME_TYPES[mime]
    return next((kind for part, kind in _OFFICE_PARTS if part in names), "a zip archive")


def _mime_type(archive: zipfile.ZipFile) -> bytes:
    entry = archive.NameToInfo.get("mimetype")
    # Only a short, uncompressed part: nothing is unpacked before the guard has checked it.
    if (
        entry is None
        or entry.compress_type != zipfile.ZIP_STORED
        or entry.file_size > _MAX_MIME_BYTES
    ):
        return b""
    return archive.read(entry).strip()
