"""A website on loopback, whose pages a test writes and changes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FakePage:
    """The server's reply for one path.

    Attributes:
        body: Its bytes.
        status: Of HTTP.
        headers: Besides those that every answer has; an ETag is compared with what is asked.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeWebsite:
    """Pages by path, and what was asked for.

    Attributes:
        address: Where it is, without a slash at the end.
        pages: Answered with; all else is 404.
        asked: (path, status) of each answer.
    """

    address: str
    pages: dict[str, FakePage] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def html(self, path: str, text: str, **headers: str) -> None:
        """Put a page at *path*."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = FakePage(
            body=text.encode(), headers={"Content-Type": "text/html; charset=utf-8", **named}
        )

    def list(self, *paths: str, at: str = "/sitemap.xml", extra: str = "") -> None:
        """Put a sitemap that lists *paths*; one with a scheme is an address of its own."""
        urls = [path if "://" in path else self.address + path for path in paths]
        rows = "".join(f"<url><loc>{url}</loc>{extra}</url>" for url in urls)
        start = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        self.pages[at] = FakePage(body=f"{start}{rows}</urlset>".encode())


@contextmanager
def fake_website() -> Iterator[FakeWebsite]:
    """Serve a website until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = site.pages.get(self.path, FakePage(status=404))
            etag = page.headers.get("ETag")
            is_known = etag is not None and self.headers.get("If-None-Match") == etag
            status = 304 if is_known else page.status
            site.asked.append((self.path, status))
            self.send_response(status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            body = b"" if is_known else page.body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = FakeWebsite(address=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
