"""Google Drive on loopback.

Rules from https://developers.google.com/workspace/drive/api/reference/rest/v3: files/list (a search
by `q`, `nextPageToken`, `corpora` and `driveId`), files/export, files/get with `alt=media`,
changes/list and getStartPageToken (`newStartPageToken` on the last page; `removed` if it is deleted
or the account lost access), permissions/list, drives/get, about/get;
../guides/handle-errors (403 with a reason); ../guides/manage-sharing (in a shared drive, `files`
has no `permissions`);
https://developers.google.com/identity/protocols/oauth2/web-server#offline (the token endpoint,
`invalid_grant` for an account that was revoked); and
https://developers.google.com/workspace/admin/directory/reference/rest/v1/members/list
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.services.server import NOT_FOUND, Answer, FakeService, Request

FOLDER = "application/vnd.google-apps.folder"
DOC = "application/vnd.google-apps.document"
ANN = {"id": "p-ann", "type": "user", "emailAddress": "ann@example.org"}
BOB = {"id": "p-bob", "type": "user", "emailAddress": "bob@example.org"}
EXPIRED = Answer(
    status=400, value={"error": "invalid_grant", "error_description": "Token has been expired"}
)


@dataclass
class FakeFile:
    name: str
    text: str = ""
    mime: str = "text/plain"
    parent: str = "root"
    drive: str = ""
    modified: str = "2026-03-01T09:00:00.000Z"
    permissions: list[dict[str, Any]] = field(default_factory=lambda: [ANN, BOB])
    is_broken: bool = False


class FakeDrive(FakeService):
    """The files of one account, and shared drives; the account is one that has agreed."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, FakeFile] = {}
        self.drives: dict[str, str] = {}
        self.groups: dict[str, list[dict[str, str]]] = {}
        self.account = "refresh-of-the-test"
        self.log: list[tuple[str, str]] = []
        self.is_log_short = False

    @property
    def token(self) -> str:
        """The account as JSON; another one is no account that it knows."""
        account = {"client_id": "client", "client_secret": "s3cret", "type": "authorized_user"}
        more = {"refresh_token": self.account, "token_uri": f"{self.address}/token"}
        return json.dumps(account | more)

    @token.setter
    def token(self, value: str) -> None:
        self.account = value

    def touch(self, key: str) -> None:
        """Let a change be reported."""
        drive = self.files[key].drive if key in self.files else ""
        self.log.append((drive, key))

    def is_body(self, request: Request) -> bool:
        is_export = request.path.endswith("/export")
        return is_export or request.query.get("alt") == "media"

    def is_allowed(self, request: Request) -> bool:
        is_asking = request.path == "/token"
        return is_asking or request.headers.get("Authorization") == f"Bearer of-{self.account}"

    def reply(self, request: Request) -> Answer:
        if request.path == "/token":
            asked = request.body
            is_known = asked.get("refresh_token") == self.account
            good = {"access_token": f"of-{self.account}", "expires_in": 3599}
            return Answer(value=good) if is_known else EXPIRED
        if match := re.fullmatch(r"/admin/directory/v1/groups/([^/]+)/members", request.path):
            group = match[1].replace("%40", "@")
            members = self.groups.get(group)
            return NOT_FOUND if members is None else Answer(value={"members": members})
        return self._drive(request, request.path.removeprefix("/drive/v3"))

    def _drive(self, request: Request, path: str) -> Answer:
        if path == "/about":
            return Answer(value={"user": {"emailAddress": "bot@acme.test"}})
        if path == "/files":
            return self._listed(request)
        if path == "/changes/startPageToken":
            return Answer(value={"startPageToken": str(len(self.log))})
        if path == "/changes":
            return self._changes(request)
        if match := re.fullmatch(r"/drives/(\w+)", path):
            name = self.drives.get(match[1])
            return NOT_FOUND if name is None else Answer(value={"name": name})
        return self._file(path)

    def _file(self, path: str) -> Answer:
        key, _, rest = path.removeprefix("/files/").partition("/")
        file = self.files.get(key)
        if file is None:
            return NOT_FOUND
        if rest == "permissions":
            return Answer(value={"permissions": file.permissions})
        if file.is_broken:
            return Answer(status=403, value={"error": {"errors": [{"reason": "cannotDownload"}]}})
        is_doc = file.mime.startswith("application/vnd.google-apps")
        assert (rest == "export") == is_doc
        return Answer(value=file.text.encode())

    def _listed(self, request: Request) -> Answer:
        asked = request.query
        drive = asked.get("driveId", "")
        if drive and drive not in self.drives:
            return NOT_FOUND
        wants_folders = f"mimeType = '{FOLDER}'" in asked["q"]
        assert wants_folders or f"mimeType != '{FOLDER}'" in asked["q"]
        rows = [
            self._row(key)
            for key, one in self.files.items()
            if (one.mime == FOLDER) == wants_folders and one.drive == drive
        ]
        start, size = int(asked.get("pageToken", 0)), min(int(asked["pageSize"]), 100)
        more = {"nextPageToken": str(start + size)} if start + size < len(rows) else {}
        return Answer(value={"files": rows[start : start + size]} | more)

    def _row(self, key: str) -> dict[str, Any]:
        one = self.files[key]
        row = {
            "id": key,
            "name": one.name,
            "mimeType": one.mime,
            "parents": [one.parent],
            "modifiedTime": one.modified,
            "webViewLink": f"https://drive.test/{key}",
            "permissionIds": [p["id"] for p in one.permissions],
        }
        if not one.mime.startswith("application/vnd.google-apps"):
            row["md5Checksum"] = hashlib.md5(one.text.encode(), usedforsecurity=False).hexdigest()
        return row | ({"driveId": one.drive} if one.drive else {"permissions": one.permissions})

    def _changes(self, request: Request) -> Answer:
        if self.is_log_short:
            return Answer(status=400, value={"error": {"message": "Invalid Value"}})
        start, drive = int(request.query["pageToken"]), request.query.get("driveId", "")
        found = []
        for place, key in self.log[start : start + 50]:
            if place == drive or not place:
                is_there = key in self.files
                file = {"file": self._row(key)} if is_there else {}
                kind = "drive" if key in self.drives else "file"
                found.append({"changeType": kind, "fileId": key, "removed": not is_there} | file)
        is_last = start + 50 >= len(self.log)
        name = "newStartPageToken" if is_last else "nextPageToken"
        return Answer(value={"changes": found, name: str(min(start + 50, len(self.log)))})
