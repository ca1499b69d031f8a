"""Open the encoder of a generation: our own network, or a plug-in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from footnote_qa.errors import PluginError
from footnote_qa.index.embedding.encoder import EncoderInfo, OnnxEncoder, read_info
from footnote_qa.index.errors import ModelError
from footnote_qa.index.types import Vectors


class Encoder(Protocol):
    """Embeds questions for one generation.

    Attributes:
        info: Its description.
    """

    info: EncoderInfo

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return shape (len(texts), dim), float32, each row of length 1."""
        ...

    def is_word(self, text: str) -> bool:
        """Return whether *text* is one word of the model's vocabulary, so a common word."""
        ...


def open_encoder(folder: Path) -> Encoder:
    """Open the encoder in *folder*; raises `IndexingError`, or an error of ONNX Runtime."""
    info = read_info(folder)
    if not info.plugin:
        return OnnxEncoder(folder)
    from footnote_qa.index.embedding.plugin_embedder import PluginEncoder  # noqa: PLC0415 - rare

    try:
        return PluginEncoder(info)
    except PluginError as error:
        raise ModelError(str(error)) from error
