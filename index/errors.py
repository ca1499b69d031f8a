"""Errors of indexing and searching.

* IndexingError               every message is one line with the next step
  + UnreadableDocumentError   one file; `build` turns it into a Problem
  + DocumentNotFoundError     there is no such document, or the asker may not see it
  + SourceError               a source cannot be read at all: its folder is missing or a file
  + IndexMissingError         there is no index yet
  + IndexDamagedError         a file of the generation does not match its manifest
  + StaleIndexError           the index on disk was made by other code or another model
  + BuildRunningError         another build holds the lock
  + ObjectStoreError          the object store cannot be reached, or refuses a request
  + PromotionConflictError    another builder changed the index in the store meanwhile
  + ModelError                the embedding model cannot be loaded
  + TextRecognitionError      text recognition is switched on and not installed
"""

from footnote_qa.errors import FootnoteError
from footnote_qa.index.types import ProblemKind


class IndexingError(FootnoteError):
    """Base class of all errors in this package."""


class UnreadableDocumentError(IndexingError):
    """One file cannot become a document."""

    def __init__(self, kind: ProblemKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class DocumentNotFoundError(IndexingError):
    """There is no such document, or the asker may not see it: both say the same."""


class SourceError(IndexingError):
    """A source cannot be read at all."""


class IndexMissingError(IndexingError):
    """There is no index yet."""


class IndexDamagedError(IndexingError):
    """A file of a generation is missing or does not match the manifest."""


class StaleIndexError(IndexingError):
    """The index was made by other code or with another model."""


class BuildRunningError(IndexingError):
    """Another build holds the lock."""


class ObjectStoreError(IndexingError):
    """The object store cannot be reached, or refuses a request."""


class PromotionConflictError(IndexingError):
    """Another builder changed the index in the object store meanwhile."""


class ModelError(IndexingError):
    """The embedding model cannot be loaded."""


class TextRecognitionError(IndexingError):
    """Text recognition is switched on, but its program or a language is not installed."""
