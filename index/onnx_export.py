"""A sentence-transformers model becomes an int8 ONNX file for questions."""

import logging
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from index.encoder import (
    MODEL_FILE,
    TOKENIZER_FILE,
    EncoderInfo,
    OnnxEncoder,
    unit_rows,
    write_info,
)
from index.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger(__name__)

_OPSET = 17
_MIN_COSINE = 0.98  # int8 questions against fp32 documents cost 0.001 nDCG at a mean of .993
_SAMPLE = (
    "How many days of leave are there?",
    "Who approves a purchase of more than 500 euros?",
    "deductible",
    "What is the difference between the two plans when I see a doctor outside the network?",
    "When was the policy last changed, and by whom?",
)


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
    """Write *model* into *folder* as an encoder for questions, all of it or nothing.

    The int8 file is kept if it agrees with the model on a fixed sample (mean cosine >= 0.98),
    else the fp32 file is.

    Raises:
        ModelError: The model cannot be exported, or the export does not agree with it.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        whole, small = Path(scratch) / "fp32", Path(scratch) / "int8"
        for stage in (whole, small):
            stage.mkdir()
            shutil.copyfile(tokenizer, stage / TOKENIZER_FILE)
            write_info(stage, info)
        _export_fp32(model, whole / MODEL_FILE)
        _quantize(whole / MODEL_FILE, small / MODEL_FILE)
        chosen = next((s for s in (small, whole) if _agreement(model, s) >= _MIN_COSINE), None)
        if chosen is None:
            raise ModelError(f"the ONNX export of {info.model!r} does not agree with the model")
        shutil.rmtree(folder, ignore_errors=True)
        chosen.rename(folder)


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


def _quantize(source: Path, target: Path) -> None:
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it advises, through the root logger, what makes no difference
    try:
        quantize_dynamic(str(source), str(target), weight_type=QuantType.QInt8, per_channel=True)
    finally:
        root.setLevel(level)


def _agreement(model: "SentenceTransformer", folder: Path) -> float:
    expected = model.encode_query(list(_SAMPLE), show_progress_bar=False, convert_to_numpy=True)
    found = OnnxEncoder(folder).encode(_SAMPLE)
    cosine = float((unit_rows(np.asarray(expected, dtype=np.float32)) * found).sum(axis=1).mean())
    log.info("encoder exported", extra={"file": str(folder.name), "cosine": round(cosine, 4)})
    return cosine
