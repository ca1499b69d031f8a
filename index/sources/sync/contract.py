"""The contract of connectors: changes, deletions, readers and bodies of a service."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from footnote_qa.index.audience import EVERYBODY, Readers


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One document as its source lists it, without its text.

    Attributes:
        key: Identifies it in the source, also after it was renamed or moved.
        version: Another one whenever its bytes may be others. Two equal ones mean equal bytes.
        path: Readable path, with `/`; patterns and audience rules match it.
        name: File name whose suffix selects the parser.
        title: Title in the source; None lets the parser decide.
        url: Where a person opens it; None if nowhere.
        modified_at: When it was last changed, in UTC; None if unknown.
        created_at: When it was made, in UTC; None if unknown.
        author: Who changed it last, as the source names people; "" if unknown.
        parent: Key of the item it is below; "" if there is none.
        scope: The part of the source that it is in, such as a space or a repository.
        readers: Who may read it there: one group of each part; `()` is everybody.
    """

    key: str
    version: str
    path: str
    name: str
    title: str | None = None
    url: str | None = None
    modified_at: datetime | None = None
    created_at: datetime | None = None
    author: str = ""
    parent: str = ""
    scope: str = ""
    readers: Readers = EVERYBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """An item that was deleted in the source, or that the account may not read any more."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """A part of the source that could not be listed; its documents stay as they are.

    Attributes:
        scope: The part, as its items name it.
        reason: One sentence that a person can act on.
    """

    scope: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Everything was listed: items that were not are gone, except in parts that are `Unlisted`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the next listing may begin; it is kept with the generation built from this one."""

    value: str


Event: TypeAlias = Item | Gone | Unlisted | Listed | Cursor


class ItemError(Exception):
    """One item cannot be fetched; its last good text stays.

    Attributes:
        reason: One sentence that a person can act on.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@runtime_checkable
class Connector(Protocol):
    """A service with documents, seen through one account.

    Every method raises `SourceError` if nothing can be read now: the account's token has expired,
    or the service cannot be reached. No method deletes or changes anything in the service.
    """

    def check(self) -> str:
        """Return who is signed in and where, in words for a person."""
        ...

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield what changed since *cursor*; everything if it is None. No text is fetched.

        A connector that always lists everything ends with `Listed`. One that hears of changes
        yields `Gone` for what was deleted, and ends with a `Cursor`.
        """
        ...

    def fetch(self, item: Item) -> bytes:
        """Return the bytes of *item*; raises `ItemError`. May be called from several threads."""
        ...

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield (group, member) pairs of the groups and people that `readers` name.

        A member is another group, a person, or `email:…` (see `footnote_qa.index.audience.email`).
        Who cannot be led back to an e-mail address sees nothing.
        """
        ...
