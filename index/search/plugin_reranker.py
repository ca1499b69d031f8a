"""Rerank passages with a model of another package."""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import cast

from footnote_qa.index.search.fusion import Scale
from footnote_qa.index.types import Chunk
from footnote_qa.plugins.contracts import RerankerPlugin
from footnote_qa.plugins.registry import Kind, make

log = logging.getLogger(__name__)


class PluginReranker:
    """Scores passages with a plug-in; if it fails, the order stays as it was.

    Args:
        reference: `plugin:NAME` or `module:Class`.
        arguments: For its constructor.

    Raises:
        PluginError: It cannot be loaded or made.
    """

    def __init__(self, reference: str, arguments: Mapping[str, object]) -> None:
        self._reference = reference
        self._plugin = cast("RerankerPlugin", make(Kind.RERANKER, reference, arguments))

    def raises(self, question: str, chunks: Sequence[Chunk]) -> list[float]:
        """Return the standard score of the plug-in's score for each chunk; 0 if it fails."""
        texts = [f"{' > '.join(chunk.path)}\n{chunk.text}".strip() for chunk in chunks]
        try:
            said = [float(score) for score in self._plugin.scores(question, texts)]
        except Exception:  # a question is answered without it
            log.exception("reranker failed", extra={"reranker": self._reference})
            return [0.0] * len(chunks)
        if len(said) != len(chunks) or not all(map(math.isfinite, said)):
            told = {"reranker": self._reference, "scores": len(said), "passages": len(chunks)}
            log.error("reranker returned other scores than one number a passage", extra=told)
            return [0.0] * len(chunks)
        scale = Scale.of(said)
        return [scale.standard(score) for score in said]
