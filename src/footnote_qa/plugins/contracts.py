"""The protocols that plug-ins follow, one for each kind; `CONTRACT` counts their versions."""

from collections.abc import Sequence
from typing import Protocol

from numpy.typing import ArrayLike

from footnote_qa.index.types import Parsed


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
