"""Services with documents, one module for each, and what their settings are."""

from footnote_qa.index.sources.connectors.kinds import (
    ConnectorKind,
    ConnectorSettings,
    Option,
    Secret,
    make_connector,
)
from footnote_qa.index.sources.connectors.known import KINDS, kind_of

__all__ = [
    "KINDS",
    "ConnectorKind",
    "ConnectorSettings",
    "Option",
    "Secret",
    "kind_of",
    "make_connector",
]
