"""Vector indexes of other packages, in the folder of a generation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from footnote_qa.errors import PluginError
from footnote_qa.index.errors import ModelError, StaleIndexError
from footnote_qa.index.storage.vectors import Rows, VectorIndex
from footnote_qa.index.types import Vectors
from footnote_qa.plugins.contracts import OpenedVectors, VectorStorePlugin
from footnote_qa.plugins.registry import Kind, is_trusted, make

FOLDER = "vectors"
"""Folder of a plug-in's files in a generation."""


class VectorSearch(Protocol):
    """Nearest neighbours among unit vectors."""

    def __len__(self) -> int: ...

    def search(
        self, question: Vectors, k: int, *, only: NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        """Find the *k* vectors nearest to *question* among *only*, best first."""
        ...

    def cosines(self, question: Vectors, ids: Sequence[int]) -> list[float]:
        """Return the cosine of *question* and each vector of *ids*."""
        ...


def write_plugin_vectors(folder: Path, ids: Sequence[int], vectors: Rows, *, target: str) -> None:
    """Let the plug-in *target* write an index of *vectors* under *ids* into *folder*.

    Raises:
        PluginError: It cannot be loaded, or it fails.
    """
    plugin = _plugin(target)
    folder.mkdir(mode=0o700)
    try:
        plugin.write(folder, list(ids), np.asarray(vectors, dtype=np.float32))
    except Exception as error:
        raise PluginError(
            f"the vector store {target} failed ({type(error).__name__}: {error!s:.200})"
        ) from error
    if not any(path.is_file() for path in folder.rglob("*")):
        raise PluginError(f"the vector store {target} wrote no file: its index would be lost")


def open_vectors(generation: Path, target: str, *, file: Path) -> VectorSearch:
    """Open the vectors of a generation: our own *file*, or with the plug-in *target*.

    Raises:
        StaleIndexError: The settings do not name this plug-in.
        ModelError: It cannot be loaded, or cannot open its files.
    """
    if not target:
        return VectorIndex(file)
    if not is_trusted(Kind.VECTOR_STORE, target):
        raise StaleIndexError(
            f"the vectors of the index are for the plug-in {target}, which the settings don't "
            f'name: set [index] vectors = "{target}", or run `footnote index build`'
        )
    try:
        return _PluginVectors(target, _plugin(target).open(generation / FOLDER))
    except PluginError as error:
        raise ModelError(str(error)) from error
    except Exception as error:
        raise ModelError(
            f"the vector store {target} cannot open its files ({type(error).__name__}): "
            "run `footnote index build --full`"
        ) from error


def _plugin(target: str) -> VectorStorePlugin:
    return cast("VectorStorePlugin", make(Kind.VECTOR_STORE, target, {}))


class _PluginVectors:
    """A plug-in's index; what it finds is checked, and never more than may be seen."""

    def __init__(self, target: str, opened: OpenedVectors) -> None:
        self._target = target
        self._opened = opened

    def __len__(self) -> int:
        return len(self._opened)

    def search(
        self, question: Vectors, k: int, *, only: NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        """Find the *k* vectors nearest to *question* among *only*, best first."""
        try:
            found = [(int(id_), float(c)) for id_, c in self._opened.search(question, k, only=only)]
        except Exception as error:
            raise self._failed(error) from error
        # A store that forgets the restriction must not show what the audience may not see
        allowed = None if only is None else set(only.tolist())
        seen = [(id_, c) for id_, c in found if allowed is None or id_ in allowed]
        return sorted(seen, key=lambda one: -one[1])[:k]

    def cosines(self, question: Vectors, ids: Sequence[int]) -> list[float]:
        """Return the cosine of *question* and each vector of *ids*."""
        if not ids:
            return []
        try:
            found = [float(cosine) for cosine in self._opened.cosines(question, list(ids))]
        except Exception as error:
            raise self._failed(error) from error
        if len(found) != len(ids):
            raise ModelError(
                f"the vector store {self._target} returned {len(found)} cosines for {len(ids)} ids"
            )
        return found

    def _failed(self, error: Exception) -> ModelError:
        return ModelError(f"the vector store {self._target} failed ({type(error).__name__})")
