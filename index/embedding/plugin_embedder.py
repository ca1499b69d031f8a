"""Embedding models of other packages: for documents when an index is built, and for questions.

A generation remembers which plug-in embedded it. Its files may come from elsewhere, so they never
decide what is imported: only a plug-in that the settings of this process name is loaded.
"""

import hashlib
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np

from footnote_qa.index.embedding.encoder import EncoderInfo, unit_rows, write_info
from footnote_qa.index.errors import ModelError, StaleIndexError
from footnote_qa.index.types import Vectors
from footnote_qa.plugins.contracts import EmbedderPlugin
from footnote_qa.plugins.registry import Kind, make, target_of

Pairs = tuple[tuple[str, object], ...]

# Words in pieces of five letters, and each sign and each character of scripts without spaces
_TOKEN = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W぀-ヿ㐀-鿿가-힯]{1,5}|[^\w\s]")
_SHORTEST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginModel:
    """An embedding model of another package, as the settings name it.

    Attributes:
        reference: `plugin:NAME` or `module:Class`.
        arguments: For its constructor.
        secrets: Further ones, which are not shown.
    """

    reference: str
    arguments: Pairs = ()
    secrets: Pairs = field(default=(), repr=False)

    @property
    def target(self) -> str:
        """Its object, as `module:attribute`; raises `PluginError`."""
        return target_of(Kind.EMBEDDER, self.reference)


_lock = threading.Lock()
_trusted: dict[str, list[PluginModel]] = {}
_made: dict[PluginModel, EmbedderPlugin] = {}


def trust_model(model: PluginModel) -> None:
    """Let generations that *model* embedded be opened by this process."""
    with _lock:
        known = _trusted.setdefault(model.target, [])
        if model not in known:
            known.append(model)


def _plugin(model: PluginModel) -> EmbedderPlugin:
    """Return the plug-in, made once for each set of arguments."""
    with _lock:
        if model not in _made:
            arguments = dict(model.arguments + model.secrets)
            made = cast("EmbedderPlugin", make(Kind.EMBEDDER, model.reference, arguments))
            _check(made, model.reference)
            _made[model] = made
        return _made[model]


def _check(plugin: EmbedderPlugin, reference: str) -> None:
    for name in ("dim", "max_tokens"):
        value: object = getattr(plugin, name, None)
        if not isinstance(value, int) or value < 1:
            raise ModelError(f"the embedder {reference} has {name} {value!r:.40}: use a number")
    mark: object = getattr(plugin, "fingerprint", None)
    if not isinstance(mark, str) or not mark:
        raise ModelError(
            f"the embedder {reference} has the fingerprint {mark!r:.40}: use a text that changes "
            "whenever its vectors would"
        )


def _fingerprint(model: PluginModel, plugin: EmbedderPlugin) -> str:
    told = f"{model.target}\n{plugin.fingerprint}\n{plugin.dim}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _vectors(
    embed: Callable[[Sequence[str]], object], texts: Sequence[str], *, dim: int, reference: str
) -> Vectors:
    """Return the vectors of *texts*, each of length 1; raises `ModelError`."""
    if not texts:
        return np.zeros((0, dim), dtype=np.float32)
    try:
        found = np.asarray(embed(texts), dtype=np.float32)
    except Exception as error:
        # Its message may hold the request, and a request may hold a key
        raise ModelError(
            f"the embedder {reference} failed ({type(error).__name__}): try again, or see its log"
        ) from error
    if found.shape != (len(texts), dim):
        raise ModelError(
            f"the embedder {reference} returned the shape {found.shape} for {len(texts)} texts, "
            f"not ({len(texts)}, {dim})"
        )
    if not np.isfinite(found).all() or (np.linalg.norm(found, axis=1) < _SHORTEST).any():
        raise ModelError(f"the embedder {reference} returned a vector without a direction")
    return unit_rows(found)


class PluginEmbedder:
    """Embeds documents with a model of another package.

    Attributes:
        model: Its reference.
        fingerprint: Digest of the plug-in's name and of its own fingerprint.
        dim: Length of a vector.
        max_tokens: Longest input that is not truncated.
    """

    def __init__(self, model: PluginModel) -> None:
        trust_model(model)
        self._spec = model
        self._plugin = _plugin(model)
        self.model = model.reference
        self.fingerprint = _fingerprint(model, self._plugin)
        self.dim = self._plugin.dim
        self.max_tokens = self._plugin.max_tokens

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return shape (len(texts), dim), float32, each row of length 1."""
        embed = self._plugin.embed_documents
        return _vectors(embed, texts, dim=self.dim, reference=self.model)

    def token_starts(self, text: str) -> list[int]:
        """Return about where each token of *text* starts: its own tokenizer is not asked."""
        return [found.start() for found in _TOKEN.finditer(text)]

    def save_encoder(self, folder: Path) -> None:
        """Write which plug-in embeds questions; its arguments and keys stay in the settings."""
        folder.mkdir(parents=True, exist_ok=True)
        info = EncoderInfo(
            model=self.model,
            fingerprint=self.fingerprint,
            dim=self.dim,
            max_tokens=self.max_tokens,
            query_prompt="",
            plugin=self._spec.target,
        )
        write_info(folder, info)


class PluginEncoder:
    """Embeds questions with the plug-in that embedded a generation.

    Args:
        info: What the generation says of it.

    Raises:
        StaleIndexError: The settings do not name this plug-in, or not with this fingerprint.
    """

    def __init__(self, info: EncoderInfo) -> None:
        self.info = info
        with _lock:
            models = list(_trusted.get(info.plugin, ()))
        for model in models:
            plugin = _plugin(model)
            if _fingerprint(model, plugin) == info.fingerprint:
                self._plugin, self._reference = plugin, model.reference
                return
        if not models:
            raise StaleIndexError(
                f"the index was embedded by the plug-in {info.plugin}, which the settings don't "
                f'name: set [index] model = "{info.model}", or run `footnote index build`'
            )
        raise StaleIndexError(
            f"the plug-in {info.plugin} has another fingerprint than when the index was built: "
            "run `footnote index build`"
        )

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return shape (len(texts), dim), float32, each row of length 1."""
        embed = self._plugin.embed_questions
        return _vectors(embed, texts, dim=self.info.dim, reference=self._reference)

    def is_word(self, text: str) -> bool:  # noqa: ARG002 - its vocabulary is not known
        """Return True: no word of a question is replaced, only another one suggested."""
        return True
