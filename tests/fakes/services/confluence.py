"""Confluence Cloud and Data Center on loopback.

Rules from Atlassian's public documentation:
- Cloud, version 2: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/ (pages
  of a space, `limit` up to 250, the next page under `_links.next` with a cursor, no body unless
  `body-format` is asked), .../api-group-space/, .../api-group-space-permissions/,
  .../api-group-space-roles/ (only on sites with roles; `principalType` and `principalId`)
- Cloud, version 1: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content/
  (search by CQL with `expand`), .../api-group-content-restrictions/, .../api-group-group/
  (members by group id), .../api-group-users/ (an e-mail address can be hidden: then it is "")
- Data Center: https://developer.atlassian.com/server/confluence/confluence-rest-api-examples/ and
  https://developer.atlassian.com/server/confluence/pagination-in-the-rest-api/ (start and limit),
  https://developer.atlassian.com/server/confluence/confluence-json-rpc-apis/ (permission sets)
- Rate limits: https://developer.atlassian.com/cloud/confluence/rate-limiting/ (429, Retry-After)
"""

import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.fakes.services.server import NOT_FOUND, Answer, FakeService, Request


@dataclass
class FakePage:
    id: str
    title: str
    text: str
    space: str = "ENG"
    parent: str = ""
    version: int = 1
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    kind: str = "page"
    modified: str = "2026-03-01T09:00:00.000Z"
    is_broken: bool = False


@dataclass
class FakeFile:
    id: str
    page: str
    title: str
    content: bytes
    version: int = 1


@dataclass
class FakeSpace:
    id: str
    key: str
    readers: list[tuple[str, str]] = field(default_factory=lambda: [("group", "staff")])
    is_there: bool = True
    roles: list[tuple[str, str, str]] = field(default_factory=list)


