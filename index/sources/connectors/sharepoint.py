"""SharePoint and OneDrive: the files of document libraries, by Microsoft Graph.

https://learn.microsoft.com/en-us/graph/api/driveitem-delta
https://learn.microsoft.com/en-us/onedrive/developer/rest-api/concepts/scan-guidance
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.folder_tree import FolderTree
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.oauth import AccessTokens
from footnote_qa.index.sources.connectors.paths import joined, safe, time_of
from footnote_qa.index.sources.connectors.sharepoint_readers import SharePointReaders
from footnote_qa.index.sources.sync import (
    Client,
    ClientOptions,
    Cursor,
    Event,
    Gone,
    Item,
    ItemError,
    Json,
    Listed,
    MissingError,
    Unlisted,
)

_FIELDS: Final = (
    "id,name,file,folder,root,deleted,parentReference,cTag,webUrl,size,lastModifiedDateTime,"
    "createdDateTime,lastModifiedBy"
)
_PREFER: Final = {
    "Prefer": "deltashowremovedasdeleted, deltatraversepermissiongaps, deltashowsharingchanges"
}
_SHARED: Final = "@microsoft.graph.sharedChanged"
_MOST_BYTES: Final = 64_000_000
_MOST_SYNCS: Final = 24
"""Syncs by changes alone; after these, everything is listed again, whatever the changes say."""


class SharePoint:
    """The document libraries of sites, and the OneDrives of people.

    Args:
        client: With Graph as its base.
        settings: The source's settings.
    """

    def __init__(self, client: Client, settings: ConnectorSettings) -> None:
        self._client, self._settings = client, settings
        if not settings.texts("sites") and not settings.texts("users"):
            raise SourceError("SharePoint needs sites, or users whose OneDrive is read")
        self._suffixes = {one.lower() for one in settings.texts("suffixes")}
        self._tree = FolderTree(settings.memory, "sharepoint.json")
        self._readers = SharePointReaders(client, settings)

    def check(self) -> str:
        """Return what the application reads."""
        names: list[str] = []
        for place in self._places():
            drives = self._drives(place)
            names += [f"{place} ({len(drives)} libraries)" if "/" in place else place]
        return f"an application that reads {', '.join(names)}"

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield what changed; everything if a folder or its readers did."""
        self._readers.begin(self._tree.groups)
        drives: dict[str, tuple[str, str]] = {}  # id -> its place, and its name in paths
        faults: list[Unlisted] = []
        for place in self._places():
            try:
                drives |= self._drives(place)
            except ItemError as error:
                faults.append(Unlisted(scope=place, reason=error.reason))
        before = _read(cursor, self._tree.mark)
        if before is not None and not faults and set(before[1]) == set(drives):
            events = self._changed(before[1], drives)
            if events is not None:
                yield from events[0]
                yield self._cursor(before[0] + 1, events[1])
                return
        yield from faults
        yield from self._everything(drives)

    def _places(self) -> list[str]:
        sites = [one.removeprefix("https://").rstrip("/") for one in self._settings.texts("sites")]
        return [
            *(one if "/" in one else f"{one}/" for one in sites),
            *self._settings.texts("users"),
        ]

    def _drives(self, place: str) -> dict[str, tuple[str, str]]:
        host, is_site, path = place.partition("/")
        if not is_site:
            drive = self._client.json(f"/users/{quote(place)}/drive", {"$select": "id"})
            return {str(drive["id"]): (place, safe(place))}
        address = f"/sites/{host}:/{quote(path)}" if path else f"/sites/{host}"
        site = self._client.json(address, {"$select": "id,displayName"})
        rows = self._rows(f"/sites/{site['id']}/drives", {"$select": "id,name"})
        wanted = set(self._settings.texts("libraries"))
        above = safe(str(site.get("displayName") or path))
        return {
            str(one["id"]): (place, joined(above, safe(str(one.get("name") or ""))))
            for one in rows
            if not wanted or one.get("name") in wanted
        }

    def _rows(self, path: str, asked: Mapping[str, str | int]) -> Iterator[Json]:
        for page in self._client.pages(path, asked, lambda one: one.get("@odata.nextLink")):
            yield from page.get("value") or ()

    def _everything(self, drives: Mapping[str, tuple[str, str]]) -> Iterator[Event]:
        self._tree.clear()
        self._readers.clear()
        links: dict[str, str] = {}
        for drive, (place, name) in drives.items():
            try:
                found, link = self._delta(f"/drives/{drive}/root/delta")
            except ItemError as error:
                yield Unlisted(scope=place, reason=error.reason)
                continue
            self._put_folders(found, name)
            files = [one for one in found.values() if "file" in one and "deleted" not in one]
            yield from self._items(drive, files, place)
            links[drive] = link
        yield Listed()
        yield self._cursor(0, links)

    def _cursor(self, count: int, links: Mapping[str, str]) -> Cursor:
        self._tree.remember(self._readers.groups)
        return Cursor(value=json.dumps([count, dict(links), self._tree.mark]))

    def _delta(self, address: str) -> tuple[dict[str, Json], str]:
        """Return what is listed from an address on, by id, and where the next listing begins."""
        found: dict[str, Json] = {}
        asked: Mapping[str, str | int] | None = None
        if not address.startswith("http"):
            asked = {"$select": _FIELDS, "$top": 1000}
        while True:
            reply = self._client.reply(address, asked, max_bytes=_MOST_BYTES, headers=_PREFER)
            page, asked = self._client.json_of(reply), None
            # One that is listed twice is as it was listed last
            found |= {str(one["id"]): one for one in page.get("value") or ()}
            if not page.get("@odata.nextLink"):
                return found, str(page.get("@odata.deltaLink") or "")
            address = str(page["@odata.nextLink"])

    def _put_folders(self, found: Mapping[str, Json], name: str) -> None:
        for key, one in found.items():
            if "file" not in one and "deleted" not in one:
                is_top = "root" in one
                own = name if is_top else safe(str(one.get("name") or ""))
                self._tree.put(key, own, "" if is_top else _parent(one), "")

    def _changed(
        self, links: Mapping[str, str], drives: Mapping[str, tuple[str, str]]
    ) -> tuple[list[Event], dict[str, str]] | None:
        """Return the events since these links and the next ones; None if all must be listed."""
        events: list[Event] = []
        after: dict[str, str] = {}
        for drive, link in links.items():
            try:
                found, after[drive] = self._delta(link)
            except MissingError:  # the link is too old
                return None
            if any(self._moves_others(*one) for one in found.items()):
                return None
            files = [one for one in found.values() if "file" in one and "deleted" not in one]
            items = {one.key: one for one in self._items(drive, files, drives[drive][0])}
            events += [
                items.get(f"{drive}:{key}") or Gone(key=f"{drive}:{key}")
                for key in found
                if not self._tree.has(key)
            ]
        return events, after

    def _moves_others(self, key: str, one: Json) -> bool:
        """Return whether a change can give other files another path or other readers."""
        if "file" in one or ("deleted" in one and not self._tree.has(key)):
            return False
        if "deleted" in one or _SHARED in one:
            return True
        if "root" in one:  # it is listed with each change in it
            return not self._tree.has(key)
        return not self._tree.holds(key, safe(str(one.get("name") or "")), _parent(one), "")

    def _items(self, drive: str, files: list[Json], place: str) -> Iterator[Item]:
        taken = [
            one
            for one in files
            if PurePosixPath(str(one.get("name") or "")).suffix.lower() in self._suffixes
        ]
        for one, readers in self._readers.of(drive, taken):
            name, at = safe(str(one["name"])), one.get("lastModifiedDateTime")
            hashes = (one.get("file") or {}).get("hashes") or {}
            author = ((one.get("lastModifiedBy") or {}).get("user") or {}).get("displayName")
            yield Item(
                key=f"{drive}:{one['id']}",
                version=str(hashes.get("quickXorHash") or one.get("cTag") or at),
                path=joined(*self._tree.above(_parent(one)).values(), name),
                name=name,
                title=PurePosixPath(name).stem,
                url=one.get("webUrl"),
                modified_at=time_of(at),
                created_at=time_of(one.get("createdDateTime")),
                author=str(author or ""),
                parent=_parent(one),
                scope=place,
                readers=readers,
            )

    def fetch(self, item: Item) -> bytes:
        """Return a file; Graph leads to a signed address, which gets no token."""
        drive, _, key = item.key.partition(":")
        address = f"/drives/{drive}/items/{key}/content"
        return self._client.reply(address, max_bytes=self._settings.max_bytes).content

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield who is in the groups that files name."""
        return self._readers.members()


def _parent(one: Json) -> str:
    return str((one.get("parentReference") or {}).get("id") or "")


def _read(cursor: str | None, mark: str) -> tuple[int, dict[str, str]] | None:
    """Return how many syncs went by changes, and the links; None if all must be listed."""
    try:
        count, links, known = json.loads(cursor or "")
        is_good = count < _MOST_SYNCS and mark and known == mark
        return (int(count), dict(links)) if is_good else None
    except (ValueError, TypeError):
        return None


def make(settings: ConnectorSettings) -> SharePoint:
    """Return the connector of these settings.

    https://learn.microsoft.com/en-us/graph/auth-v2-service
    """
    name = settings.variables["secret"]
    fields = {
        "grant_type": "client_credentials",
        "client_id": settings.text("client_id"),
        "client_secret": settings.secrets["secret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    plain = ClientOptions(token_name=name, service="Microsoft 365", clock=settings.clock)
    address = f"{settings.text('login').rstrip('/')}/{settings.text('tenant')}/oauth2/v2.0/token"
    tokens = AccessTokens(address, lambda: fields, plain)
    options = ClientOptions(
        token_name=name,
        service="Microsoft 365",
        clock=settings.clock,
        authorise=tokens.headers,
    )
    return SharePoint(Client(settings.text("api"), options), settings)
