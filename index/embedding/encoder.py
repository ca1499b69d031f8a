"""Turn texts into unit vectors with ONNX Runtime alone."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from footnote_qa.index.atomic_files import sha256_file
from footnote_qa.index.errors import IndexDamagedError
from footnote_qa.index.types import Vectors

ENCODER_FILE = "encoder.json"
CHECKSUMS = "SHA256SUMS"
DOCUMENTS, QUESTIONS = "documents", "questions"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
_BATCH = 8  # measured: 4 to 8 are fastest, 32 costs a sixth more


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderInfo:
    """Description of an encoder, apart from its weights.

    Attributes:
        model: Name or folder as the settings gave it.
        fingerprint: Of the model that the documents were embedded with.
        dim: Length of a vector.
        max_tokens: Longest text that is not truncated, in tokens.
        query_prompt: Put before each text; "" for most models. For an encoder of documents it is
            the model's prompt for documents.
        plugin: The plug-in that embeds, as `module:attribute`; "" for a network in the folder.
    """

    model: str
    fingerprint: str
    dim: int
    max_tokens: int
    query_prompt: str
    plugin: str = ""


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
    """Store *model*, the name that the settings use now, as the name of the encoder in *folder*."""
    info = asdict(read_info(folder)) | {"model": model}
    write_info(folder, EncoderInfo(**info))


def checksums(folder: Path) -> str:
    """Return a line with digest and path for every file of an export except its checksums."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS)
    return "".join(f"{sha256_file(path)}  {path.relative_to(folder)}\n" for path in paths)


def is_whole(folder: Path) -> bool:
    """Return whether an export exists and its files match its checksums."""
    try:
        return (folder / CHECKSUMS).read_text(encoding="utf-8") == checksums(folder)
    except (OSError, UnicodeDecodeError):
        return False


def unit_rows(vectors: Vectors) -> Vectors:
    """Scale each row to length 1; a row of zeros stays.

    >>> unit_rows(np.array([[3.0, 4.0]], dtype=np.float32)).round(3).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


class OnnxEncoder:
    """An embedding model ready to run: a generation's model for questions, or one for documents.

    Attributes:
        info: Its description.
    """

    def __init__(self, folder: Path, *, threads: int = 1, batch: int = _BATCH) -> None:
        """Open the encoder.

        Args:
            folder: Holds the network, its tokenizer and its description.
            threads: How many batches run at the same time.
            batch: How many texts run together. The last digits of a vector depend on the other
                texts in its batch; with 1, equal texts always have equal vectors.
        """
        self.info = read_info(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a batch per core; more threads only wait for each other
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
        )
        self._threads, self._batch = threads, batch
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.enable_truncation(self.info.max_tokens)
        self._pad_id = (self._tokenizer.padding or {}).get("pad_id", 0)
        self._tokenizer.no_padding()

    def is_word(self, text: str) -> bool:
        """Return whether *text* is one word of the model's vocabulary, so a common word."""
        tokens = self._tokenizer.encode(text, add_special_tokens=False).tokens
        return len(tokens) == 1 and tokens[0].lstrip("▁Ġ") == text

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return shape (len(texts), dim), float32, each row of length 1."""
        rows = np.zeros((len(texts), self.info.dim), dtype=np.float32)
        prompted = [self.info.query_prompt + text for text in texts]
        encodings = self._tokenizer.encode_batch(prompted) if prompted else []
        # Texts of similar length share a batch, to keep padding small; the longest come first, so
        # that no core is left alone with them at the end.
        order = sorted(range(len(texts)), key=lambda row: -len(encodings[row].ids))

        def run(first: int) -> None:
            batch = order[first : first + self._batch]
            rows[batch] = self._run([encodings[row] for row in batch])

        starts = range(0, len(order), self._batch)
        if self._threads == 1 or len(starts) <= 1:
            for first in starts:
                run(first)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run, starts))
        return unit_rows(rows)

    def _run(self, encodings: Sequence[Encoding]) -> Vectors:
        shape = (len(encodings), max(len(encoding.ids) for encoding in encodings))
        arrays = {name: np.zeros(shape, dtype=np.int64) for name in self._inputs}
        if "input_ids" in arrays:
            arrays["input_ids"][:] = self._pad_id
        for row, encoding in enumerate(encodings):
            columns = {
                "input_ids": encoding.ids,
                "attention_mask": encoding.attention_mask,
                "token_type_ids": encoding.type_ids,
            }
            for name, array in arrays.items():
                array[row, : len(encoding.ids)] = columns[name]
        return np.asarray(self._session.run(None, arrays)[0], dtype=np.float32)