class FakeConfluence(FakeService):
    """Spaces, pages and people."""

    def __init__(self, *, cloud: bool) -> None:
        super().__init__()
        self.cloud = cloud
        self.spaces = {"ENG": FakeSpace("1", "ENG")}
        self.pages: dict[str, FakePage] = {}
        self.files: dict[str, FakeFile] = {}
        self.people = {"ann": "ann@example.org", "bob": "bob@example.org"}
        self.groups: dict[str, list[str]] = {"staff": ["ann", "bob"]}

    def is_body(self, request: Request) -> bool:
        return (
            bool(re.search(r"/api/v2/(pages|blogposts)/\d+$", request.path))
            or (
                bool(re.search(r"/rest/api/content/\d+$", request.path))
                and "body.storage" in request.query.get("expand", "")
            )
            or "/download/" in request.path
        )

    def reply(self, request: Request) -> Answer:
        if "/download/" in request.path:
            file = self.files.get(request.path.rpartition("/")[2])
            return NOT_FOUND if file is None else Answer(value=file.content)
        reply = self._cloud(request) if self.cloud else self._data_center(request)
        return NOT_FOUND if reply is None else reply

    # Cloud

    def _cloud(self, request: Request) -> Answer | None:
        path, query = request.path, request.query
        if path == "/wiki/rest/api/user/current":
            return Answer(value={"type": "known", "accountId": "bot", "displayName": "Footnote"})
        if path == "/wiki/api/v2/spaces":
            keys = query["keys"].split(",") if "keys" in query else list(self.spaces)
            found = [self.spaces[k] for k in keys if k in self.spaces and self.spaces[k].is_there]
            return self._page(request, [{"id": s.id, "key": s.key} for s in found])
        if match := re.fullmatch(r"/wiki/api/v2/spaces/(\d+)/(pages|blogposts)", path):
            kind = match[2].removesuffix("s")
            return self._page(
                request, [partial(self._v2, p) for p in self._in(match[1]) if p.kind == kind]
            )
        if match := re.fullmatch(r"/wiki/api/v2/spaces/(\d+)/permissions", path):
            space = next(s for s in self.spaces.values() if s.id == match[1])
            rows = [
                {
                    "principal": {"type": kind, "id": name},
                    "operation": {"key": key, "targetType": "space"},
                }
                for kind, name in space.readers
                for key in ("read", "export")
            ]
            return self._page(request, rows)
        if path == "/wiki/api/v2/space-roles":
            may = {"r1": ["read/space", "create/page"], "r2": ["export/space"]}
            return self._page(
                request, [{"id": key, "spacePermissions": one} for key, one in may.items()]
            )
        if match := re.fullmatch(r"/wiki/api/v2/spaces/(\d+)/role-assignments", path):
            space = next(s for s in self.spaces.values() if s.id == match[1])
            given = [
                {"roleId": role, "principal": {"principalType": kind, "principalId": name}}
                for role, kind, name in space.roles
            ]
            return self._page(request, given) if given else NOT_FOUND
        if match := re.fullmatch(r"/wiki/api/v2/(?:pages|blogposts)/(\d+)", path):
            return self._storage(match[1])
        if path == "/wiki/rest/api/content/search":
            return self._page(request, self._searched(query), prefix="/wiki")
        if match := re.fullmatch(
            r"/wiki/rest/api/content/(\d+)/restriction/byOperation/read", path
        ):
            page = self.pages.get(match[1])
            return None if page is None else Answer(value=self._read(page))
        if match := re.fullmatch(r"/wiki/rest/api/group/([^/]+)/membersByGroupId", path):
            members: list[Any] = [
                {"accountId": one, "email": self.people.get(one, "")}
                for one in self.groups.get(match[1], [])
            ]
            return self._page(request, members, prefix="/wiki")
        if path == "/wiki/rest/api/user":
            person = query["accountId"]
            return Answer(value={"accountId": person, "email": self.people.get(person, "")})
        return None

    def _v2(self, page: FakePage) -> dict[str, Any]:
        return {
            "id": page.id,
            "title": page.title,
            "parentId": page.parent or None,
            "parentType": "page" if page.parent else None,
            "authorId": "ann",
            "createdAt": "2026-01-01T09:00:00.000Z",
            "version": {
                "number": page.version,
                "createdAt": page.modified,
                "authorId": "ann",
            },
            "_links": {"webui": f"/spaces/{page.space}/pages/{page.id}"},
        }

    # Data Center

    def _data_center(self, request: Request) -> Answer | None:
        path, query = request.path, request.query
        if path == "/rest/api/user/current":
            return Answer(value={"type": "known", "username": "bot", "displayName": "Footnote"})
        if match := re.fullmatch(r"/rest/api/space/(\w+)", path):
            space = self.spaces.get(match[1])
            is_there = space is not None and space.is_there
            return Answer(value=self._space(space)) if space and is_there else None
        if path == "/rest/api/space":
            return self._start(
                request, [self._space(s) for s in self.spaces.values() if s.is_there]
            )
        if path == "/rest/api/content":
            pages = [
                partial(self._v1, p)
                for p in self.pages.values()
                if p.space == query["spaceKey"] and p.kind == query["type"]
            ]
            return self._start(request, pages)
        if path == "/rest/api/content/search":
            return self._start(request, self._searched(query))
        if match := re.fullmatch(r"/rest/api/content/(\d+)", path):
            return self._storage(match[1])
        if match := re.fullmatch(r"/rest/api/group/([^/]+)/member", path):
            return self._start(request, [{"username": m} for m in self.groups.get(match[1], [])])
        if path.startswith("/rpc/json-rpc/confluenceservice-v2/"):
            return self._rpc(path.rpartition("/")[2], str(request.body[0]))
        return None

    def _rpc(self, method: str, argument: str) -> Answer:
        if method == "getUser":
            return Answer(value={"name": argument, "email": self.people.get(argument, "")})
        sets = [
            {
                "type": kind,
                "spacePermissions": [
                    {
                        "type": kind,
                        "userName": name if who == "user" else None,
                        "groupName": name if who == "group" else None,
                    }
                    for who, name in self.spaces[argument].readers
                ],
            }
            for kind in ("VIEWSPACE", "EDITSPACE")
        ]
        return Answer(value=sets)

    def _space(self, space: FakeSpace | None) -> dict[str, Any]:
        assert space is not None
        return {"id": int(space.id), "key": space.key, "_expandable": {}}

    def _v1(self, page: FakePage) -> dict[str, Any]:
        return {
            "id": page.id,
            "type": page.kind,
            "title": page.title,
            "version": {"number": page.version, "when": page.modified, "by": {"username": "ann"}},
            "history": {"createdDate": "2026-01-01T09:00:00.000Z"},
            "ancestors": [{"id": one} for one in self._above(page)],
            "restrictions": {"read": self._read(page)},
            "_links": {"webui": f"/display/{page.space}/{page.id}"},
        }

    # Both

    def _in(self, space_id: str) -> list[FakePage]:
        key = next(s.key for s in self.spaces.values() if s.id == space_id)
        return [page for page in self.pages.values() if page.space == key]

    def _above(self, page: FakePage) -> list[str]:
        found: list[str] = []
        while page.parent:
            found.insert(0, page.parent)
            page = self.pages[page.parent]
        return found

    def _read(self, page: FakePage) -> dict[str, Any]:
        names = ("accountId", "id") if self.cloud else ("username", "name")
        result: dict[str, Any] = {
            "operation": "read",
            "restrictions": {
                "user": {"results": [{names[0]: u} for u in page.users], "size": len(page.users)},
                "group": {
                    "results": [{names[1]: g} for g in page.groups],
                    "size": len(page.groups),
                },
            },
        }
        return result

    def _searched(self, query: dict[str, str]) -> list[Any]:
        key = re.search(r'space = "(\w+)"', query["cql"])
        assert key is not None
        if "attachment" in query["cql"]:
            return [
                {
                    "id": file.id,
                    "title": file.title,
                    "container": {"id": file.page},
                    "version": {"number": file.version, "when": "2026-03-01T09:00:00.000Z"},
                    "_links": {"download": f"/download/attachments/{file.page}/{file.id}"},
                }
                for file in self.files.values()
                if self.pages[file.page].space == key[1]
            ]
        return [
            partial(self._restricted, page) for page in self.pages.values() if page.space == key[1]
        ]

    def _restricted(self, page: FakePage) -> dict[str, Any]:
        return {"id": page.id, "restrictions": {"read": self._read(page)}}

    def _storage(self, id_: str) -> Answer | None:
        page = self.pages.get(id_)
        if page is None:
            return None
        if page.is_broken:
            return Answer(status=400, value={"message": "cannot be shown"})
        return Answer(value={"id": id_, "body": {"storage": {"value": f"<p>{page.text}</p>"}}})

    def _page(self, request: Request, rows: list[Any], prefix: str = "") -> Answer:
        start, limit = int(request.query.get("cursor", 0)), int(request.query.get("limit", 25))
        assert limit <= 250
        links = {"base": self.address}
        if start + limit < len(rows):
            kept = {k: v for k, v in request.query.items() if k != "cursor"}
            rest = "&".join(f"{k}={_quoted(v)}" for k, v in kept.items())
            path = request.path.removeprefix(prefix)
            links["next"] = f"{path}?{rest}&cursor={start + limit}"
        return Answer(
            value={"results": [made(one) for one in rows[start : start + limit]], "_links": links}
        )

    def _start(self, request: Request, rows: list[Any]) -> Answer:
        start, limit = int(request.query.get("start", 0)), int(request.query.get("limit", 25))
        links: dict[str, str] = {}
        if start + limit < len(rows):
            kept = {k: v for k, v in request.query.items() if k != "start"}
            rest = "&".join(f"{k}={_quoted(v)}" for k, v in kept.items())
            links["next"] = f"{request.path}?{rest}&start={start + limit}"
        return Answer(
            value={"results": [made(one) for one in rows[start : start + limit]], "_links": links}
        )


def made(row: Any) -> Any:
    """Return a row; one that is a function is made only if it is on the page."""
    return row() if callable(row) else row


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
