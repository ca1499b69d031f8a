"""Embedding models: export, encode, and cache vectors."""

from importlib import import_module
from typing import TYPE_CHECKING

from footnote_qa.index.embedding.encoder import OnnxEncoder, unit_rows
from footnote_qa.index.embedding.names import EMBEDDED, MULTILINGUAL

if TYPE_CHECKING:
    from footnote_qa.index.embedding.cache import count_missing, embed_all, last_rate
    from footnote_qa.index.embedding.languages import advice, language_of, unread
    from footnote_qa.index.embedding.opening import open_embedder
    from footnote_qa.index.embedding.sentence_transformer import (
        INSTALL_MODELS,
        SentenceTransformerEmbedder,
        model_folder,
    )

_LATE = {  # name -> module, imported on first use: a question needs none of them
    "INSTALL_MODELS": "sentence_transformer",
    "SentenceTransformerEmbedder": "sentence_transformer",
    "advice": "languages",
    "count_missing": "cache",
    "embed_all": "cache",
    "language_of": "languages",
    "last_rate": "cache",
    "model_folder": "sentence_transformer",
    "open_embedder": "opening",
    "unread": "languages",
}

__all__ = [
    "EMBEDDED",
    "INSTALL_MODELS",
    "MULTILINGUAL",
    "OnnxEncoder",
    "SentenceTransformerEmbedder",
    "advice",
    "count_missing",
    "embed_all",
    "language_of",
    "last_rate",
    "model_folder",
    "open_embedder",
    "unit_rows",
    "unread",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
