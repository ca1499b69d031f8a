"""Confluence, Cloud and Data Center: pages, blog posts and attached files, with who may read them.

Cloud: https://developer.atlassian.com/cloud/confluence/rest/v2/intro/ and .../v1/intro/
Data Center: https://docs.atlassian.com/ConfluenceServer/rest/latest/
"""

import base64
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from footnote_qa.index.audience import EVERYBODY, NOBODY, Readers
from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.confluence_cloud import Cloud
from footnote_qa.index.sources.connectors.confluence_data_center import DataCenter
from footnote_qa.index.sources.connectors.confluence_pages import (
    Attached,
    Edition,
    Node,
    Space,
    readers_of_all,
)
from footnote_qa.index.sources.connectors.confluence_storage import to_html
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.paths import joined, safe
from footnote_qa.index.sources.sync import (
    Client,
    ClientOptions,
    Event,
    Item,
    ItemError,
    Listed,
    Unlisted,
)

_FILE, _POST = "file:", "post:"
_CONVERTED: Final = "1"
"""Raised when a page of the same version becomes other HTML."""

_READ_SUFFIXES: Final = {
    *(".csv", ".doc", ".docx", ".eml", ".html", ".json", ".log", ".md"),
    *(".msg", ".odt", ".pdf", ".ppt", ".pptx", ".rst", ".rtf", ".sql", ".txt", ".xls", ".xlsx"),
    *(".ipynb", ".xml", ".yaml", ".yml"),
}


