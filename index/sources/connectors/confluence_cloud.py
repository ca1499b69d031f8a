"""Confluence Cloud: version 2 of its API for pages, version 1 for restrictions and groups."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urljoin

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.confluence_pages import (
    Attached,
    Node,
    Space,
    allowed_in,
)
from footnote_qa.index.sources.connectors.paths import time_of
from footnote_qa.index.sources.sync import Client, ForbiddenError, ItemError, Json, MissingError

_V2, _V1 = "/wiki/api/v2", "/wiki/rest/api"
_LIMIT = 250
_READ_SPACE = "read/space"
_SEARCH_LIMIT = 100
_ABOVE = {"folder": "folders", "whiteboard": "whiteboards", "database": "databases"}
_READ_RESTRICTIONS = "restrictions.read.restrictions.user,restrictions.read.restrictions.group"


class Cloud:
    """Confluence at atlassian.net.

    Args:
        client: With the site as its base.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._roles: frozenset[str] | None = None

    def signed_in(self) -> str:
        """Return who is signed in."""
        user = self._client.json(f"{_V1}/user/current")
        if user.get("type") == "anonymous" or not user.get("accountId"):
            raise SourceError("Confluence knows no account for the token: make a new one")
        return str(user.get("displayName") or user["accountId"])

    def spaces(self, keys: Sequence[str]) -> tuple[list[Space], list[str]]:
        """Return the spaces, and the keys that are not there."""
        asked: dict[str, str | int] = {"limit": _LIMIT, "status": "current"}
        asked |= {"keys": ",".join(keys)} if keys else {"type": "global"}
        found = [
            Space(id=str(one["id"]), key=str(one["key"]), home=str(one.get("homepageId") or ""))
            for one in self._results(f"{_V2}/spaces", asked)
        ]
        known = {space.key for space in found}
        return found, [key for key in keys if key not in known]

    def nodes(self, space: Space) -> dict[str, Node]:
        """Return every page of a space and what is above them."""
        nodes: dict[str, Node] = {}
        above: dict[str, str] = {}
        for kind, path in (("page", "pages"), ("blogpost", "blogposts")):
            asked: dict[str, str | int] = {"limit": _LIMIT, "status": "current"}
            for one in self._results(f"{_V2}/spaces/{space.id}/{path}", asked):
                node = self._node(kind, one)
                nodes[node.id] = node
                if node.parent:
                    above[node.parent] = str(one.get("parentType") or "page")
        self._add_what_is_above(nodes, above)
        self._add_restrictions(space, nodes)
        return nodes

    def _node(self, kind: str, one: Json) -> Node:
        version = one.get("version") or {}
        link = str((one.get("_links") or {}).get("webui") or "")
        return Node(
            id=str(one["id"]),
            kind=kind,
            title=str(one.get("title") or ""),
            version=int(version.get("number") or 0),
            parent=str(one.get("parentId") or ""),
            url=self._shown(link) if link else None,
            modified_at=time_of(version.get("createdAt")),
            created_at=time_of(one.get("createdAt")),
            author=str(version.get("authorId") or one.get("authorId") or ""),
        )

    def _shown(self, link: str) -> str:
        return urljoin(f"{self._client.base}/", link if link.startswith("/wiki") else f"wiki{link}")

    def _add_what_is_above(self, nodes: dict[str, Node], above: dict[str, str]) -> None:
        """Add folders and the like, whose restrictions hold for the pages in them too."""
        while missing := [id_ for id_ in above if id_ not in nodes]:
            for id_ in missing:
                kind = above.pop(id_)
                path = _ABOVE.get(kind)
                if path is None:
                    continue
                try:
                    one = self._client.json(f"{_V2}/{path}/{id_}")
                except (MissingError, ForbiddenError):
                    continue
                node = replace(self._node(kind, one), is_listed=False)
                nodes[id_] = node
                if node.parent:
                    above.setdefault(node.parent, str(one.get("parentType") or "page"))

    def _add_restrictions(self, space: Space, nodes: dict[str, Node]) -> None:
        asked: dict[str, str | int] = {
            "cql": f'space = "{space.key}" and type in (page, blogpost)',
            "expand": _READ_RESTRICTIONS,
            "limit": _SEARCH_LIMIT,
        }
        told = set()
        for one in self._results(f"{_V1}/content/search", asked):
            id_, read = str(one["id"]), (one.get("restrictions") or {}).get("read")
            if id_ in nodes and isinstance(read, Mapping):
                told.add(id_)
                nodes[id_] = replace(nodes[id_], allowed=allowed_in(read.get("restrictions")))
        for id_ in nodes.keys() - told:  # the search does not know new pages, nor any folder
            try:
                read = self._client.json(f"{_V1}/content/{id_}/restriction/byOperation/read")
            except ItemError:  # then nobody may read it
                nodes[id_] = replace(nodes[id_], allowed=())
            else:
                nodes[id_] = replace(nodes[id_], allowed=allowed_in(read.get("restrictions")))

    def files(self, space: Space) -> Iterator[Attached]:
        """Yield every attached file."""
        asked: dict[str, str | int] = {
            "cql": f'space = "{space.key}" and type = attachment',
            "expand": "version,container",
            "limit": _SEARCH_LIMIT,
        }
        for one in self._results(f"{_V1}/content/search", asked):
            yield attached(one, self._shown)

    def space_readers(self, space: Space) -> list[tuple[str, str]] | None:
        """Return who may read a space."""
        found: list[tuple[str, str]] = []
        for one in self._results(f"{_V2}/spaces/{space.id}/permissions", {"limit": _LIMIT}):
            operation, principal = one.get("operation") or {}, one.get("principal") or {}
            if (operation.get("key"), operation.get("targetType")) != ("read", "space"):
                continue
            kind = str(principal.get("type"))
            if kind == "anonymous":
                return None
            if kind in {"user", "group"}:
                found.append((kind, str(principal.get("id"))))
        by_role = self._readers_by_role(space)
        return None if by_role is None else [*found, *by_role]

    def _readers_by_role(self, space: Space) -> list[tuple[str, str]] | None:
        """Return who has a role that may read a space; none on a site without roles.

        https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space-roles/
        """
        path = f"{_V2}/spaces/{space.id}/role-assignments"
        found: list[tuple[str, str]] = []
        try:
            for one in self._results(path, {"limit": _LIMIT}):
                principal = one.get("principal") or {}
                if str(one.get("roleId")) not in self._reading_roles():
                    continue
                kind, name = principal.get("principalType"), str(principal.get("principalId"))
                if kind == "ACCESS_CLASS" and name.casefold().startswith("anonymous"):
                    return None
                if kind in {"USER", "GROUP"}:
                    found.append((str(kind).lower(), name))
        except ItemError:
            return []
        return found

    def _reading_roles(self) -> frozenset[str]:
        if self._roles is None:
            self._roles = frozenset(
                str(one.get("id"))
                for one in self._results(f"{_V2}/space-roles", {"limit": _LIMIT})
                if _READ_SPACE in (one.get("spacePermissions") or ())
            )
        return self._roles

    def storage(self, page: str, kind: str) -> str:
        """Return the text of a page in storage format."""
        path = "blogposts" if kind == "blogpost" else "pages"
        one = self._client.json(f"{_V2}/{path}/{page}", {"body-format": "storage"})
        return str(((one.get("body") or {}).get("storage") or {}).get("value") or "")

    def download_of(self, file: str) -> str:
        """Return the address of a file's bytes."""
        one = self._client.json(f"{_V2}/attachments/{file}")
        return self._shown(str(one.get("downloadLink") or ""))

    def content(self, download: str, *, max_bytes: int) -> bytes:
        """Return the bytes of a file."""
        return self._client.reply(download, max_bytes=max_bytes).content

    def group_members(self, group: str) -> Iterator[tuple[str, str]]:
        """Yield each person of a group."""
        try:
            for one in self._results(f"{_V1}/group/{group}/membersByGroupId", {"limit": 200}):
                yield str(one["accountId"]), str(one.get("email") or "")
        except (MissingError, ForbiddenError):  # a group that nobody can be found in
            return

    def address_of(self, person: str) -> str:
        """Return a person's e-mail address; "" if it is hidden."""
        try:
            one = self._client.json(f"{_V1}/user", {"accountId": person})
        except (MissingError, ForbiddenError):
            return ""
        return str(one.get("email") or "")

    def _results(self, path: str, asked: Mapping[str, str | int]) -> Iterator[Json]:
        def next_of(page: Json) -> str | None:
            link = (page.get("_links") or {}).get("next")
            if not link:
                return None
            # Version 1 leaves out the context path that version 2 gives
            return str(self._shown(link)) if link.startswith("/") else str(link)

        for page in self._client.pages(path, asked, next_of):
            yield from page.get("results") or ()


def attached(one: Json, shown: "object") -> Attached:
    """Return a file as version 1 of the API shows it."""
    links, version = one.get("_links") or {}, one.get("version") or {}
    make = shown if callable(shown) else str
    return Attached(
        id=str(one["id"]),
        page=str((one.get("container") or {}).get("id") or ""),
        title=str(one.get("title") or ""),
        version=int(version.get("number") or 0),
        download=str(make(str(links.get("download") or ""))),
        url=str(make(str(links["webui"]))) if links.get("webui") else None,
        modified_at=time_of(version.get("when")),
        author=str(((version.get("by") or {}).get("accountId")) or ""),
    )
