"""Decode text files without the code that is measured."""

import re

from charset_normalizer import from_bytes

_DECLARED = re.compile(rb"charset=[\"']?([\w-]+)")
_TWICE = re.compile("[\u00c2-\u00ef][\u0080-\u00bf]{1,2}")


def as_text(content: bytes) -> str:
    """Return a file's text: as UTF-8, else by its NULs, its own word, or a guess."""
    if content.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return content.decode("utf-32", errors="replace")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content[:100]:
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le", "replace")
    text = content.decode("utf-8-sig", errors="replace")
    # A few bad bytes are damage
    if text.count("\ufffd") <= sum(not char.isascii() for char in text) / 2:
        return _TWICE.sub(_once, text)
    declared = _DECLARED.search(content[:2_000])
    is_page = b"<html" in content[:2_000].lower()  # without its own word it is Windows-1252
    best = None if is_page else from_bytes(content).best()
    name = declared[1].decode() if declared else "cp1252" if best is None else best.encoding
    return content.decode("cp1252" if name.lower() == "iso-8859-1" else name, errors="replace")


def _once(match: re.Match[str]) -> str:
    """Return letters that were encoded twice as they were."""
    has_control = any("\x80" <= char <= "\x9f" for char in match[0])
    try:
        return match[0] if not has_control else match[0].encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