class Confluence:
    """The spaces that the account may read.

    Args:
        edition: Cloud or Data Center.
        settings: The source's settings.
    """

    def __init__(self, edition: Edition, settings: ConnectorSettings) -> None:
        self._edition, self._settings = edition, settings
        self._name = f"confluence/{urlsplit(settings.text('site')).netloc}"
        self._groups: set[str] = set()
        self._people: set[str] = set()
        self._downloads: dict[str, str] = {}

    def check(self) -> str:
        """Return who is signed in."""
        return f"{self._edition.signed_in()} at {self._settings.text('site')}"

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield every page and file: Confluence reports no deletion, so all is listed."""
        del cursor
        # Without a valid token Confluence can answer as to anybody: with nothing
        self._edition.signed_in()
        found, missing = self._edition.spaces(self._settings.texts("spaces"))
        if not found and not missing:
            raise SourceError("Confluence shows no space to the account: give it access to one")
        for key in missing:
            yield Unlisted(
                scope=key, reason="the space is not there, or the account may not read it"
            )
        for space in found:
            try:
                # All of it is listed before the first is taken: a page's readers need its parents
                yield from list(self._in_space(space))
            except ItemError as error:
                yield Unlisted(scope=space.key, reason=error.reason)
        yield Listed()

    def _in_space(self, space: Space) -> Iterator[Item]:
        nodes = self._edition.nodes(space)
        readers = self._readers(space, nodes)
        for node in nodes.values():
            if node.is_listed:
                yield self._page(space, node, nodes, readers.get(node.id, NOBODY))
        if not self._settings.flag("attachments"):
            return
        for file in self._edition.files(space):
            if file.page in nodes and PurePosixPath(file.title).suffix.lower() in _READ_SUFFIXES:
                yield self._file(space, file, nodes, readers.get(file.page, NOBODY))

    def _readers(self, space: Space, nodes: Mapping[str, Node]) -> Mapping[str, Readers]:
        """Return who may read each page: the readers of its space, narrowed by all above it."""
        if self._settings.text("permissions") == "settings":
            restricted = readers_of_all(nodes, EVERYBODY, self._named)
            return {id_: EVERYBODY if not parts else NOBODY for id_, parts in restricted.items()}
        names = self._edition.space_readers(space)
        in_space = EVERYBODY if names is None else (tuple(self._named(*one) for one in names),)
        return readers_of_all(nodes, in_space, self._named)

    def _named(self, kind: str, name: str) -> str:
        (self._groups if kind == "group" else self._people).add(name)
        return f"{self._name}/{kind}/{name}"

    def _page(  # noqa: PLR0917
        self, space: Space, node: Node, nodes: Mapping[str, Node], readers: Readers
    ) -> Item:
        return Item(
            key=f"{_POST}{node.id}" if node.kind == "blogpost" else node.id,
            version=f"{node.version}.{_CONVERTED}",
            path=f"{self._folder(space, node, nodes)}.html",
            name="page.html",
            title=node.title,
            url=node.url,
            modified_at=node.modified_at,
            created_at=node.created_at,
            author=node.author,
            parent=node.parent,
            scope=space.key,
            readers=readers,
        )

    def _folder(self, space: Space, node: Node, nodes: Mapping[str, Node]) -> str:
        names, at, seen = [safe(node.title)], node, {node.id}
        while (above := nodes.get(at.parent)) is not None and above.id not in seen:
            seen.add(above.id)
            # The home page of a space is above everything and says nothing
            if above.parent or above.id != space.home:
                names.append(safe(above.title))
            at = above
        return joined(safe(space.key), *reversed(names))

    def _file(  # noqa: PLR0917
        self, space: Space, file: Attached, nodes: Mapping[str, Node], readers: Readers
    ) -> Item:
        self._downloads[file.id] = file.download
        return Item(
            key=f"{_FILE}{file.id}",
            version=str(file.version),
            path=joined(self._folder(space, nodes[file.page], nodes), safe(file.title)),
            name=safe(file.title),
            title=None,
            url=file.url or nodes[file.page].url,
            modified_at=file.modified_at,
            author=file.author,
            parent=file.page,
            scope=space.key,
            readers=readers,
        )

    def fetch(self, item: Item) -> bytes:
        """Return a page as HTML, or a file as it is."""
        if item.key.startswith(_POST):
            return to_html(self._edition.storage(item.key.removeprefix(_POST), "blogpost"))
        if not item.key.startswith(_FILE):
            return to_html(self._edition.storage(item.key, "page"))
        id_ = item.key.removeprefix(_FILE)
        download = self._downloads.get(id_) or self._edition.download_of(id_)
        return self._edition.content(download, max_bytes=self._settings.max_bytes)

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield who is in the groups that were met, and the e-mail addresses of people."""
        if self._settings.text("permissions") == "settings":
            return
        people = set(self._people)
        for group in sorted(self._groups):
            for person, address in self._edition.group_members(group):
                yield f"{self._name}/group/{group}", f"{self._name}/user/{person}"
                if address:
                    yield f"{self._name}/user/{person}", f"email:{address.strip().casefold()}"
                    people.discard(person)
                else:
                    people.add(person)
        for person in sorted(people):
            if address := self._edition.address_of(person):
                yield f"{self._name}/user/{person}", f"email:{address.strip().casefold()}"


def make(settings: ConnectorSettings) -> Confluence:
    """Return the connector of these settings."""
    site = settings.text("site").rstrip("/")
    host = urlsplit(site).hostname or ""
    edition = settings.text("edition")
    is_cloud = (
        host.endswith((".atlassian.net", ".atlassian.com")) if not edition else (edition == "cloud")
    )
    account, token = settings.text("email"), settings.secrets["token"]
    if is_cloud and account:
        both = base64.b64encode(f"{account}:{token}".encode()).decode()
        headers = {"Authorization": f"Basic {both}"}
    else:
        headers = {"Authorization": f"Bearer {token}"}
    options = ClientOptions(
        headers={"Accept": "application/json", **headers},
        token_name=settings.variables["token"],
        service="Confluence",
        clock=settings.clock,
    )
    if not is_cloud:
        return Confluence(DataCenter(Client(site, options)), settings)
    return Confluence(Cloud(Client(site.removesuffix("/wiki"), options)), settings)
