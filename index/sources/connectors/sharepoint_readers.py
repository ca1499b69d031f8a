"""Who may read a file in SharePoint or OneDrive.

https://learn.microsoft.com/en-us/graph/api/resources/permission
"""

from collections.abc import Iterable, Iterator, Sequence
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

_BATCH: Final = 20  # https://learn.microsoft.com/en-us/graph/json-batching
_OK: Final = 200
_EVERYBODY_THERE: Final = "spo-grid-all-users"  # everyone except external users


class SharePointReaders:
    """The readers of files, and the members of the groups among them.

    Args:
        client: With Graph as its base.
        settings: The source's settings.

    Attributes:
        groups: Names of the groups and people that files name, and that have to be resolved.
    """

    def __init__(self, client: Client, settings: ConnectorSettings) -> None:
        self._client = client
        self._goes_by_settings = settings.text("permissions") == "settings"
        self._counts_links = settings.flag("links")
        self._domains = [domain(one) for one in settings.texts("domains")]
        pairs = (one.partition("=") for one in settings.texts("site_groups"))
        self._site_groups = {name.strip(): group.strip() for name, _, group in pairs}
        self.groups: set[str] = set()

    def begin(self, groups: Iterable[str]) -> None:
        """Begin with the groups of the last sync."""
        self.groups = set(groups)

    def clear(self) -> None:
        """Forget all groups."""
        self.groups = set()

    def of(self, drive: str, files: Sequence[Json]) -> Iterator[tuple[Json, Readers]]:
        """Yield each file with its readers; nobody if they are hidden from the application."""
        if self._goes_by_settings:
            yield from ((one, EVERYBODY) for one in files)
            return
        for start in range(0, len(files), _BATCH):
            some = files[start : start + _BATCH]
            found = self._permissions(drive, [str(one["id"]) for one in some])
            yield from ((one, self._readers(found[str(one["id"])])) for one in some)

    def _permissions(self, drive: str, keys: Sequence[str]) -> dict[str, list[Json]]:
        asked = [
            {"id": key, "method": "GET", "url": f"/drives/{drive}/items/{key}/permissions"}
            for key in keys
        ]
        reply = self._client.json("/$batch", body={"requests": asked})
        answers = {str(one.get("id")): one for one in reply.get("responses") or ()}
        return {key: self._listed(drive, key, answers.get(key) or {}) for key in keys}

    def _listed(self, drive: str, key: str, answer: Json) -> list[Json]:
        page = answer.get("body") or {}
        if answer.get("status") == _OK and not page.get("@odata.nextLink"):
            return list(page.get("value") or ())
        path = (
            f"/drives/{drive}/items/{key}/permissions"  # a limit within the batch, or a long list
        )
        try:
            pages = self._client.pages(path, {}, lambda one: one.get("@odata.nextLink"))
            return [one for page in pages for one in page.get("value") or ()]
        except (MissingError, ForbiddenError):
            return []

    def _readers(self, permissions: Iterable[Json]) -> Readers:
        names: set[str] = set()
        for one in permissions:
            scope = (one.get("link") or {}).get("scope")
            if scope == "anonymous" and self._counts_links:
                return EVERYBODY
            if scope == "organization" and self._counts_links:
                names.update(self._domains)
            for who in (one.get("grantedToV2"), *(one.get("grantedToIdentitiesV2") or ())):
                names.update(self._names(who or {}))
        self.groups |= {name for name in names if name.startswith(("entra/", "sharepoint/"))}
        return (tuple(sorted(names)),) if names else NOBODY

    def _names(self, who: Json) -> Iterator[str]:
        """Yield the names of somebody who has a permission."""
        user, group = who.get("user") or {}, who.get("group") or {}
        site_group, site_user = who.get("siteGroup") or {}, who.get("siteUser") or {}
        if user.get("email"):
            yield email(str(user["email"]))
        elif user.get("id"):
            yield f"entra/user/{user['id']}"
        if group.get("id"):
            yield f"entra/group/{group['id']}"
        if site_group.get("displayName"):
            yield f"sharepoint/group/{site_group['displayName']}"
        if _EVERYBODY_THERE in str(site_user.get("loginName") or group.get("loginName") or ""):
            yield from self._domains

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield who is in the groups that files name."""
        waiting = set(self.groups)
        for name in sorted(self.groups):
            kind, _, rest = name.partition("/group/")
            if kind == "sharepoint" and rest in self._site_groups:
                target = f"entra/group/{self._site_groups[rest]}"
                waiting.add(target)
                yield name, target
        for name in sorted(waiting):
            if name.startswith("entra/"):
                yield from ((name, address) for address in self._addresses(name))

    def _addresses(self, name: str) -> Iterator[str]:
        _, kind, key = name.split("/", 2)
        fields = {"$select": "mail,userPrincipalName"}
        path = f"/users/{quote(key)}"
        if kind == "group":
            path = f"/groups/{quote(key)}/transitiveMembers/microsoft.graph.user"
        try:
            for page in self._client.pages(path, fields, lambda one: one.get("@odata.nextLink")):
                for one in page.get("value", [page]):
                    own = {one.get("mail"), one.get("userPrincipalName")} - {None, ""}
                    yield from (email(str(address)) for address in sorted(own))
        except MissingError:  # it was deleted
            return
        except ForbiddenError as error:
            raise ItemError(
                "who is in groups is hidden: give the application GroupMember.Read.All and"
                ' User.ReadBasic.All, or set permissions = "settings"'
            ) from error
