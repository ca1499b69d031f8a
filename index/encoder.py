"""A question becomes a unit vector with what its generation holds, by ONNX Runtime."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from index.errors import IndexDamagedError
from index.types import Vectors

ENCODER_FILE = "encoder.json"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
_BATCH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderInfo:
    """What is known of an encoder besides its weights.

    Attributes:
        model: Name or folder as the settings gave it.
        fingerprint: Of the model that the documents were embedded with.
        dim: Length of a vector.
        max_tokens: Longest question that is not cut, in tokens.
        query_prompt: Put before each question; "" for most models.
    """

    model: str
    fingerprint: str
    dim: int
    max_tokens: int
    query_prompt: str


def read_info(folder: Path) -> EncoderInfo:
    """Read the encoder's description in *folder*; raises `IndexDamagedError`."""
    try:
        return EncoderInfo(**json.loads((folder / ENCODER_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise IndexDamagedError(
            f"{folder / ENCODER_FILE} cannot be read: run `footnote index build --full`"
        ) from error


def write_info(folder: Path, info: EncoderInfo) -> None:
    """Write the encoder's description into *folder*."""
    text = json.dumps(asdict(info), indent=2) + "\n"
    (folder / ENCODER_FILE).write_text(text, encoding="utf-8")


def save_info(folder: Path, model: str) -> None:
    """Let the encoder in *folder* be known as *model*, the name the settings use now."""
    info = asdict(read_info(folder)) | {"model": model}
    write_info(folder, EncoderInfo(**info))


def unit_rows(vectors: Vectors) -> Vectors:
    """Scale each row to length 1; a row of zeros stays.

    >>> unit_rows(np.array([[3.0, 4.0]], dtype=np.float32)).round(3).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


class OnnxEncoder:
    """The embedding model of a generation, ready to embed questions.

    Attributes:
        info: What is known of it.
    """

    def __init__(self, folder: Path) -> None:
        self.info = read_info(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a question a core; more threads only wait for each other
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.enable_truncation(self.info.max_tokens)
        padding = self._tokenizer.padding or {}
        self._tokenizer.enable_padding(
            pad_id=padding.get("pad_id", 0), pad_token=padding.get("pad_token", "[PAD]")
        )

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return shape (len(texts), dim), float32, each row of length 1."""
        rows = np.zeros((len(texts), self.info.dim), dtype=np.float32)
        # Neighbours in length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            rows[batch] = self._run([self.info.query_prompt + texts[row] for row in batch])
        return unit_rows(rows)

    def _run(self, texts: Sequence[str]) -> Vectors:
        encodings = self._tokenizer.encode_batch(list(texts))
        feeds = {
            "input_ids": [encoding.ids for encoding in encodings],
            "attention_mask": [encoding.attention_mask for encoding in encodings],
            "token_type_ids": [encoding.type_ids for encoding in encodings],
        }
        arrays = {
            name: np.asarray(feed, dtype=np.int64)
            for name, feed in feeds.items()
            if name in self._inputs
        }
        return np.asarray(self._session.run(None, arrays)[0], dtype=np.float32)
