"""Rerank passages with a cross-encoder that reads question and passage together (optional)."""

from collections.abc import Sequence

from footnote_qa.index.embedding import model_folder
from footnote_qa.index.errors import ModelError
from footnote_qa.index.extras import install
from footnote_qa.index.search.fusion import Scale
from footnote_qa.index.types import Chunk


class CrossReranker:
    """Scores passages with a sentence-transformers CrossEncoder. Searching then needs torch.

    Args:
        model: Folder or name of a model with one score for a pair of texts.

    Raises:
        ModelError: It was not found, is incomplete, or gives more than one score.
    """

    def __init__(self, model: str) -> None:
        try:
            from sentence_transformers import CrossEncoder  # noqa: PLC0415 - imports torch
            from torch.nn import Identity  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ModelError(
                f"the reranker {model!r} needs packages that are not installed: {install('models')}"
            ) from error

        try:
            folder = model_folder(model)
        except ModelError as error:
            raise ModelError(
                f"the reranker {model!r} is neither a folder nor available from the hub: "
                "give [search] reranker a folder, or leave it out"
            ) from error
        try:
            self._model = CrossEncoder(
                str(folder),
                device="cpu",
                trust_remote_code=False,
                local_files_only=True,
                model_kwargs={"use_safetensors": True},
                activation_fn=Identity(),  # its logit: a probability is 1.0 for all good ones
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            raise ModelError(
                f"the reranker {model!r} cannot be loaded from {folder}: "
                "is it a complete CrossEncoder with safetensors?"
            ) from error
        if self._model.num_labels != 1:
            raise ModelError(
                f"the reranker {model!r} gives {self._model.num_labels} scores for a passage: "
                "choose one that gives one, such as those trained on MS MARCO"
            )

    def raises(self, question: str, chunks: Sequence[Chunk]) -> list[float]:
        """Return the standard score of the model's score for each chunk."""
        pairs = [(question, f"{' > '.join(chunk.path)}\n{chunk.text}".strip()) for chunk in chunks]
        said = [float(score) for score in self._model.predict(pairs, show_progress_bar=False)]
        scale = Scale.of(said)
        return [scale.standard(score) for score in said]
