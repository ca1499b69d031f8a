"""A generation of the index, opened for searching."""

import os
import weakref
from pathlib import Path

from footnote_qa.index.embedding import Encoder, open_encoder
from footnote_qa.index.errors import IndexDamagedError, StaleIndexError
from footnote_qa.index.sources.sync import numbers_in
from footnote_qa.index.storage.lexical import LexicalIndex
from footnote_qa.index.storage.manifest import Manifest, damaged
from footnote_qa.index.storage.passages import PassageReader
from footnote_qa.index.storage.plugin_vectors import VectorSearch, open_vectors

PASSAGES = "passages.sqlite"
VECTORS = "vectors.faiss"
LEXICAL = "lexical"
ENCODER = "encoder"


class Generation:
    """A generation, open for searching; its files are closed when nothing uses it any more.

    Attributes:
        folder: Its folder.
        manifest: Its manifest.
        passages: Its documents and chunks.
        vectors: Its vectors; None if it has no chunks, or no vectors yet.
        lexical: Its word index.
        encoder: The model that embeds questions for it.
        synced: The number of the sync of each source that it was built from.
    """

    def __init__(self, folder: Path, manifest: Manifest, *, held: int | None = None) -> None:
        self.folder = folder
        self.manifest = manifest
        self.passages = PassageReader(folder / PASSAGES)
        self.synced = numbers_in(folder)
        has_vectors = manifest.chunks > 0 and not manifest.lexical_only
        try:
            self.vectors: VectorSearch | None = None
            if has_vectors:
                self.vectors = open_vectors(folder, manifest.vector_store, file=folder / VECTORS)
            self.lexical = LexicalIndex(folder / LEXICAL)
            self.encoder: Encoder = open_encoder(folder / ENCODER)
        except (RuntimeError, ValueError, OSError) as error:  # faiss, tantivy, ONNX Runtime
            self.passages.close()
            raise IndexDamagedError(damaged(folder, "cannot be opened")) from error
        if self.encoder.info.fingerprint != manifest.fingerprint:
            self.passages.close()
            raise StaleIndexError(
                f"{manifest.generation} has an encoder and vectors of different models: "
                "run `footnote index build --full`"
            )
        # A search that began on this generation ends on it; only then may its files be closed.
        self._letting_go = weakref.finalize(self, _let_go, held)

    def withhold(self, documents: frozenset[str]) -> None:
        """Show nothing of *documents* to anybody from now on."""
        if self.passages.hide(documents):
            self.lexical.hide(self.passages.hidden_ids())

    def close(self) -> None:
        """Close its files, and let it be removed."""
        self.passages.close()
        self._letting_go()


def _let_go(held: int | None) -> None:
    if held is not None:
        os.close(held)
