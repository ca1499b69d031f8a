"""A deterministic embedding model in a few kilobytes: words have random directions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from footnote_qa.index.embedding.encoder import (
    MODEL_FILE,
    TOKENIZER_FILE,
    EncoderInfo,
    OnnxEncoder,
    write_info,
)
from footnote_qa.index.types import Vectors

DIM = 64
_VOCABULARY = 1200
_WORDS = Path(__file__).resolve().parents[2] / "docs" / "handbook"


class HashEmbedder:
    """Satisfies `footnote_qa.index.types.Embedder`; texts that share words are near each other.

    Its encoder is a real ONNX file, so that tests open generations as the program does.
    """

    def __init__(self, folder: Path, *, seed: int = 7, model: str = "hash") -> None:
        self.model = model
        self.fingerprint = f"hash-{seed}"
        self.dim = DIM
        self.max_tokens = 256
        self.embedded: list[str] = []
        self._folder = folder
        self._tokenizer = _tokenizer()
        self._tokenizer.save(str(folder / TOKENIZER_FILE))
        onnx.save(_graph(self._tokenizer.get_vocab_size(), seed), str(folder / MODEL_FILE))
        info = EncoderInfo(
            model=model,
            fingerprint=self.fingerprint,
            dim=DIM,
            max_tokens=self.max_tokens,
            query_prompt="",
        )
        write_info(folder, info)
        self._encoder = OnnxEncoder(folder, batch=1)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return shape (len(texts), dim), float32, each row of length 1."""
        self.embedded += texts
        return self._encoder.encode(texts)

    def token_starts(self, text: str) -> list[int]:
        """Return the offset at which each token of *text* starts."""
        return [start for start, _ in self._tokenizer.encode(text).offsets]

    def save_encoder(self, folder: Path) -> None:
        """Write the same model for questions."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=["[PAD]"],
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(
        [path.read_text(encoding="utf-8") for path in sorted(_WORDS.glob("*.md"))], trainer
    )
    return tokenizer


def _graph(vocabulary: int, seed: int) -> onnx.ModelProto:
    """Mean of the tokens' vectors: Gather, mask, sum; length does not matter to a direction."""
    generator = np.random.default_rng(seed)
    table = generator.standard_normal((vocabulary, DIM)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["seen"]),
        helper.make_node("ReduceSum", ["seen", "tokens"], ["vector"], keepdims=0),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", DIM])
    constants = [
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array([2], dtype=np.int64), "last"),
        numpy_helper.from_array(np.array([1], dtype=np.int64), "tokens"),
    ]
    graph = helper.make_graph(nodes, "hash", inputs, [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
