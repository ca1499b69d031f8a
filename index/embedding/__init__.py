"""Embedding models: export, encode, and cache vectors."""

from importlib import import_module
from typing import TYPE_CHECKING

from footnote_qa.index.embedding.encoder import OnnxEncoder, unit_rows
from footnote_qa.index.embedding.encoder_opening import Encoder, open_encoder
from footnote_qa.index.embedding.names import EMBEDDED, MULTILINGUAL

if TYPE_CHECKING:
    from footnote_qa.index.embedding.cache import count_missing, embed_all, last_rate
    from footnote_qa.index.embedding.embedder import ShippedEmbedder
    from footnote_qa.index.embedding.languages import advice, language_of, unread
    from footnote_qa.index.embedding.multilingual import packaged_model
    from footnote_qa.index.embedding.opening import open_embedder
    from footnote_qa.index.embedding.plugin_embedder import (
        PluginEmbedder,
        PluginModel,
        trust_model,
    )
    from footnote_qa.index.embedding.sentence_transformer import (
        SentenceTransformerEmbedder,
        model_folder,
    )
    from footnote_qa.index.embedding.shipping import export_embedded, write_expected

_LATE = {  # name -> module, imported on first use: a question needs none of them
    "PluginEmbedder": "plugin_embedder",
    "PluginModel": "plugin_embedder",
    "SentenceTransformerEmbedder": "sentence_transformer",
    "ShippedEmbedder": "embedder",
    "advice": "languages",
    "count_missing": "cache",
    "embed_all": "cache",
    "export_embedded": "shipping",
    "language_of": "languages",
    "last_rate": "cache",
    "model_folder": "sentence_transformer",
    "open_embedder": "opening",
    "packaged_model": "multilingual",
    "trust_model": "plugin_embedder",
    "unread": "languages",
    "write_expected": "shipping",
}

__all__ = [
    "EMBEDDED",
    "MULTILINGUAL",
    "Encoder",
    "OnnxEncoder",
    "PluginEmbedder",
    "PluginModel",
    "SentenceTransformerEmbedder",
    "ShippedEmbedder",
    "advice",
    "count_missing",
    "embed_all",
    "export_embedded",
    "language_of",
    "last_rate",
    "model_folder",
    "open_embedder",
    "open_encoder",
    "packaged_model",
    "trust_model",
    "unit_rows",
    "unread",
    "write_expected",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
