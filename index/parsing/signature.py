"""What the first bytes of a file say it is."""

import zipfile
from io import BytesIO

from index.parsing.guard import ZIP_MAGIC

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_BLANK = b"\xef\xbb\xbf \t\r\n"
_HTML_STARTS = (b"<!doctype html", b"<html")


def signature(content: bytes) -> str | None:
    """Return "pdf", "docx" or "html", or what else it is in words; None if nothing tells.

    >>> signature(b"%PDF-1.7 ...")
    'pdf'
    >>> signature(b"Dear all") is None
    True
    """
    start = content[:1024].lstrip(_BLANK)
    if start.startswith(b"%PDF-"):
        return "pdf"
    if start.startswith(ZIP_MAGIC):
        return _zip_signature(content)
    if start.startswith(OLE_MAGIC):
        return "an Office file of an old or encrypted kind"
    return "html" if _is_html(start.lower()) else None


def _is_html(start: bytes) -> bool:
    xhtml = start.startswith(b"<?xml") and b"<html" in start
    return xhtml or start.startswith(_HTML_STARTS)


def _zip_signature(content: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.NameToInfo
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return "a damaged zip archive"
    return "docx" if "word/document.xml" in names else "a zip archive"
