"""Who may read a file in Google Drive.

https://developers.google.com/workspace/drive/api/guides/manage-sharing
"""

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from footnote_qa.index.audience import EVERYBODY, NOBODY, Readers, domain, email
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.sync import (
    Client,
    ForbiddenError,
    ItemError,
    Json,
    MissingError,
)

PERMISSION: Final = "id,type,emailAddress,domain,allowFileDiscovery,deleted"
_MOST_DEPTH: Final = 20


class DriveReaders:
    """The readers of files, and the members of the groups among them.

    Args:
        client: With the API as its base.
        settings: The source's settings.
        directory: Reads the members of groups; None if the account may not.

    Attributes:
        groups: Addresses of the groups that files name.
    """

    def __init__(
        self, client: Client, settings: ConnectorSettings, directory: Client | None
    ) -> None:
        self._client, self._directory = client, directory
        self._goes_by_settings = settings.text("permissions") == "settings"
        self._counts_links = settings.flag("links")
        self._known: dict[tuple[str, ...], Readers] = {}
        self.groups: set[str] = set()

    def begin(self, groups: Iterable[str]) -> None:
        """Begin with the groups of the last sync."""
        self.groups = set(groups)

    def clear(self) -> None:
        """Forget all groups."""
        self.groups = set()

    def of(self, file: Json) -> Readers:
        """Return who may read a file; nobody if that is hidden from the account."""
        if self._goes_by_settings:
            return EVERYBODY
        if file.get("permissions"):
            return self._readers(file["permissions"])
        # In shared drives a file has only the ids, which are the same for the same people
        ids = (str(file.get("driveId") or ""), *sorted(map(str, file.get("permissionIds") or ())))
        if len(ids) == 1:
            return self._readers(self._listed(str(file["id"])))
        if ids not in self._known:
            self._known[ids] = self._readers(self._listed(str(file["id"])))
        return self._known[ids]

    def _listed(self, file: str) -> list[Json]:
        asked: dict[str, str | int] = {
            "supportsAllDrives": "true",
            "pageSize": 100,
            "fields": f"nextPageToken,permissions({PERMISSION})",
        }
        found: list[Json] = []
        while True:
            try:
                page = self._client.json(f"/drive/v3/files/{file}/permissions", asked)
            except (MissingError, ForbiddenError):
                return []
            found += page.get("permissions") or ()
            if not page.get("nextPageToken"):
                return found
            asked["pageToken"] = str(page["nextPageToken"])

    def _readers(self, permissions: Iterable[Json]) -> Readers:
        names: set[str] = set()
        for one in permissions:
            is_found = one.get("allowFileDiscovery") is True or self._counts_links
            kind, address = one.get("type"), str(one.get("emailAddress") or "")
            if one.get("deleted"):
                continue
            if kind == "anyone" and is_found:
                return EVERYBODY
            if kind == "domain" and is_found and one.get("domain"):
                names.add(domain(str(one["domain"])))
            elif kind == "user" and address:
                names.add(email(address))
            elif kind == "group" and address:
                self.groups.add(address.casefold())
                names.add(_group(address))
        return (tuple(sorted(names)),) if names else NOBODY

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield who is in the groups that files name, through groups of groups."""
        if self._directory is None:
            return
        waiting, seen = sorted(self.groups), set(self.groups)
        for _ in range(_MOST_DEPTH):
            found: list[str] = []
            for group in waiting:
                for one in self._in_group(group):
                    address = str(one.get("email") or "").casefold()
                    if one.get("type") == "GROUP" and address not in seen:
                        seen.add(address)
                        found.append(address)
                    if address:
                        is_group = one.get("type") == "GROUP"
                        yield _group(group), _group(address) if is_group else email(address)
            waiting = found

    def _in_group(self, group: str) -> Iterator[Json]:
        if self._directory is None:
            return
        asked: dict[str, str | int] = {"maxResults": 200}
        path = f"/admin/directory/v1/groups/{quote(group)}/members"
        while True:
            try:
                page = self._directory.json(path, asked)
            except MissingError:  # a group of somebody else, or one that was deleted
                return
            except ForbiddenError as error:
                raise ItemError(
                    f"who is in {group} is hidden: let the account read the members of groups, or"
                    " set directory = false"
                ) from error
            yield from page.get("members") or ()
            if not page.get("nextPageToken"):
                return
            asked["pageToken"] = str(page["nextPageToken"])


def _group(address: str) -> str:
    return f"google/group/{address.casefold()}"
