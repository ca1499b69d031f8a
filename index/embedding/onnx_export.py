"""Export a sentence-transformers model as two ONNX encoders: for documents and for questions."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from footnote_qa.index.embedding.encoder import DOCUMENTS, QUESTIONS, EncoderInfo
from footnote_qa.index.embedding.exports import (
    Encode,
    add_questions,
    check_documents,
    new_export,
    write_stage,
)
from footnote_qa.index.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_OPSET = 17


class _Pipeline(torch.nn.Module):
    """All modules of the model in one: token ids in, sentence vectors out."""

    def __init__(self, model: "SentenceTransformer", inputs: tuple[str, ...]) -> None:
        super().__init__()
        self.stages = torch.nn.ModuleList(list(model))
        self.inputs = inputs

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        features = dict(zip(self.inputs, tensors, strict=True))
        for stage in self.stages:
            features = stage(features)
        return features["sentence_embedding"]


def export(
    model: "SentenceTransformer", folder: Path, info: EncoderInfo, *, tokenizer: Path
) -> None:
    """Write *model* into *folder* as `documents` and `questions`, all of it or nothing.

    Documents use the model itself, in fp32, and it must agree with *model* (cosine >= 0.9999 for
    each text of a fixed sample). Questions use its int8 form if that agrees too (mean cosine
    >= 0.98), else the same as documents.

    Args:
        model: The model.
        folder: Folder to write; replaced if it exists.
        info: Description of the model, without its prompts.
        tokenizer: The model's tokenizer.json.

    Raises:
        ModelError: The model cannot be exported, or the export does not agree with it.
    """
    with new_export(folder) as scratch:
        prompts = {name: str(model.prompts.get(name) or "") for name in ("document", "query")}
        network = write_stage(
            scratch, DOCUMENTS, info, tokenizer=tokenizer, prompt=prompts["document"]
        )
        _export_fp32(model, network)
        check_documents(scratch, _own(model.encode_document))
        write_stage(scratch, QUESTIONS, info, tokenizer=tokenizer, prompt=prompts["query"])
        add_questions(scratch, _own(model.encode_query))


def _own(encode: Callable[..., object]) -> Encode:
    return lambda texts: np.asarray(encode(list(texts), show_progress_bar=False), dtype=np.float32)


def _export_fp32(model: "SentenceTransformer", path: Path) -> None:
    features = model.preprocess(["a first text", "a second text, somewhat longer"])
    inputs = tuple(
        name for name in ("input_ids", "attention_mask", "token_type_ids") if name in features
    )
    axes = {name: {0: "batch", 1: "tokens"} for name in inputs} | {"vector": {0: "batch"}}
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # The newer exporter takes ten times as long and needs one more package.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _Pipeline(model, inputs).eval(),
                tuple(features[name].cpu() for name in inputs),
                str(path),
                input_names=list(inputs),
                output_names=["vector"],
                dynamic_axes=axes,
                opset_version=_OPSET,
                dynamo=False,
            )
    except (RuntimeError, TypeError, ValueError, KeyError) as error:
        raise ModelError("the model cannot be exported to ONNX: choose another") from error
