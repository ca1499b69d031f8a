"""Embedding models: export, encode, and cache vectors."""

from footnote_qa.index.embedding.cache import count_missing, embed_all, last_rate
from footnote_qa.index.embedding.embedder import EMBEDDED, SentenceTransformerEmbedder, model_folder
from footnote_qa.index.embedding.encoder import OnnxEncoder, unit_rows
from footnote_qa.index.embedding.languages import advice, language_of, unread
from footnote_qa.index.embedding.multilingual import MULTILINGUAL
from footnote_qa.index.embedding.opening import Encoder, open_encoder
from footnote_qa.index.embedding.plugin_embedder import PluginEmbedder, PluginModel, trust_model

__all__ = [
    "EMBEDDED",
    "MULTILINGUAL",
    "Encoder",
    "OnnxEncoder",
    "PluginEmbedder",
    "PluginModel",
    "SentenceTransformerEmbedder",
    "advice",
    "count_missing",
    "embed_all",
    "language_of",
    "last_rate",
    "model_folder",
    "open_encoder",
    "trust_model",
    "unit_rows",
    "unread",
]
