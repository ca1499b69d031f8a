"""The protocols that plug-ins follow, one for each kind; `CONTRACT` counts their versions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from footnote_qa.index.types import Parsed, Vectors


class ParserPlugin(Protocol):
    """Reads files of one format. It runs in a process without network, secrets and writable files.

    Attributes:
        contract: `footnote_qa.plugins.CONTRACT` of the release that it was written for.
    """

    contract: int

    def parse(self, content: bytes, *, name: str) -> Parsed:
        """Return the text of a file, with its title and headings if it has them.

        Args:
            content: The file.
            name: Its name.

        Raises:
            UnreadableDocumentError: With what a person can do about the file.
        """
        ...


class EmbedderPlugin(Protocol):
    """Turns texts into vectors, by an API or with a model of its own; several threads may call it.

    Attributes:
        contract: `footnote_qa.plugins.CONTRACT` of the release that it was written for.
        fingerprint: Changes whenever the vectors would: with the model, its version, its prompts.
        dim: Length of a vector.
        max_tokens: Longest input that is not truncated.
    """

    contract: int
    fingerprint: str
    dim: int
    max_tokens: int

    def embed_documents(self, texts: Sequence[str]) -> ArrayLike:
        """Return a vector of length *dim* for each text; the scale does not matter."""
        ...

    def embed_questions(self, texts: Sequence[str]) -> ArrayLike:
        """Return a vector for each question, near those of the texts that answer it."""
        ...


class RerankerPlugin(Protocol):
    """Reads a question with each passage; several threads may call it.

    Attributes:
        contract: `footnote_qa.plugins.CONTRACT` of the release that it was written for.
    """

    contract: int

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Return how well each text answers *question*: bigger is better, on any scale."""
        ...


class OpenedVectors(Protocol):
    """The vectors of one generation, open for reading; several threads may search."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def search(
        self, question: Vectors, k: int, *, only: NDArray[np.int64] | None
    ) -> Sequence[tuple[int, float]]:
        """Return (id, cosine) of the *k* vectors nearest to *question*.

        Args:
            question: Shape (dim,), of length 1.
            k: How many at most.
            only: Ids that may be found; None finds all.
        """
        ...

    def cosines(self, question: Vectors, ids: Sequence[int]) -> Sequence[float]:
        """Return the cosine of *question* and the vector of each id."""
        ...


class VectorStorePlugin(Protocol):
    """Stores the vectors of a generation as files, and searches them.

    Attributes:
        contract: `footnote_qa.plugins.CONTRACT` of the release that it was written for.
    """

    contract: int

    def write(self, folder: Path, ids: Sequence[int], vectors: Vectors) -> None:
        """Write files into *folder*, and nowhere else: they are checked, copied and removed there.

        Args:
            folder: Empty.
            ids: One for each row, each only once.
            vectors: Shape (len(ids), dim), float32; each row has length 1.
        """
        ...

    def open(self, folder: Path) -> OpenedVectors:
        """Open what `write` wrote, also on another machine."""
        ...
