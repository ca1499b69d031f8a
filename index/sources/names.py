"""Document names: which can be stored and shown, and the URL where a person opens one."""

import os
from urllib.parse import quote

# Not documents: files of the system, of an editor, of version control.
_HIDDEN = (".", "~$")


def is_hidden(name: str) -> bool:
    """Return whether the last part of a path is a hidden name, which is never a document."""
    return name.startswith(_HIDDEN)


def is_printable(name: str) -> bool:
    """Return whether *name* can be stored and shown: valid Unicode without control characters."""
    return not any(char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in name)


def printable(name: str) -> str:
    r"""Return *name* with its invalid bytes and control characters as `\x..`.

    >>> printable("caf\udce9")
    'caf\\xe9'
    """
    if name.isascii() and name.isprintable():  # nearly every name
        return name
    shown = os.fsencode(name).decode("utf-8", errors="backslashreplace")
    return "".join(char if is_printable(char) else f"\\x{ord(char):02x}" for char in shown)


def prefixed(prefix: str, relative: str) -> str:
    """Return a document's id: its path in its source, after the source's name if it has one."""
    return f"{prefix}/{relative}" if prefix else relative


def address(url: str | None, relative: str) -> str | None:
    """Return the URL where a person opens the document at *relative*; None if there is none.

    >>> address("https://x.test/wiki/", "hr/a b.md")
    'https://x.test/wiki/hr/a%20b.md'
    """
    return None if url is None else f"{url.rstrip('/')}/{quote(relative)}"


def too_big(size_bytes: int, max_bytes: int) -> str:
    """Return the message that a file is larger than the limit."""
    return (
        f"it has {size_bytes / 1e6:,.1f} MB; at most {max_bytes / 1e6:,.1f} MB are read;"
        " split it or raise the limit"
    )
