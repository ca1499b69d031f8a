"""Services with documents, one module for each, and what their settings are."""

from footnote_qa.index.sources.connectors.kinds import (
    KINDS,
    ConnectorKind,
    ConnectorSettings,
    Option,
    Secret,
    kind_of,
    make_connector,
)

__all__ = [
    "KINDS",
    "ConnectorKind",
    "ConnectorSettings",
    "Option",
    "Secret",
    "kind_of",
    "make_connector",
]
