"""Feeds (RSS and Atom): each entry is a document, or the page that it leads to.

A feed holds its newest entries only. An entry that has left it stays, unless the settings say that
the feed lists everything.
"""

import calendar
import hashlib
import html
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import feedparser

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.paths import joined, safe
from footnote_qa.index.sources.sync import (
    Client,
    ClientOptions,
    Cursor,
    Event,
    Item,
    ItemError,
    Listed,
    Reply,
    Unlisted,
)

_NOT_MODIFIED: Final = 304
_WRITTEN: Final = "1"
"""Raised when an unchanged entry becomes another text."""

Entry = Mapping[str, Any]
"""An entry as feedparser gives it."""


class Feed:
    """The entries of feeds.

    Args:
        settings: The source's settings.
    """

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self._clients: dict[str, Client] = {}
        self._texts: dict[str, bytes] = {}
        for address in settings.texts("feeds"):
            if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
                raise SourceError(f"{address} must be an address such as https://x.test/feed.xml")

    def check(self) -> str:
        """Return the titles of the feeds."""
        return ", ".join(
            _title(self._parsed(self._reply(one)), one) for one in self._settings.texts("feeds")
        )

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield the entries of every feed that has changed."""
        is_complete = self._settings.flag("complete")
        marks = {} if is_complete else _read(cursor)
        for address in self._settings.texts("feeds"):
            try:
                reply = self._reply(address, marks.get(address, ""))
                if reply.status == _NOT_MODIFIED:
                    continue
                feed = self._parsed(reply)
            except ItemError as error:
                yield Unlisted(scope=address, reason=error.reason)
                continue
            marks[address] = reply.headers.get("etag", "")
            yield from self._items(address, feed)
        yield Listed() if is_complete else Cursor(value=json.dumps(marks))

    def _reply(self, address: str, etag: str = "") -> Reply:
        headers = {"If-None-Match": etag} if etag else {}
        return self._client(address).reply(
            address, max_bytes=self._settings.max_bytes, headers=headers
        )

    def _client(self, address: str) -> Client:
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._clients:
            options = ClientOptions(
                service=parts.hostname or "the website",
                clock=self._settings.clock,
                is_public=not self._settings.flag("allow_private"),
            )
            self._clients[origin] = Client(origin, options)
        return self._clients[origin]

    def _parsed(self, reply: Reply) -> Any:  # noqa: ANN401  as feedparser gives it
        feed = feedparser.parse(
            reply.content,
            response_headers={**reply.headers, "content-location": reply.url},
        )
        if not feed.get("version"):
            raise ItemError("it is no feed in RSS or Atom")
        return feed

    def _items(self, address: str, feed: Any) -> Iterator[Item]:  # noqa: ANN401
        title = safe(_title(feed, address))
        for entry in feed.entries:
            name, link = str(entry.get("title") or ""), str(entry.get("link") or "")
            own = str(entry.get("id") or link or name)
            if not own:
                continue
            key, text = f"{address} {own}", _text_of(entry)
            is_page = link.startswith(("http://", "https://"))
            takes_page = self._settings.flag("linked") and is_page
            self._texts[key] = text
            at = _time(entry, "updated_parsed") or _time(entry, "published_parsed")
            mark = hashlib.sha256(text + str(at).encode()).hexdigest()[:16]
            yield Item(
                key=key,
                version=f"{mark}.{_WRITTEN}{'.page' if takes_page else ''}",
                path=f"{joined(title, safe(name or own))}.html",
                name="entry.html",
                title=name or None,
                url=link if is_page else None,
                modified_at=at,
                created_at=_time(entry, "published_parsed"),
                author=str(entry.get("author") or ""),
                scope=address,
            )

    def fetch(self, item: Item) -> bytes:
        """Return the text of an entry, or the page that it leads to."""
        if item.version.endswith(".page") and item.url:
            reply = self._client(item.url).reply(item.url, max_bytes=self._settings.max_bytes)
            return reply.content
        if item.key not in self._texts:
            raise ItemError("the entry has left its feed")
        return self._texts[item.key]

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield nothing: a feed has no readers of its own."""
        yield from ()


def _title(feed: Any, address: str) -> str:  # noqa: ANN401  as feedparser gives it
    return str(feed.feed.get("title") or urlsplit(address).hostname or address)


def _text_of(entry: Entry) -> bytes:
    """Return an entry as a page: its full text, or its summary if it has no other.

    >>> _text_of({"title": "A & B", "summary": "<p>Short.</p>"})
    b'<html><head><title>A &amp; B</title></head><body><p>Short.</p></body></html>'
    """
    parts = [str(one.get("value") or "") for one in entry.get("content") or ()]
    body = "".join(parts) or str(entry.get("summary") or "")
    title = html.escape(str(entry.get("title") or ""))
    page = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    return page.encode(errors="replace")


def _time(entry: Entry, name: str) -> datetime | None:
    found = entry[name] if name in entry else None  # noqa: SIM401  `get` warns if it is missing
    try:
        return datetime.fromtimestamp(calendar.timegm(found), UTC) if found else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _read(cursor: str | None) -> dict[str, str]:
    """Return the ETag of each feed at the last sync."""
    try:
        return {str(key): str(value) for key, value in json.loads(cursor or "{}").items()}
    except (ValueError, AttributeError):
        return {}


def make(settings: ConnectorSettings) -> Feed:
    """Return the connector of these settings."""
    return Feed(settings)
