"""What can go wrong while indexing and searching.

* IndexingError               every message is one line that says what to do
  + UnreadableDocumentError   one file; `build` turns it into a Problem
  + SourceError               a source as a whole: its folder is missing or not a folder
  + IndexMissingError         there is no index yet
  + IndexDamagedError         a file of the generation is not what its manifest says
  + StaleIndexError           the index on disk was made by other code or another model
  + BuildRunningError         another build holds the lock
  + ModelError                the embedding model cannot be loaded
"""

from index.types import ProblemKind


class IndexingError(Exception):
    """Anything of this package that went wrong."""


class UnreadableDocumentError(IndexingError):
    """One file cannot become a document."""

    def __init__(self, kind: ProblemKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class SourceError(IndexingError):
    """A source as a whole cannot be read."""


class IndexMissingError(IndexingError):
    """There is no index yet."""


class IndexDamagedError(IndexingError):
    """A file of a generation is missing or is not what the manifest says."""


class StaleIndexError(IndexingError):
    """The index was made by other code or with another model."""


class BuildRunningError(IndexingError):
    """Another build holds the lock."""


class ModelError(IndexingError):
    """The embedding model cannot be loaded."""
