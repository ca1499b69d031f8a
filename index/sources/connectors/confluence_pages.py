"""Facts that both editions of Confluence give about spaces, pages and files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from footnote_qa.index.audience import NOBODY, Readers


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A space.

    Attributes:
        id: Its number, as text.
        key: Such as "ENG".
        home: The id of its home page; "" if it has none.
    """

    id: str
    key: str
    home: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A page, a blog post, or a folder above pages.

    Attributes:
        id: Its number, as text.
        kind: "page", "blogpost" or another word of Confluence.
        title: Its title.
        version: Its number of changes.
        parent: The id of what it is below; "" if nothing.
        url: Where a person opens it.
        modified_at: When it was last changed.
        created_at: When it was made.
        author: The account that changed it last.
        allowed: The (kind, name) of those whom it is restricted to; None if it is not.
        is_listed: Whether it becomes a document.
    """

    id: str
    kind: str
    title: str
    version: int = 0
    parent: str = ""
    url: str | None = None
    modified_at: datetime | None = None
    created_at: datetime | None = None
    author: str = ""
    allowed: tuple[tuple[str, str], ...] | None = None
    is_listed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that is attached to a page."""

    id: str
    page: str
    title: str
    version: int
    download: str
    url: str | None = None
    modified_at: datetime | None = None
    author: str = ""


class Edition(Protocol):
    """The differences between Cloud and Data Center."""

    def signed_in(self) -> str:
        """Return who is signed in; raises `SourceError` if nobody is."""
        ...

    def spaces(self, keys: Sequence[str]) -> tuple[list[Space], list[str]]:
        """Return the spaces with these keys, or all; and the keys that are not there."""
        ...

    def nodes(self, space: Space) -> dict[str, Node]:
        """Return every page of a space and what is above them, by id."""
        ...

    def files(self, space: Space) -> Iterator[Attached]:
        """Yield every file that is attached to a page of a space."""
        ...

    def space_readers(self, space: Space) -> list[tuple[str, str]] | None:
        """Return the (kind, name) of those who may read a space; None if anybody may."""
        ...

    def storage(self, page: str, kind: str) -> str:
        """Return the text of a page in storage format."""
        ...

    def download_of(self, file: str) -> str:
        """Return the address of a file's bytes."""
        ...

    def content(self, download: str, *, max_bytes: int) -> bytes:
        """Return the bytes of a file."""
        ...

    def group_members(self, group: str) -> Iterator[tuple[str, str]]:
        """Yield each person of a group, with the e-mail address or ""."""
        ...

    def address_of(self, person: str) -> str:
        """Return a person's e-mail address; "" if it is hidden."""
        ...


def readers_of_all(
    nodes: Mapping[str, Node], in_space: Readers, named: Callable[[str, str], str]
) -> dict[str, Readers]:
    """Return who may read each page: its own restriction and those of all pages above count.

    https://confluence.atlassian.com/doc/page-restrictions-139414.html: who may not view a page may
    not view the pages below it either.

    A page below something that is not known may be restricted by it, so nobody may read it.
    """
    known: dict[str, Readers] = {}

    def find(id_: str, path: frozenset[str]) -> Readers:
        if id_ in known:
            return known[id_]
        node = nodes.get(id_)
        if node is None or id_ in path:
            return NOBODY
        above = find(node.parent, path | {id_}) if node.parent else in_space
        own: Readers = ()
        if node.allowed is not None:
            own = (tuple(sorted(named(*one) for one in node.allowed)),)
        known[id_] = tuple(dict.fromkeys((*above, *own)))
        return known[id_]

    for id_ in nodes:
        find(id_, frozenset())
    return {id_: known.get(id_, NOBODY) for id_ in nodes}


def allowed_in(restrictions: object) -> tuple[tuple[str, str], ...] | None:
    """Return whom the read restrictions of a page name, as the first version of the API shows them.

    >>> allowed_in({"user": {"results": []}, "group": {"results": []}})
    >>> allowed_in({"user": {"results": [{"accountId": "7"}]}, "group": {"results": [{"id": "g"}]}})
    (('group', 'g'), ('user', '7'))
    >>> allowed_in({"user": {"results": [], "size": 3}, "group": {"results": []}})
    ()
    """
    if not isinstance(restrictions, Mapping):
        return None
    found, count = set(), 0
    for kind, names in (("user", ("accountId", "username")), ("group", ("id", "name"))):
        part = restrictions.get(kind) or {}
        results = part.get("results") or []
        count += max(len(results), int(part.get("size") or 0))
        for one in results:
            if name := next((str(one[key]) for key in names if one.get(key)), ""):
                found.add((kind, name))
    # Restricted to people who are hidden is restricted all the same
    return tuple(sorted(found)) if count else None
