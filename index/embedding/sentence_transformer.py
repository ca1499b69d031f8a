"""Embed documents with any sentence-transformers model; its first use needs torch."""

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from footnote_qa.index.embedding.embedder import ExportedEmbedder
from footnote_qa.index.embedding.encoder import TOKENIZER_FILE, EncoderInfo, is_whole
from footnote_qa.index.errors import ModelError
from footnote_qa.index.extras import install

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_MODEL_SUFFIXES = {".json", ".txt", ".safetensors", ".model"}
_SKIPPED = {"data_config.json", "README.md"}


def model_folder(model: str) -> Path:
    """Return the folder that holds *model*: a folder, or a name in the local hub cache.

    Raises:
        ModelError: It was not found.
    """
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


class SentenceTransformerEmbedder(ExportedEmbedder):
    """A sentence-transformers model, exported once: later builds need no torch.

    Args:
        model: Its folder, or its name in the local hub cache.
        export_cache: Where the export is kept.

    Raises:
        ModelError: It was not found, or has a form that is not read.
    """

    def __init__(self, model: str, *, export_cache: Path) -> None:
        self._folder, self._export_cache = model_folder(model), export_cache
        _check_format(model, self._folder)
        super().__init__(_info(model, self._folder), tokenizer=self._folder / TOKENIZER_FILE)

    def _make_export(self) -> Path:
        folder = self._export_cache / self.fingerprint
        # A flipped bit would make every vector from now on wrong.
        if not is_whole(folder):
            try:
                self._write(folder)
            except ModuleNotFoundError as error:
                raise ModelError(
                    f"the model {self.model!r} needs a package that is not installed "
                    f"({error.name}): {install('models')}"
                ) from error
        return folder

    def _write(self, folder: Path) -> None:
        import onnx  # noqa: F401, PLC0415 - an extra; without it, the export would fail at its end

        from footnote_qa.index.embedding.onnx_export import export  # noqa: PLC0415 - imports torch

        info = _info(self.model, self._folder)
        export(self._load(), folder, info, tokenizer=self._folder / TOKENIZER_FILE)

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


def _check_format(model: str, folder: Path) -> None:
    if not any(folder.glob("**/*.safetensors")):
        raise ModelError(
            f"the model {model!r} has no .safetensors file in {folder}: "
            "only that format is loaded, since others can run code"
        )
    if not (folder / TOKENIZER_FILE).exists():
        raise ModelError(f"the model {model!r} has no tokenizer.json: choose one that has")


def _info(model: str, folder: Path) -> EncoderInfo:
    return EncoderInfo(
        model=model,
        fingerprint=_fingerprint(folder),
        dim=_dim(model, folder),
        max_tokens=_max_tokens(folder),
        query_prompt="",
    )


def _max_tokens(folder: Path) -> int:
    config = _read_json(folder / "sentence_bert_config.json")
    limit = config.get("max_seq_length")
    if not isinstance(limit, int):
        limit = _read_json(folder / "config.json").get("max_position_embeddings", 512)
    return limit if isinstance(limit, int) else 512


def _dim(model: str, folder: Path) -> int:
    for config in sorted(folder.glob("*_Dense/config.json"), reverse=True):
        value = _read_json(config).get("out_features")
        if isinstance(value, int):
            return value
    value = _read_json(folder / "config.json").get("hidden_size")
    if not isinstance(value, int):
        raise ModelError(f"the model {model!r} has no hidden_size in its config.json")
    return value
