"""Rules that a page of a website sets: its charset, noindex, canonical address, signing in."""

import codecs
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urljoin, urlsplit

_HEAD_BYTES = 200_000
_TAG = re.compile(r"<(meta|link|input)\b([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_MOST_SIGN_IN_WORDS = 120
_MARKUP = re.compile(
    r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.IGNORECASE | re.DOTALL
)

SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/json": ".json",
}
"""Ending of a file by the type of its content."""


def in_utf_8(content: bytes, content_type: str) -> bytes:
    """Return a text in UTF-8 if the server says that it is in another charset.

    The server's word counts more than what the page says about itself.
    """
    header = Message()
    header["content-type"] = content_type
    charset = str(header.get_param("charset") or "").strip("\"' ")
    if not charset or not content_type.lower().startswith(("text/", "application/xhtml")):
        return content
    try:
        if codecs.lookup(charset).name == "utf-8":
            return content
        # Browsers read Latin-1 as Windows-1252
        name = "cp1252" if codecs.lookup(charset).name in {"iso8859-1", "ascii"} else charset
        return codecs.BOM_UTF8 + content.decode(name).encode("utf-8")
    except (LookupError, UnicodeDecodeError):
        return content


def refusal(content: bytes, headers: Mapping[str, str]) -> str | None:
    """Return why a page should not be indexed, in words for a person; None if it may be."""
    if "noindex" in headers.get("x-robots-tag", "").lower():
        return "the page asks not to be indexed (noindex)"
    if headers.get("content-type", "").partition(";")[0].strip().lower() not in _PAGES:
        return None
    page = content[:_HEAD_BYTES].decode("utf-8", errors="replace")
    tags = [(match[1].lower(), _attributes(match[2])) for match in _TAG.finditer(page)]
    if any(_is_noindex(name, found) for name, found in tags):
        return "the page asks not to be indexed (noindex)"
    if any(name == "input" and found.get("type", "").lower() == "password" for name, found in tags):
        words = len(_MARKUP.sub(" ", page).split())
        if words <= _MOST_SIGN_IN_WORDS:
            return "a sign-in page comes in its place: it needs an account"
    return None


def canonical(content: bytes, address: str) -> str | None:
    """Return the address that a page names as its own; None if it names none."""
    page = content[:_HEAD_BYTES].decode("utf-8", errors="replace")
    for match in _TAG.finditer(page):
        found = _attributes(match[2])
        if match[1].lower() == "link" and "canonical" in found.get("rel", "").lower().split():
            href = found.get("href", "").strip()
            return urljoin(address, href).partition("#")[0] if href else None
    return None


def _is_noindex(name: str, found: Mapping[str, str]) -> bool:
    is_robots = found.get("name", "").lower() in {"robots", "footnote"}
    rules = set(re.split(r"[\s,]+", found.get("content", "").lower()))
    return name == "meta" and is_robots and bool(rules & {"noindex", "none"})


def _attributes(text: str) -> dict[str, str]:
    return {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(text)}


def path_of(address: str) -> str:
    """Return the path of a page in the index.

    >>> path_of("https://x.test/hr/"), path_of("https://x.test/a%20b.html?v=2")
    ('hr/index.html', 'a b.html?v=2')
    """
    parts = urlsplit(address)
    names = [name for name in unquote(parts.path).split("/") if name not in {"", ".", ".."}]
    path = "/".join(names)
    if not path or parts.path.endswith("/"):
        path = f"{path}/index.html".lstrip("/")
    return f"{path}?{parts.query}" if parts.query else path


def date_of(text: str) -> datetime | None:
    """Return the time of a header such as Last-Modified, in UTC; None if it is none."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
