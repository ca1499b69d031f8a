"""Vectors in one byte for each number: half of the size of Footnote's own."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footnote_qa.plugins import CONTRACT

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


class ByteStore:
    """Writes and opens the files of a generation."""

    contract = CONTRACT

    def write(self, folder: Path, ids: Sequence[int], vectors: Vectors) -> None:
        """Write one row of bytes for each vector, and the scale of the row."""
        scales = np.abs(vectors).max(axis=1) / 127
        rows = np.round(vectors / scales[:, None]).astype(np.int8)
        np.save(folder / "ids.npy", np.asarray(ids, dtype=np.int64))
        np.save(folder / "scales.npy", scales.astype(np.float32))
        np.save(folder / "rows.npy", rows)

    def open(self, folder: Path) -> "OpenBytes":
        """Open the files; their pages are read when they are needed."""
        return OpenBytes(
            np.load(folder / "ids.npy"),
            np.load(folder / "scales.npy"),
            np.load(folder / "rows.npy", mmap_mode="r"),
        )


class OpenBytes:
    """The vectors of one generation."""

    def __init__(self, ids: Ids, scales: Vectors, rows: NDArray[np.int8]) -> None:
        self._ids, self._scales, self._rows = ids, scales, rows
        self._row_of = {int(id_): row for row, id_ in enumerate(ids)}

    def __len__(self) -> int:
        return len(self._ids)

    def search(self, question: Vectors, k: int, *, only: Ids | None) -> list[tuple[int, float]]:
        """Compare the question with every vector that may be found."""
        rows = np.arange(len(self)) if only is None else np.flatnonzero(np.isin(self._ids, only))
        cosines = self._cosines(question, rows)
        best = np.argsort(-cosines, kind="stable")[:k]
        return [(int(self._ids[rows[at]]), float(cosines[at])) for at in best]

    def cosines(self, question: Vectors, ids: Sequence[int]) -> list[float]:
        """Compare the question with some vectors."""
        rows = np.array([self._row_of[id_] for id_ in ids])
        return [float(cosine) for cosine in self._cosines(question, rows)]

    def _cosines(self, question: Vectors, rows: NDArray[np.intp]) -> Vectors:
        found = (self._rows[rows].astype(np.float32) @ question) * self._scales[rows]
        return np.asarray(found, dtype=np.float32)
