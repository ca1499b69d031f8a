"""Google Drive: files, Docs, Sheets and Slides that the account may read.

https://developers.google.com/workspace/drive/api/reference/rest/v3
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from footnote_qa.index.sources.connectors.drive_readers import PERMISSION, DriveReaders
from footnote_qa.index.sources.connectors.folder_tree import FolderTree
from footnote_qa.index.sources.connectors.google import options_of
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.paths import joined, safe, time_of
from footnote_qa.index.sources.sync import (
    Client,
    Cursor,
    Event,
    ForbiddenError,
    Gone,
    Item,
    ItemError,
    Json,
    Listed,
    Unlisted,
)

FOLDER: Final = "application/vnd.google-apps.folder"
_SCOPE: Final = "https://www.googleapis.com/auth/drive.readonly"
_GROUPS: Final = "https://www.googleapis.com/auth/admin.directory.group.member.readonly"
_FILE: Final = (
    "id,name,mimeType,parents,modifiedTime,createdTime,md5Checksum,size,webViewLink,trashed,driveId,"
    f"lastModifyingUser(displayName),permissionIds,permissions({PERMISSION})"
)
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
# https://developers.google.com/workspace/drive/api/guides/ref-export-formats
EXPORTS: Final = {
    "application/vnd.google-apps.document": (".docx", f"{_OFFICE}.wordprocessingml.document"),
    "application/vnd.google-apps.spreadsheet": (".xlsx", f"{_OFFICE}.spreadsheetml.sheet"),
    "application/vnd.google-apps.presentation": (".pdf", "application/pdf"),
}
_EXPORTED: Final = "1"
"""Raised when an unchanged Doc is exported in another way."""

_MOST_SYNCS: Final = 24
"""Syncs by changes alone; after these, everything is listed again, whatever the changes say."""

_OWN = ""  # the files that the account owns or that are shared with it


class Drive:
    """The files that the account may read.

    Args:
        client: With the API as its base.
        settings: The source's settings.
        directory: Reads the members of groups; None if the account may not.
    """

    def __init__(
        self, client: Client, settings: ConnectorSettings, directory: Client | None
    ) -> None:
        self._client, self._settings = client, settings
        self._suffixes = {one.lower() for one in settings.texts("suffixes")}
        self._readers = DriveReaders(client, settings, directory)
        self._tree = FolderTree(settings.memory, "drive.json")
        self._exports: dict[str, str] = {}

    def check(self) -> str:
        """Return who is signed in."""
        user = self._client.json("/drive/v3/about", {"fields": "user(emailAddress)"})["user"]
        return f"{user.get('emailAddress')} in Google Drive"

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield what changed; everything if a folder, a drive or its readers did."""
        before = _read(cursor, self._tree.mark)
        places = self._places()
        if before is not None and set(before[1]) == set(places):
            events = self._changed(before[1])
            if events is not None:
                found, after = events
                yield from found
                yield self._cursor(before[0] + 1, after)
                return
        yield from self._everything(places)

    def _places(self) -> list[str]:
        drives = self._settings.texts("drives")
        own = [_OWN] if self._settings.texts("folders") or not drives else []
        return [*own, *drives]

    def _everything(self, places: list[str]) -> Iterator[Event]:
        self._tree.clear()
        self._readers.clear()
        tokens: dict[str, str] = {}
        for place in places:
            try:
                token = self._token(place)  # what changes during the listing is listed again
                self._read_folders(place)
                yield from filter(None, map(self._item, self._files(place, f"!= '{FOLDER}'")))
                tokens[place] = token
            except ItemError as error:
                yield Unlisted(scope=place, reason=error.reason)
        yield Listed()
        yield self._cursor(0, tokens)

    def _cursor(self, count: int, tokens: Mapping[str, str]) -> Cursor:
        self._tree.remember(self._readers.groups)
        return Cursor(value=json.dumps([count, dict(tokens), self._tree.mark]))

    def _token(self, place: str) -> str:
        reply = self._client.json("/drive/v3/changes/startPageToken", _of(place))
        return str(reply["startPageToken"])

    def _read_folders(self, place: str) -> None:
        if place:
            drive = self._client.json(f"/drive/v3/drives/{place}", {"fields": "name"})
            self._tree.put(place, safe(str(drive.get("name") or place)), "", "")
        for one in self._files(place, f"= '{FOLDER}'"):
            self._tree.put(*_folder(one))

    def _files(self, place: str, mime: str) -> Iterator[Json]:
        corpus = {"corpora": "drive"} if place else {"corpora": "user"}
        asked: dict[str, str | int] = {
            **_of(place),
            **corpus,
            "q": f"trashed = false and mimeType {mime}",
            "pageSize": 1000,
            "fields": f"nextPageToken,incompleteSearch,files({_FILE})",
        }
        while True:
            page = self._client.json("/drive/v3/files", asked)
            yield from page.get("files") or ()
            if page.get("incompleteSearch"):
                raise ItemError("Google Drive did not search all of it: try later")
            if not page.get("nextPageToken"):
                return
            asked["pageToken"] = str(page["nextPageToken"])

    def _changed(self, tokens: Mapping[str, str]) -> tuple[list[Event], dict[str, str]] | None:
        """Return the events since these tokens and the next ones; None if all must be listed."""
        self._readers.begin(self._tree.groups)
        changed: dict[str, Json] = {}
        after: dict[str, str] = {}
        for place, token in tokens.items():
            try:
                for page in self._pages(place, token):
                    changed |= {_id(one): one for one in page.get("changes") or ()}
                    after[place] = str(page.get("newStartPageToken") or "")
            except ItemError:  # the token is too old, or the drive is gone
                return None
        if any(self._moves_others(one) for one in changed.values()):
            return None
        events: list[Event] = []
        for key, one in changed.items():
            item = None if _is_gone(one) else self._item(one["file"])
            events.append(item or Gone(key=key))
        return events, after

    def _pages(self, place: str, token: str) -> Iterator[Json]:
        asked: dict[str, str | int] = {
            **_of(place),
            "pageSize": 1000,
            "fields": "nextPageToken,newStartPageToken,"
            f"changes(changeType,removed,fileId,driveId,file({_FILE}))",
        }
        following: str | None = token
        while following:
            page = self._client.json("/drive/v3/changes", {**asked, "pageToken": following})
            yield page
            following = page.get("nextPageToken")

    def _moves_others(self, change: Json) -> bool:
        """Return whether a change can give other files another path or other readers."""
        if change.get("changeType") == "drive":
            return True
        file = change.get("file") or {}
        if file.get("mimeType") != FOLDER and not self._tree.has(_id(change)):
            return False
        return _is_gone(change) or not self._tree.holds(*_folder(file))

    def _item(self, file: Json) -> Item | None:
        """Return the item of a file; None if it is not taken."""
        key, name, mime = str(file["id"]), safe(str(file.get("name") or "")), file.get("mimeType")
        above = self._tree.above(_parent(file))
        folders = self._settings.texts("folders")
        place = str(file.get("driveId") or _OWN)
        if not place and folders and not above.keys() & set(folders):
            return None
        at = str(file.get("modifiedTime") or "")
        if mime in EXPORTS:
            name, version = f"{name}{EXPORTS[mime][0]}", f"{at}.{_EXPORTED}"
            self._exports[key] = EXPORTS[mime][1]
        elif PurePosixPath(name).suffix.lower() in self._suffixes:
            version = str(file.get("md5Checksum") or at)
        else:
            return None
        return Item(
            key=key,
            version=version,
            path=joined(*above.values(), name),
            name=name,
            title=PurePosixPath(name).stem,
            url=file.get("webViewLink"),
            modified_at=time_of(at),
            created_at=time_of(file.get("createdTime")),
            author=str((file.get("lastModifyingUser") or {}).get("displayName") or ""),
            parent=_parent(file),
            scope=place,
            readers=self._readers.of(file),
        )

    def fetch(self, item: Item) -> bytes:
        """Return a file as it is; a Doc, a Sheet and Slides as they are exported."""
        address, most = f"/drive/v3/files/{item.key}", self._settings.max_bytes
        mime = self._exports.get(item.key) or _mime_of(item)
        if mime is None:
            asked: dict[str, str | int] = {"alt": "media", "supportsAllDrives": "true"}
            return self._client.reply(address, asked, max_bytes=most).content
        try:
            return self._client.reply(
                f"{address}/export", {"mimeType": mime}, max_bytes=most
            ).content
        except ForbiddenError as error:
            raise ItemError(
                "Google exports no more than 10 MB, and only what the account may download"
            ) from error

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield who is in the groups that files name."""
        return self._readers.members()


def _mime_of(item: Item) -> str | None:
    """Return how an item of an earlier sync is exported; None if it is a file."""
    by_suffix = dict(EXPORTS.values())
    is_export = item.version.endswith(f"Z.{_EXPORTED}")
    return by_suffix.get(PurePosixPath(item.name).suffix) if is_export else None


def _of(place: str) -> dict[str, str | int]:
    """Return the parameters that name the files of one place."""
    if not place:
        return {"supportsAllDrives": "true", "includeItemsFromAllDrives": "false"}
    return {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true", "driveId": place}


def _id(change: Json) -> str:
    return str(change.get("fileId") or change.get("driveId") or "")


def _is_gone(change: Json) -> bool:
    file = change.get("file") or {}
    return bool(change.get("removed") or file.get("trashed") or not file)


def _parent(file: Json) -> str:
    return str((file.get("parents") or ("",))[0])


def _folder(one: Json) -> tuple[str, str, str, str]:
    """Return what a folder is for the files in it: id, name, parent and readers."""
    readers = ",".join(sorted(map(str, one.get("permissionIds") or ())))
    shared = ",".join(
        sorted(f"{p.get('id')}{p.get('allowFileDiscovery')}" for p in one.get("permissions") or ())
    )
    return str(one["id"]), safe(str(one.get("name") or "")), _parent(one), f"{readers} {shared}"


def _read(cursor: str | None, mark: str) -> tuple[int, dict[str, str]] | None:
    """Return how many syncs went by changes, and the tokens; None if all must be listed."""
    try:
        count, tokens, known = json.loads(cursor or "")
        is_good = count < _MOST_SYNCS and mark and known == mark
        return (int(count), dict(tokens)) if is_good else None
    except (ValueError, TypeError):
        return None


def make(settings: ConnectorSettings) -> Drive:
    """Return the connector of these settings."""
    has_groups = settings.flag("directory")
    scopes = [_SCOPE, *([_GROUPS] if has_groups else [])]
    options = options_of(settings, "Google Drive", scopes)
    directory = Client(settings.text("directory_api"), options) if has_groups else None
    return Drive(Client(settings.text("api"), options), settings, directory)
