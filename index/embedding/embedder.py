"""Embed documents by the ONNX export of a model, on every core."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from tokenizers import Tokenizer

from footnote_qa.index.atomic_files import cores
from footnote_qa.index.embedding.encoder import (
    DOCUMENTS,
    QUESTIONS,
    TOKENIZER_FILE,
    EncoderInfo,
    OnnxEncoder,
    is_whole,
    read_info,
    save_info,
)
from footnote_qa.index.errors import ModelError
from footnote_qa.index.types import Vectors

SHIPPED = Path(__file__).with_name("models") / "minilm"
"""The export of the model that comes with the package."""


class ExportedEmbedder(ABC):
    """A model by its export; only making the export may need more than ONNX Runtime.

    Attributes:
        model: Name or folder as the settings give it.
        fingerprint: Changes whenever the vectors would.
        dim: Length of a vector.
        max_tokens: Longest input that is not truncated.
    """

    def __init__(self, info: EncoderInfo, *, tokenizer: Path) -> None:
        self.model, self.fingerprint = info.model, info.fingerprint
        self.dim, self.max_tokens = info.dim, info.max_tokens
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(tokenizer))
        # The file may set a shorter truncation than the model's, and padding; both are wrong here.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @abstractmethod
    def _make_export(self) -> Path:
        """Return the folder of the export, complete and unchanged."""

    @cached_property
    def _export(self) -> Path:
        return self._make_export()

    @cached_property
    def _documents(self) -> OnnxEncoder:
        # One by one: a chunk's vector does not depend on what else is embedded with it.
        return OnnxEncoder(self._export / DOCUMENTS, threads=cores(), batch=1)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return shape (len(texts), dim), float32, each row of length 1."""
        return self._documents.encode(texts)

    def token_starts(self, text: str) -> list[int]:
        """Return the offset where each token of *text* starts, ascending; nothing is truncated."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return [start for start, _ in encoding.offsets]

    def save_encoder(self, folder: Path) -> None:
        """Write into *folder* the files needed to embed a question later."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted((self._export / QUESTIONS).iterdir()):
            shutil.copyfile(path, folder / path.name)
        save_info(folder, self.model)


class ShippedEmbedder(ExportedEmbedder):
    """The model that comes with the package."""

    def __init__(self) -> None:
        super().__init__(
            read_info(SHIPPED / DOCUMENTS), tokenizer=SHIPPED / DOCUMENTS / TOKENIZER_FILE
        )

    def _make_export(self) -> Path:
        # A flipped bit would make every vector from now on wrong.
        if not is_whole(SHIPPED):
            raise ModelError(f"the files in {SHIPPED} are damaged: install the package again")
        return SHIPPED
