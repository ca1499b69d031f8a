"""Confluence Data Center: version 1 of the API, and JSON-RPC for who may read a space."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.confluence_cloud import attached
from footnote_qa.index.sources.connectors.confluence_pages import (
    Attached,
    Node,
    Space,
    allowed_in,
)
from footnote_qa.index.sources.connectors.paths import time_of
from footnote_qa.index.sources.sync import Client, ForbiddenError, ItemError, Json, MissingError

_API, _RPC = "/rest/api", "/rpc/json-rpc/confluenceservice-v2"
_LIMIT = 100
_EXPAND = (
    "version,history,ancestors,"
    "restrictions.read.restrictions.user,restrictions.read.restrictions.group"
)


class DataCenter:
    """Confluence on a server of one's own.

    Args:
        client: With the site as its base, context path included.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def signed_in(self) -> str:
        """Return who is signed in."""
        user = self._client.json(f"{_API}/user/current")
        if user.get("type") == "anonymous" or not user.get("username"):
            raise SourceError("Confluence knows no account for the token: make a new one")
        return str(user.get("displayName") or user["username"])

    def spaces(self, keys: Sequence[str]) -> tuple[list[Space], list[str]]:
        """Return the spaces, and the keys that are not there."""
        if not keys:
            asked: dict[str, str | int] = {"type": "global", "status": "current", "limit": _LIMIT}
            return [_space(one) for one in self._results(f"{_API}/space", asked)], []
        found, missing = [], []
        for key in keys:
            try:
                found.append(_space(self._client.json(f"{_API}/space/{quote(key)}")))
            except (MissingError, ForbiddenError):
                missing.append(key)
        return found, missing

    def nodes(self, space: Space) -> dict[str, Node]:
        """Return every page of a space."""
        nodes: dict[str, Node] = {}
        for kind in ("page", "blogpost"):
            asked: dict[str, str | int] = {
                "spaceKey": space.key,
                "type": kind,
                "status": "current",
                "expand": _EXPAND,
                "limit": _LIMIT,
            }
            for one in self._results(f"{_API}/content", asked):
                nodes[str(one["id"])] = self._node(kind, one)
        return nodes

    def _node(self, kind: str, one: Json) -> Node:
        version, history = one.get("version") or {}, one.get("history") or {}
        above = one.get("ancestors") or []
        read = ((one.get("restrictions") or {}).get("read") or {}).get("restrictions")
        link = (one.get("_links") or {}).get("webui")
        return Node(
            id=str(one["id"]),
            kind=kind,
            title=str(one.get("title") or ""),
            version=int(version.get("number") or 0),
            parent=str(above[-1]["id"]) if above else "",
            url=self._shown(str(link)) if link else None,
            modified_at=time_of(version.get("when")),
            created_at=time_of(history.get("createdDate")),
            author=str((version.get("by") or {}).get("username") or ""),
            # What is hidden may be restricted
            allowed=allowed_in(read) if isinstance(read, Mapping) else (),
        )

    def _shown(self, link: str) -> str:
        return f"{self._client.base}{link}"

    def files(self, space: Space) -> Iterator[Attached]:
        """Yield every attached file."""
        asked: dict[str, str | int] = {
            "cql": f'space = "{space.key}" and type = attachment',
            "expand": "version,container",
            "limit": _LIMIT,
        }
        for one in self._results(f"{_API}/content/search", asked):
            yield attached(one, self._shown)

    def space_readers(self, space: Space) -> list[tuple[str, str]] | None:
        """Return who may read a space; the account needs to administer it for this."""
        try:
            sets = self._rpc("getSpacePermissionSets", space.key)
        except ItemError as error:
            raise ItemError(
                f"who may read the space is hidden ({error.reason}): let the account administer"
                ' it and switch on the remote API, or set permissions = "settings"'
            ) from error
        found: list[tuple[str, str]] = []
        for one in sets if isinstance(sets, list) else ():
            if one.get("type") != "VIEWSPACE":
                continue
            for each in one.get("spacePermissions") or ():
                person, group = each.get("userName"), each.get("groupName")
                if not person and not group:
                    return None  # anonymous access
                found.append(("user", str(person)) if person else ("group", str(group)))
        return found

    def storage(self, page: str, kind: str) -> str:
        """Return the text of a page in storage format."""
        del kind
        one = self._client.json(f"{_API}/content/{page}", {"expand": "body.storage"})
        return str(((one.get("body") or {}).get("storage") or {}).get("value") or "")

    def download_of(self, file: str) -> str:
        """Return the address of a file's bytes."""
        one = self._client.json(f"{_API}/content/{file}")
        return self._shown(str((one.get("_links") or {}).get("download") or ""))

    def content(self, download: str, *, max_bytes: int) -> bytes:
        """Return the bytes of a file."""
        return self._client.reply(download, max_bytes=max_bytes).content

    def group_members(self, group: str) -> Iterator[tuple[str, str]]:
        """Yield each person of a group; the addresses are asked for one by one."""
        try:
            for one in self._results(f"{_API}/group/{quote(group)}/member", {"limit": _LIMIT}):
                yield str(one["username"]), ""
        except (MissingError, ForbiddenError):
            return

    def address_of(self, person: str) -> str:
        """Return a person's e-mail address; "" if it is hidden."""
        try:
            user = self._rpc("getUser", person)
        except ItemError:
            return ""
        return str(user.get("email") or "") if isinstance(user, Mapping) else ""

    def _rpc(self, method: str, argument: str) -> Json:
        reply = self._client.reply(f"{_RPC}/{method}", max_bytes=10_000_000, body=[argument])
        value = self._client.json_of(reply)
        if isinstance(value, Mapping) and value.get("error"):
            raise ItemError(f"Confluence answers {method} with an error")
        return value

    def _results(self, path: str, asked: Mapping[str, str | int]) -> Iterator[Json]:
        def next_of(page: Json) -> str | None:
            link = (page.get("_links") or {}).get("next")
            return self._shown(str(link)) if link else None

        for page in self._client.pages(path, asked, next_of):
            yield from page.get("results") or ()


def _space(one: Json) -> Space:
    home = str((one.get("_expandable") or {}).get("homepage") or "").rpartition("/")[2]
    return Space(id=str(one["id"]), key=str(one["key"]), home=home)
