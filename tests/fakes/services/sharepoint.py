"""Microsoft Graph on loopback, with one site.

Rules from https://learn.microsoft.com/en-us/graph: auth-v2-service (the token endpoint, 401 for a
secret that has expired), api/site-getbypath, api/drive-list, api/driveitem-delta
(`@odata.nextLink`, `@odata.deltaLink`, `deleted`, 410 for a link that is too old; folders above a
change are listed too; `Prefer: deltashowsharingchanges` and `@microsoft.graph.sharedChanged`),
json-batching (at most 20, each with its own status), api/driveitem-list-permissions,
resources/permission, api/driveitem-get-content (302 to a signed address),
api/group-list-transitivemembers, api/user-get.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.services.server import NOT_FOUND, Answer, FakeService, Request

SITE = "acme.sharepoint.test/sites/handbook"
SHARED = "@microsoft.graph.sharedChanged"


def user(name: str) -> dict[str, Any]:
    return {"grantedToV2": {"user": {"id": name, "email": f"{name}@example.org"}}}


@dataclass
class FakeDriveItem:
    name: str
    text: str = ""
    parent: str = "root"
    is_folder: bool = False
    tag: int = 1
    permissions: list[dict[str, Any]] = field(default_factory=lambda: [user("ann"), user("bob")])
    is_broken: bool = False


class FakeSharePoint(FakeService):
    """A document library; the token of the service is the secret of the application."""

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[str, FakeDriveItem] = {}
        self.log: list[tuple[str, bool]] = []
        self.groups: dict[str, list[str]] = {}
        self.people: dict[str, str] = {}
        self.is_there = True
        self.is_link_old = False
        self.is_batch_limited = False
        self.hides_permissions = False

    def touch(self, key: str, *, shared: bool = False) -> None:
        """Let a change be reported."""
        self.log.append((key, shared))

    def is_body(self, request: Request) -> bool:
        return request.path.endswith("/content")

    def is_allowed(self, request: Request) -> bool:
        if request.path.startswith(("/acme.test/", "/signed/")):
            return True
        return request.headers.get("Authorization") == f"Bearer of-{self.token}"

    def reply(self, request: Request) -> Answer:
        path = request.path.removeprefix("/v1.0")
        if path == "/acme.test/oauth2/v2.0/token":
            assert request.body["grant_type"] == "client_credentials"
            good = request.body["client_secret"] == self.token
            value = {"access_token": f"of-{self.token}", "expires_in": 3599}
            return Answer(value=value) if good else Answer(status=401, value={"error": "x"})
        if path == "/$batch":
            return self._batch(request)
        if path.startswith("/signed/"):
            return Answer(value=self.items[path.removeprefix("/signed/")].text.encode())
        if path == f"/sites/{SITE.replace('/', ':/', 1)}" and self.is_there:
            return Answer(value={"id": "s1", "displayName": "Handbook"})
        if path == "/sites/s1/drives":
            return Answer(value={"value": [{"id": "d1", "name": "Documents"}]})
        if path == "/drives/d1/root/delta":
            return self._delta(request)
        return self._people(path) or self._item(path)

    def _people(self, path: str) -> Answer | None:
        if match := re.fullmatch(r"/groups/(.+)/transitiveMembers/microsoft.graph.user", path):
            members = self.groups.get(match[1])
            rows = [{"mail": one, "userPrincipalName": None} for one in members or ()]
            return NOT_FOUND if members is None else Answer(value={"value": rows})
        if match := re.fullmatch(r"/users/(\w+)", path):
            mail = self.people.get(match[1])
            return NOT_FOUND if mail is None else Answer(value={"mail": mail})
        return None

    def _item(self, path: str) -> Answer:
        match = re.fullmatch(r"/drives/d1/items/(\w+)/(content|permissions)", path)
        if match is None or match[1] not in self.items:
            return NOT_FOUND
        one = self.items[match[1]]
        if match[2] == "permissions":
            if self.hides_permissions:
                return Answer(status=403, value={"error": {}})
            return Answer(value={"value": one.permissions})
        if one.is_broken:
            return Answer(status=423, value={"error": {"code": "resourceLocked"}})
        return Answer(status=302, headers={"Location": f"{self.address}/signed/{match[1]}"})

    def _batch(self, request: Request) -> Answer:
        asked = request.body["requests"]
        assert len(asked) <= 20
        answers = []
        for one in asked:
            answer = Answer(status=429) if self.is_batch_limited else self._item(one["url"])
            answers.append({"id": one["id"], "status": answer.status, "body": answer.value})
        return Answer(value={"responses": answers[::-1]})  # in any order

    def _delta(self, request: Request) -> Answer:
        query = request.query
        if "since" not in query and "skip" not in query:
            assert "deltashowsharingchanges" in request.headers["Prefer"]
        if "since" in query:
            if self.is_link_old:
                return Answer(status=410, value={"error": {"code": "resyncRequired"}})
            changed = dict(self.log[int(query["since"]) :])
            above = {self.items[key].parent for key in changed if key in self.items}
            keys = dict.fromkeys([*(key for key in above if key in self.items), *changed])
            rows = [ROOT, *(self._row(key, shared=changed.get(key, False)) for key in keys)]
            return Answer(value={"value": rows} | self._link())
        rows = [ROOT, *(self._row(key) for key in self.items)]
        start, size = int(query.get("skip", 0)), 200
        if start + size < len(rows):
            following = f"{self.address}/v1.0/drives/d1/root/delta?skip={start + size}"
            more = {"@odata.nextLink": following}
        else:
            more = self._link()
        return Answer(value={"value": rows[start : start + size]} | more)

    def _link(self) -> dict[str, str]:
        link = f"{self.address}/v1.0/drives/d1/root/delta?since={len(self.log)}"
        return {"@odata.deltaLink": link}

    def _row(self, key: str, *, shared: bool = False) -> dict[str, Any]:
        if key not in self.items:
            return {"id": key, "deleted": {"state": "deleted"}, "parentReference": {"id": "root"}}
        one = self.items[key]
        kind: dict[str, Any] = {"folder": {}} if one.is_folder else {"file": {"mimeType": "x"}}
        row = {
            "id": key,
            "name": one.name,
            "parentReference": {"id": one.parent},
            "cTag": f"c:{one.tag}",
            "webUrl": f"https://{SITE}/{key}",
            "lastModifiedDateTime": "2026-03-01T09:00:00Z",
            "lastModifiedBy": {"user": {"displayName": "Ann"}},
        }
        return row | kind | ({SHARED: "True"} if shared else {})


ROOT = {"id": "root", "name": "root", "root": {}, "folder": {}}
