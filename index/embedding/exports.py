"""Write an export of a model: an encoder for documents and one for questions, or nothing."""

import errno
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

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

log = logging.getLogger(__name__)

SAMPLE = (
    "How many days of leave are there?",
    "Who approves a purchase of more than 500 euros?",
    "deductible",
    "What is the difference between the two plans when I see a doctor outside the network?",
    "When was the policy last changed, and by whom?",
)
"""The texts for which an export has to agree with its model."""

_SCRATCH = ".export-"
_FULL_BYTES = 4_000_000  # a disk with less room than this is full
_SAME_COSINE = 0.9999  # the same model, apart from the order of its sums
_MIN_COSINE = 0.98  # int8 questions against fp32 documents cost 0.001 nDCG at a mean of .993

Encode = Callable[[Sequence[str]], Vectors]


@contextmanager
def new_export(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces *folder* at the end, unless an error is raised."""
    private_folder(folder.parent)
    with FileLock(folder.parent / ".lock", fallback_to_soft=False):
        for leftover in folder.parent.glob(f"{_SCRATCH}*"):  # of an export that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=_SCRATCH) as scratch:
            with _full_disk_named(folder.parent):
                yield Path(scratch)
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


def write_stage(
    scratch: Path, use: str, info: EncoderInfo, *, tokenizer: Path, prompt: str
) -> Path:
    """Write all of an encoder in *scratch* but its network, and return the path for that."""
    stage = scratch / use
    stage.mkdir()
    shutil.copyfile(tokenizer, stage / TOKENIZER_FILE)
    write_info(stage, replace(info, query_prompt=prompt))
    return stage / MODEL_FILE


def check_documents(scratch: Path, encode: Encode) -> None:
    """Compare the encoder of documents with *encode*, which gives the model's own vectors.

    Raises:
        ModelError: The vector of a text of the sample is another one.
    """
    stage = scratch / DOCUMENTS
    if float(_agreement(encode, stage).min()) < _SAME_COSINE:
        model = OnnxEncoder(stage).info.model
        raise ModelError(f"the ONNX export of {model!r} does not agree with the model")


def add_questions(scratch: Path, encode: Encode, *, source: Path | None = None) -> None:
    """Make the network for questions: in int8 if that agrees with *encode*, else in fp32.

    Args:
        scratch: Where both encoders are.
        encode: Gives the model's own vectors of questions.
        source: The network in fp32; None takes that for documents.
    """
    source = source or scratch / DOCUMENTS / MODEL_FILE
    stage = scratch / QUESTIONS
    _quantize(source, stage / MODEL_FILE)
    if float(_agreement(encode, stage).mean()) < _MIN_COSINE:
        shutil.copyfile(source, stage / MODEL_FILE)


def _quantize(source: Path, target: Path) -> None:
    from onnxruntime.quantization import (  # noqa: PLC0415 - slow, and onnx is an extra
        QuantType,
        quantize_dynamic,
    )

    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # its advice through the root logger makes no difference
    try:
        quantize_dynamic(str(source), str(target), weight_type=QuantType.QInt8, per_channel=True)
    finally:
        root.setLevel(level)


def _agreement(encode: Encode, folder: Path) -> Vectors:
    """Return the cosine of each sample text by *encode* and by the encoder in *folder*."""
    found = OnnxEncoder(folder).encode(SAMPLE)
    cosines: Vectors = (unit_rows(encode(SAMPLE)) * found).sum(axis=1)
    log.info("encoder exported", extra={"file": folder.name, "cosine": float(cosines.min())})
    return cosines
