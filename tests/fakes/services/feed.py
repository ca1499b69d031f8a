"""A feed on loopback, and the pages that its entries lead to.

Rules from https://www.rfc-editor.org/rfc/rfc4287 (Atom: `id` stays, `updated` changes),
https://www.rssboard.org/rss-specification (`guid`, `pubDate`, `description`), and
https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests (ETag, If-None-Match, 304).
"""

import hashlib
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.fakes.services.server import NOT_FOUND, Answer, FakeService, Request


@dataclass
class FakeEntry:
    title: str
    text: str
    updated: str = "2026-03-01T09:00:00Z"
    is_broken: bool = False


class FakeFeed(FakeService):
    """One feed, in Atom or in RSS."""

    def __init__(self, *, is_rss: bool = False) -> None:
        super().__init__()
        self.is_rss = is_rss
        self.entries: dict[str, FakeEntry] = {}
        self.is_there = True

    def is_allowed(self, request: Request) -> bool:
        return request.method == "GET"

    def is_body(self, request: Request) -> bool:
        return request.path.startswith("/pages/")

    def reply(self, request: Request) -> Answer:
        if request.path == "/feed.xml" and self.is_there:
            content = (self._rss() if self.is_rss else self._atom()).encode()
            etag = f'"{hashlib.sha256(content).hexdigest()[:8]}"'
            if request.headers.get("If-None-Match") == etag:
                return Answer(status=304, value=b"", headers={"ETag": etag})
            return Answer(value=content, headers={"ETag": etag, "Content-Type": "application/xml"})
        entry = self.entries.get(request.path.removeprefix("/pages/"))
        if entry is None:
            return NOT_FOUND
        if entry.is_broken:
            return Answer(status=422)
        page = f"<html><title>{entry.title}</title><p>{entry.text}</p></html>".encode()
        return Answer(value=page, headers={"Content-Type": "text/html"})

    def _atom(self) -> str:
        rows = "".join(
            f"<entry><id>urn:{key}</id><title>{escape(one.title)}</title>"
            f"<link href='{self.address}/pages/{key}'/><updated>{one.updated}</updated>"
            f"<author><name>Ann</name></author>"
            f"<content type='html'>{escape(f'<p>{one.text}</p>')}</content></entry>"
            for key, one in self.entries.items()
        )
        return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title>{rows}</feed>"

    def _rss(self) -> str:
        rows = "".join(
            f"<item><guid>urn:{key}</guid><title>{escape(one.title)}</title>"
            f"<link>{self.address}/pages/{key}</link>"
            "<pubDate>Sun, 01 Mar 2026 09:00:00 GMT</pubDate>"
            f"<description>{escape(f'<p>{one.text}</p>')}</description></item>"
            for key, one in self.entries.items()
        )
        return f"<rss version='2.0'><channel><title>News</title>{rows}</channel></rss>"
