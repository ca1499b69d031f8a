"""GitHub on loopback.

Rules from its public documentation: https://docs.github.com/en/rest/git/trees (recursive, blobs
with hash and size, truncated), .../git/blobs (raw media type), .../issues/issues (pull requests are
among them), .../issues/comments, .../collaborators, .../users, pagination by the `link` header,
https://docs.github.com/en/graphql/guides/using-the-graphql-api-for-discussions, and
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.fakes.services.server import NOT_FOUND, Answer, FakeService, Request

REPOSITORY = "acme/handbook"


@dataclass
class FakeThread:
    title: str
    body: str
    updated: str = "2026-03-01T09:00:00Z"
    comments: list[tuple[str, str]] = field(default_factory=list)
    is_pull_request: bool = False
    is_broken: bool = False


class FakeGitHub(FakeService):
    """One repository."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.broken: set[str] = set()
        self.issues: dict[int, FakeThread] = {}
        self.discussions: dict[int, FakeThread] = {}
        self.private = False
        self.is_there = True
        self.is_truncated = False
        self.collaborators = {"ann": "ann@example.org", "bob": None}

    def is_body(self, request: Request) -> bool:
        if request.path == "/graphql":
            return "number: $number" in request.body["query"]
        return bool(re.search(r"/git/blobs/|/issues/\d+$", request.path))

    def reply(self, request: Request) -> Answer:
        path = request.path
        if path == "/user":
            return Answer(value={"login": "footnote"})
        if match := re.fullmatch(r"/users/(\w+)", path):
            return Answer(value={"login": match[1], "email": self.collaborators.get(match[1])})
        if path == "/graphql":
            return self._graphql(request)
        prefix = f"/repos/{REPOSITORY}"
        if not path.startswith(prefix) or not self.is_there:
            return NOT_FOUND
        return self._repository(path.removeprefix(prefix), request)

    def _repository(self, path: str, request: Request) -> Answer:
        if path == "":
            return Answer(
                value={
                    "default_branch": "main",
                    "private": self.private,
                    "html_url": f"https://github.test/{REPOSITORY}",
                    "has_issues": True,
                    "has_discussions": True,
                }
            )
        if match := re.fullmatch(r"/git/trees/([\w.]+)", path):
            return self._tree(match[1], recursive=request.query.get("recursive") == "1")
        if match := re.fullmatch(r"/git/blobs/(\w+)", path):
            assert request.headers["Accept"] == "application/vnd.github.raw+json"
            found = {sha(content): (name, content) for name, content in self.files.items()}
            if match[1] not in found:
                return NOT_FOUND
            name, content = found[match[1]]
            return Answer(status=422) if name in self.broken else Answer(value=content)
        if path == "/issues":
            return self._listed(request, [self._issue(n) for n in self.issues])
        if match := re.fullmatch(r"/issues/(\d+)", path):
            number = int(match[1])
            if number not in self.issues:
                return NOT_FOUND
            if self.issues[number].is_broken:
                return Answer(status=422)
            return Answer(value=self._issue(number) | {"body": self.issues[number].body})
        if match := re.fullmatch(r"/issues/(\d+)/comments", path):
            rows = [
                {"body": text, "user": {"login": who}, "created_at": "2026-03-02T09:00:00Z"}
                for who, text in self.issues[int(match[1])].comments
            ]
            return self._listed(request, rows)
        if path == "/collaborators":
            return self._listed(request, [{"login": one} for one in self.collaborators])
        return NOT_FOUND

    def _issue(self, number: int) -> dict[str, Any]:
        one = self.issues[number]
        pull = {"pull_request": {"url": "x"}} if one.is_pull_request else {}
        return {
            "number": number,
            "title": one.title,
            "state": "open",
            "updated_at": one.updated,
            "created_at": "2026-01-01T09:00:00Z",
            "comments": len(one.comments),
            "user": {"login": "ann"},
            "html_url": f"https://github.test/{REPOSITORY}/issues/{number}",
        } | pull

    def _tree(self, name: str, *, recursive: bool) -> Answer:
        rows = [
            {"path": p, "type": "blob", "mode": "100644", "sha": sha(c), "size": len(c)}
            for p, c in self.files.items()
        ]
        if recursive and not self.is_truncated:
            return Answer(value={"sha": "root", "tree": rows, "truncated": False})
        if recursive:
            return Answer(value={"sha": "root", "tree": rows[:1], "truncated": True})
        folder = "" if name == "root" else f"{name.replace('.', '/')}/"
        inside = [r for r in rows if str(r["path"]).startswith(folder)]
        direct = [
            r | {"path": str(r["path"])[len(folder) :]}
            for r in inside
            if "/" not in str(r["path"])[len(folder) :]
        ]
        below = {str(r["path"])[len(folder) :].split("/")[0] for r in inside} - {
            str(r["path"]) for r in direct
        }
        trees: list[Any] = [
            {"path": one, "type": "tree", "sha": f"{folder}{one}".replace("/", ".")}
            for one in sorted(below)
        ]
        return Answer(value={"sha": name, "tree": [*direct, *trees], "truncated": False})

    def _graphql(self, request: Request) -> Answer:
        if not self.is_there:
            return Answer(value={"data": {"repository": None}})
        number = request.body["variables"].get("number")
        if number is None:
            nodes = [
                {
                    "number": n,
                    "title": one.title,
                    "url": f"https://github.test/{REPOSITORY}/discussions/{n}",
                    "updatedAt": one.updated,
                    "createdAt": one.updated,
                    "author": {"login": "ann"},
                    "comments": {"totalCount": len(one.comments)},
                }
                for n, one in self.discussions.items()
            ]
            page = {"hasNextPage": False, "endCursor": None}
            found: Any = {"discussions": {"pageInfo": page, "nodes": nodes}}
        else:
            one = self.discussions[number]
            comments = [
                {"body": text, "author": {"login": who}, "createdAt": one.updated, "isAnswer": True}
                for who, text in one.comments
            ]
            found = {"discussion": {"body": one.body, "comments": {"nodes": comments}}}
        return Answer(value={"data": {"repository": found}})

    def _listed(self, request: Request, rows: list[Any]) -> Answer:
        page, size = int(request.query.get("page", 1)), int(request.query.get("per_page", 30))
        assert size <= 100
        more = page * size < len(rows)
        query = urlencode({**request.query, "page": page + 1})
        link = {"Link": f'<{self.address}{request.path}?{query}>; rel="next"'} if more else {}
        return Answer(value=rows[(page - 1) * size : page * size], headers=link)


def sha(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - as git does
