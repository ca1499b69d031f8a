"""Open an embedding model by its name in the settings."""

from pathlib import Path

from footnote_qa.index.embedding.embedder import ShippedEmbedder
from footnote_qa.index.embedding.multilingual_embedder import MultilingualEmbedder
from footnote_qa.index.embedding.names import EMBEDDED, MULTILINGUAL
from footnote_qa.index.embedding.sentence_transformer import SentenceTransformerEmbedder
from footnote_qa.index.types import Embedder


def open_embedder(model: str, *, export_cache: Path) -> Embedder:
    """Return the model that turns documents into vectors.

    Args:
        model: "embedded", "multilingual", or the folder or name of a sentence-transformers model.
        export_cache: Where the export of a model that does not come with the package is kept.

    Raises:
        ModelError: It was not found, or a package for it is missing.
    """
    if model == EMBEDDED:
        return ShippedEmbedder()
    if model == MULTILINGUAL:
        return MultilingualEmbedder(export_cache=export_cache)
    return SentenceTransformerEmbedder(model, export_cache=export_cache)
