"""Jira Cloud on loopback.

Rules from https://developer.atlassian.com/cloud/jira/platform/rest/v3/: api-group-issue-search
(`search/jql`, at most 100 a page, `nextPageToken` and `isLast`; a project that is hidden is found
by no search), api-group-issues (`renderedFields` in HTML), api-group-issue-comments (`visibility`),
api-group-user-search (users with a permission, by `startAt`).
"""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.services.server import NOT_FOUND, Answer, FakeService, Request

PROJECT = "OPS"


@dataclass
class FakeIssue:
    title: str
    text: str
    updated: str = "2026-03-01T09:00:00.000+0000"
    comments: list[tuple[str, str, bool]] = field(default_factory=list)
    is_secured: bool = False
    is_broken: bool = False


class FakeJira(FakeService):
    """One project."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[str, FakeIssue] = {}
        self.is_there = True
        self.people = {"ann": "ann@example.org", "bob": "bob@example.org"}

    def is_body(self, request: Request) -> bool:
        return request.path.startswith("/rest/api/3/issue/")

    def reply(self, request: Request) -> Answer:
        path, query = request.path.removeprefix("/rest/api/3"), request.query
        if path == "/myself":
            return Answer(value={"accountId": "bot", "displayName": "Footnote"})
        if path == f"/project/{PROJECT}" and self.is_there:
            return Answer(value={"key": PROJECT})
        if path == "/search/jql":
            rows = [self._listed(id_) for id_ in self.issues] if self.is_there else []
            start, size = int(query.get("nextPageToken", 0)), int(query["maxResults"])
            assert size <= 100
            is_last = start + size >= len(rows)
            more = {} if is_last else {"nextPageToken": str(start + size)}
            value = {"issues": rows[start : start + size], "isLast": is_last} | more
            return Answer(value=value)
        if path == "/user/permission/search":
            start = int(query["startAt"])
            users = [
                {"accountId": name, "emailAddress": address}
                for name, address in self.people.items()
            ]
            return Answer(value=users[start : start + 50])
        issue = self.issues.get(path.removeprefix("/issue/"))
        if issue is None:
            return NOT_FOUND
        return Answer(status=400) if issue.is_broken else Answer(value=_read(issue))

    def _listed(self, id_: str) -> dict[str, Any]:
        one = self.issues[id_]
        secured = {"security": {"name": "Board"}} if one.is_secured else {}
        fields = {"summary": one.title, "updated": one.updated, "reporter": {"accountId": "ann"}}
        return {"id": id_, "key": f"{PROJECT}-{id_}", "fields": fields | secured}


def _read(issue: FakeIssue) -> dict[str, Any]:
    comments = [
        {"author": {"displayName": who}, "created": "2026-03-02T09:00:00.000+0000"}
        | ({"visibility": {"type": "role", "value": "Administrators"}} if is_closed else {})
        for who, _, is_closed in issue.comments
    ]
    rendered = [{"body": f"<p>{text}</p>"} for _, text, _ in issue.comments]
    return {
        "fields": {"status": {"name": "Open"}, "comment": {"comments": comments}},
        "renderedFields": {
            "description": f"<p>{issue.text}</p>",
            "comment": {"comments": rendered},
        },
    }
