"""Embedding models: export, encode, and cache vectors."""

from footnote_qa.index.embedding.cache import count_missing, embed_all, last_rate
from footnote_qa.index.embedding.embedder import EMBEDDED, SentenceTransformerEmbedder, model_folder
from footnote_qa.index.embedding.encoder import OnnxEncoder, unit_rows
from footnote_qa.index.embedding.languages import advice, language_of, unread
from footnote_qa.index.embedding.multilingual import MULTILINGUAL

__all__ = [
    "EMBEDDED",
    "MULTILINGUAL",
    "OnnxEncoder",
    "SentenceTransformerEmbedder",
    "advice",
    "count_missing",
    "embed_all",
    "language_of",
    "last_rate",
    "model_folder",
    "unit_rows",
    "unread",
]
