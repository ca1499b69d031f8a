"""Export a sentence-transformers model as two ONNX encoders: for documents and for questions."""

import errno
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from filelock import FileLock
from onnxruntime.quantization import QuantType, quantize_dynamic

from footnote_qa.index.atomic_files import private_folder, replace_text
from footnote_qa.index.embedding.encoder import (
    CHECKSUMS,
    DOCUMENTS,
    MODEL_FILE,
    QUESTIONS,
    TOKENIZER_FILE,
    EncoderInfo,
    OnnxEncoder,
    checksums,
    unit_rows,
    write_info,
)
from footnote_qa.index.errors import ModelError
from footnote_qa.index.types import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger(__name__)

_OPSET = 17
_SCRATCH = ".export-"
_FULL_BYTES = 4_000_000  # a disk with less room than this is full
_SAME_COSINE = 0.9999  # the same model, apart from the order of its sums
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
    private_folder(folder.parent)
    with FileLock(folder.parent / ".lock", fallback_to_soft=False):
        for leftover in folder.parent.glob(f"{_SCRATCH}*"):  # of an export that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=_SCRATCH) as scratch:
            with _full_disk_named(folder.parent):
                _export(model, Path(scratch), info, tokenizer=tokenizer)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in (QUESTIONS, DOCUMENTS):
                (Path(scratch) / name).rename(folder / name)
            replace_text(folder / CHECKSUMS, checksums(folder))  # last: marks a complete export


@contextmanager
def _full_disk_named(folder: Path) -> Iterator[None]:
    """Raise an error that names the full disk instead of what libraries say of a cut file."""
    try:
        yield
    except Exception as error:
        # What was written is still there, so a disk that was full is full now
        if shutil.disk_usage(folder).free < _FULL_BYTES and not isinstance(error, OSError):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error
        raise


def _export(
    model: "SentenceTransformer", scratch: Path, info: EncoderInfo, *, tokenizer: Path
) -> None:
    whole, small = scratch / DOCUMENTS, scratch / QUESTIONS
    for stage, prompt in ((whole, "document"), (small, "query")):
        stage.mkdir()
        shutil.copyfile(tokenizer, stage / TOKENIZER_FILE)
        write_info(stage, replace(info, query_prompt=str(model.prompts.get(prompt) or "")))
    _export_fp32(model, whole / MODEL_FILE)
    if float(_agreement(model.encode_document, whole).min()) < _SAME_COSINE:
        raise ModelError(f"the ONNX export of {info.model!r} does not agree with the model")
    _quantize(whole / MODEL_FILE, small / MODEL_FILE)
    if float(_agreement(model.encode_query, small).mean()) < _MIN_COSINE:
        shutil.copyfile(whole / MODEL_FILE, small / MODEL_FILE)


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
    root.setLevel(logging.ERROR)  # its advice through the root logger makes no difference
    try:
        quantize_dynamic(str(source), str(target), weight_type=QuantType.QInt8, per_channel=True)
    finally:
        root.setLevel(level)


def _agreement(encode: Callable[..., object], folder: Path) -> Vectors:
    """Return the cosine of each sample text by *encode* and by the encoder in *folder*."""
    expected = np.asarray(encode(list(_SAMPLE), show_progress_bar=False), dtype=np.float32)
    found = OnnxEncoder(folder).encode(_SAMPLE)
    cosines: Vectors = (unit_rows(expected) * found).sum(axis=1)
    log.info("encoder exported", extra={"file": folder.name, "cosine": float(cosines.min())})
    return cosines
