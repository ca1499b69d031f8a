"""Make the files in `models`, for those who maintain them; building and asking need none of it."""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from footnote_qa.index.embedding.bert_graph import bert_graph
from footnote_qa.index.embedding.embedder import SHIPPED
from footnote_qa.index.embedding.encoder import CHECKSUMS, DOCUMENTS, QUESTIONS, EncoderInfo
from footnote_qa.index.embedding.exports import (
    SAMPLE,
    Encode,
    add_questions,
    check_documents,
    new_export,
    write_stage,
)
from footnote_qa.index.embedding.multilingual_embedder import EXPECTED
from footnote_qa.index.embedding.names import EMBEDDED

_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """The sizes of a network."""

    hidden: int
    layers: int
    heads: int
    epsilon: float


def export_embedded(
    source: Path,
    weights: Mapping[str, NDArray[np.float32]],
    encode: Encode,
    *,
    target: Path = SHIPPED,
) -> None:
    """Write the export of all-MiniLM-L6-v2 into *target*.

    Args:
        source: Folder of the model, in the form of sentence-transformers.
        weights: Its tensors.
        encode: Gives the model's own vectors.
        target: Folder to write; replaced if it exists.

    Raises:
        ModelError: The export does not agree with *encode*.
    """
    shape = _shape_of(source)
    network = bert_graph(weights, shape, half=True).SerializeToString(deterministic=True)
    tokenizer = source / "tokenizer.json"
    limits = json.loads((source / "sentence_bert_config.json").read_text(encoding="utf-8"))
    info = EncoderInfo(
        model=EMBEDDED,
        fingerprint=hashlib.sha256(network + tokenizer.read_bytes()).hexdigest()[:32],
        dim=shape.hidden,
        max_tokens=limits["max_seq_length"],
        query_prompt="",
    )
    with new_export(target) as scratch, tempfile.TemporaryDirectory() as other:
        write_stage(scratch, DOCUMENTS, info, tokenizer=tokenizer, prompt="").write_bytes(network)
        check_documents(scratch, encode)
        write_stage(scratch, QUESTIONS, info, tokenizer=tokenizer, prompt="")
        whole = Path(other) / "whole.onnx"  # int8 is made of the weights in 32 bits
        onnx.save(bert_graph(weights, shape), str(whole))
        add_questions(scratch, encode, source=whole)
    (target.parent / ".lock").unlink()
    (target / CHECKSUMS).chmod(0o644)  # like the other files


def _shape_of(source: Path) -> _Shape:
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    return _Shape(
        hidden=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
    )


def write_expected(encoders: Mapping[str, Encode], *, target: Path = EXPECTED) -> None:
    """Write the vectors of the multilingual model for the sample, by prompt."""
    rows: dict[str, Sequence[object]] = {
        name: np.asarray(encode(SAMPLE)).astype(np.float64).round(_DIGITS).tolist()
        for name, encode in encoders.items()
    }
    target.write_text(json.dumps(rows) + "\n", encoding="utf-8")
