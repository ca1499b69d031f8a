"""The Slack bot: events in, exactly one answer out in the thread."""

from importlib import import_module
from typing import TYPE_CHECKING

from footnote_qa.bot.slack.documents import Freshness, IndexCatalog, IndexGroups
from footnote_qa.bot.slack.feature_plugins import load_features, working_features
from footnote_qa.bot.slack.manifest import COMMAND, SCOPES, app_manifest
from footnote_qa.bot.slack.tokens import check_slack, secrets

if TYPE_CHECKING:
    from footnote_qa.bot.slack.app import Service, run

_LATE = {  # name -> module, imported on first use: llama-index and Slack are slow to load
    "Service": "footnote_qa.bot.slack.app",
    "run": "footnote_qa.bot.slack.app",
}

__all__ = [
    "COMMAND",
    "SCOPES",
    "Freshness",
    "IndexCatalog",
    "IndexGroups",
    "Service",
    "app_manifest",
    "check_slack",
    "load_features",
    "run",
    "secrets",
    "working_features",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
