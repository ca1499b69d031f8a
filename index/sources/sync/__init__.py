"""Sync with a service: the contract of connectors, their HTTP client, and how they are run."""

from importlib import import_module
from typing import TYPE_CHECKING

from footnote_qa.index.sources.sync.clock import Clock, SystemClock
from footnote_qa.index.sources.sync.contract import (
    Connector,
    Cursor,
    Event,
    Gone,
    Item,
    ItemError,
    Listed,
    Unlisted,
)
from footnote_qa.index.sources.sync.run import Choice
from footnote_qa.index.sources.sync.state import SYNC, SyncState, numbers_in, read_state
from footnote_qa.index.sources.sync.synced import SourceId, SyncContext, SyncedSource

if TYPE_CHECKING:
    from footnote_qa.index.sources.sync.client import (
        Client,
        ClientOptions,
        ForbiddenError,
        Form,
        Json,
        MissingError,
        Reply,
    )

_CLIENT = "footnote_qa.index.sources.sync.client"
_LATE = {  # name -> module, imported on first use: an answer needs no HTTP client
    "Client": _CLIENT,
    "ClientOptions": _CLIENT,
    "ForbiddenError": _CLIENT,
    "Form": _CLIENT,
    "Json": _CLIENT,
    "MissingError": _CLIENT,
    "Reply": _CLIENT,
}

__all__ = [
    "SYNC",
    "Choice",
    "Client",
    "ClientOptions",
    "Clock",
    "Connector",
    "Cursor",
    "Event",
    "ForbiddenError",
    "Form",
    "Gone",
    "Item",
    "ItemError",
    "Json",
    "Listed",
    "MissingError",
    "Reply",
    "SourceId",
    "SyncContext",
    "SyncState",
    "SyncedSource",
    "SystemClock",
    "Unlisted",
    "numbers_in",
    "read_state",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
