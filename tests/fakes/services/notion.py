"""Notion's API on loopback.

Rules from https://developers.notion.com/reference: post-search (pages and databases, `has_more` and
`next_cursor`, at most 100), retrieve-a-page (404 if it is not shared, `in_trash`),
get-block-children (one level, `has_children`), status-codes, request-limits (429, Retry-After).
"""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.services.server import NOT_FOUND, Answer, FakeService, Request


def text(words: str) -> list[dict[str, Any]]:
    return [{"type": "text", "plain_text": words}]


def paragraph(words: str) -> dict[str, Any]:
    return {"type": "paragraph", "paragraph": {"rich_text": text(words)}}


@dataclass
class FakeNote:
    title: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    edited: str = "2026-03-01T09:00:00.000Z"
    parent: dict[str, Any] = field(default_factory=lambda: {"type": "workspace"})
    properties: dict[str, Any] = field(default_factory=dict)
    in_trash: bool = False
    is_broken: bool = False
    is_unlisted: bool = False


class FakeNotion(FakeService):
    """Pages, a database, and the blocks in them."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, FakeNote] = {}
        self.databases: dict[str, str] = {}
        self.below: dict[str, list[dict[str, Any]]] = {}

    def is_body(self, request: Request) -> bool:
        parts = request.path.split("/")
        return parts[-1] == "children" and parts[-2] in self.pages

    def reply(self, request: Request) -> Answer:
        assert request.headers["Notion-Version"] == "2022-06-28"
        path = request.path.removeprefix("/v1")
        if path == "/users/me":
            return Answer(value={"name": "Footnote", "bot": {"workspace_name": "Acme"}})
        if path == "/search":
            return self._search(request)
        kind, _, rest = path.removeprefix("/").partition("/")
        if kind == "pages":
            found = self.pages.get(rest)
            return NOT_FOUND if found is None else Answer(value=self._page(rest))
        id_ = rest.removesuffix("/children")
        note = self.pages.get(id_)
        if note is not None and note.is_broken:
            return Answer(status=400, value={"code": "validation_error"})
        blocks = note.blocks if note is not None else self.below.get(id_)
        if blocks is None:
            return NOT_FOUND
        return _listed(request.query, blocks)

    def _search(self, request: Request) -> Answer:
        rows = [
            self._page(id_)
            for id_, one in self.pages.items()
            if not one.in_trash and not one.is_unlisted
        ]
        rows += [
            {"object": "database", "id": id_, "title": text(title), "parent": {}}
            for id_, title in self.databases.items()
        ]
        return _listed(request.body, rows)

    def _page(self, id_: str) -> dict[str, Any]:
        one = self.pages[id_]
        title = {"Name": {"type": "title", "title": text(one.title)}}
        return {
            "object": "page",
            "id": id_,
            "url": f"https://www.notion.test/{id_}",
            "last_edited_time": one.edited,
            "created_time": "2026-01-01T09:00:00.000Z",
            "parent": one.parent,
            "in_trash": one.in_trash,
            "properties": {**title, **one.properties},
        }


def _listed(asked: dict[str, Any], rows: list[Any]) -> Answer:
    start, size = int(asked.get("start_cursor") or 0), int(asked.get("page_size") or 100)
    assert size <= 100
    more = start + size < len(rows)
    return Answer(
        value={
            "results": rows[start : start + size],
            "has_more": more,
            "next_cursor": str(start + size) if more else None,
        }
    )
