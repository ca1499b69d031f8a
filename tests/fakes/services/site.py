"""A website on loopback whose first page links to all others.

Rules: https://www.rfc-editor.org/rfc/rfc9110 (ETag, If-None-Match, 304), rfc9309 (robots.txt).
"""

from tests.fakes.services.server import NOT_FOUND, Answer, FakeService, Request

START = "/docs/"


class FakeSite(FakeService):
    """Pages by path."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, str] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.broken: set[str] = set()
        self.robots = ""
        self.is_there = True
        self.versions: dict[str, int] = {}
        self.sent: list[str] = []

    def is_allowed(self, _: Request) -> bool:
        return True

    def is_body(self, request: Request) -> bool:
        return request.path in self.pages

    @property
    def bodies(self) -> list[str]:
        return [path for path in self.sent if path != START]

    def forget(self) -> None:
        super().forget()
        self.sent.clear()

    def reply(self, request: Request) -> Answer:
        path = request.path
        if path == "/robots.txt":
            return Answer(value=self.robots.encode()) if self.robots else NOT_FOUND
        if path == START:
            if not self.is_there:
                return NOT_FOUND
            links = "".join(f'<a href="{one}">{one}</a>' for one in sorted(self.pages))
            text = f'<meta name="robots" content="noindex">{links}'
            return self._page(request, text, str(hash(text)))
        if path not in self.pages:
            return NOT_FOUND
        if path in self.broken:
            self.sent.append(path)
            return Answer(status=418)
        return self._page(request, self.pages[path], str(self.versions.get(path, 1)))

    def _page(self, request: Request, text: str, etag: str) -> Answer:
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "ETag": f'"{etag}"',
            **self.headers.get(request.path, {}),
        }
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return Answer(status=304, headers=headers, value=b"")
        self.sent.append(request.path)
        return Answer(value=f"<html><body>{text}</body></html>".encode(), headers=headers)
