"""The Slack bot: events in, exactly one answer out in the thread."""

from importlib import import_module
from typing import TYPE_CHECKING

from bot.slack.documents import Freshness, IndexCatalog
from bot.slack.manifest import SCOPES, app_manifest
from bot.slack.tokens import check_slack, secrets

if TYPE_CHECKING:
    from bot.slack.app import Service, run

_LATE = {  # name -> module, imported on first use: llama-index and Slack are slow to load
    "Service": "bot.slack.app",
    "run": "bot.slack.app",
}

__all__ = [
    "SCOPES",
    "Freshness",
    "IndexCatalog",
    "Service",
    "app_manifest",
    "check_slack",
    "run",
    "secrets",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
