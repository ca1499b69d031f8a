"""Plug-ins: what other packages add to Footnote, and the types that their authors need.

Finding and loading them is in `footnote_qa.plugins.registry`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from footnote_qa.plugins.registry import CONTRACT, Kind, Plugin, installed, load

if TYPE_CHECKING:
    from footnote_qa.bot.types import Answer
    from footnote_qa.eval.types import Case
    from footnote_qa.index.errors import SourceError, UnreadableDocumentError
    from footnote_qa.index.sources.connectors import ConnectorSettings
    from footnote_qa.index.sources.sync import (
        Connector,
        Cursor,
        Event,
        Gone,
        Item,
        ItemError,
        Listed,
        Unlisted,
    )
    from footnote_qa.index.types import Heading, Parsed, Passage, ProblemKind
    from footnote_qa.plugins.contracts import (
        EmbedderPlugin,
        OpenedVectors,
        ParserPlugin,
        RerankerPlugin,
        VectorStorePlugin,
    )
    from footnote_qa.plugins.evaluation_contracts import MetricPlugin
    from footnote_qa.plugins.slack_contracts import SlackCall, SlackFeaturePlugin, SlackReply

__all__ = [
    "CONTRACT",
    "Answer",
    "Case",
    "Connector",
    "ConnectorSettings",
    "Cursor",
    "EmbedderPlugin",
    "Event",
    "Gone",
    "Heading",
    "Item",
    "ItemError",
    "Kind",
    "Listed",
    "MetricPlugin",
    "OpenedVectors",
    "Parsed",
    "ParserPlugin",
    "Passage",
    "Plugin",
    "ProblemKind",
    "RerankerPlugin",
    "SlackCall",
    "SlackFeaturePlugin",
    "SlackReply",
    "SourceError",
    "Unlisted",
    "UnreadableDocumentError",
    "VectorStorePlugin",
    "installed",
    "load",
]

_MODULES = {  # module -> its names above, imported on first use
    "bot.types": ("Answer",),
    "eval.types": ("Case",),
    "index.errors": ("SourceError", "UnreadableDocumentError"),
    "index.sources.connectors": ("ConnectorSettings",),
    "index.sources.sync": (
        *("Connector", "Cursor", "Event", "Gone", "Item", "ItemError", "Listed", "Unlisted"),
    ),
    "index.types": ("Heading", "Parsed", "Passage", "ProblemKind"),
    "plugins.contracts": (
        *("EmbedderPlugin", "OpenedVectors", "ParserPlugin", "RerankerPlugin"),
        "VectorStorePlugin",
    ),
    "plugins.evaluation_contracts": ("MetricPlugin",),
    "plugins.slack_contracts": ("SlackCall", "SlackFeaturePlugin", "SlackReply"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

if not TYPE_CHECKING:  # or a checker would accept any name

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"footnote_qa.{_MODULE_OF[name]}"), name)
