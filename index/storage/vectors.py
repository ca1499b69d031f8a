"""Vector index: nearest neighbours among unit vectors, by FAISS."""

from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import cast

import faiss
import numpy as np
from numpy.typing import NDArray

from footnote_qa.index.atomic_files import cores, writing
from footnote_qa.index.types import Vectors

FACTORY = "IDMap2,SQfp16"
"""Half-precision, exact search: recall 1.000 at half the memory of the flat index."""

LARGE = 500_000
"""With more vectors, comparing with each one takes too long, so only some cells are searched."""

MIN_RECALL = 0.99
"""Share of the ten nearest that a search of cells must find; else every vector is compared."""

Rows = NDArray[np.float32] | NDArray[np.float16]

_SLICE = 65_536
_TRAINED_ON = 40  # vectors per cell; with fewer than 39, FAISS complains
_QUESTIONS = 200
_NEAREST = 10
_FIRST_PROBES = 8

faiss.omp_set_num_threads(1)  # one question runs on one core; several questions use several


def write_vectors(path: Path, ids: Sequence[int], vectors: Rows, *, large: int = LARGE) -> None:
    """Write an index of *vectors* under *ids*.

    Args:
        path: File to write.
        ids: One for each row, each only once.
        vectors: Shape (len(ids), dim); each row has length 1, apart from rounding.
        large: With more vectors than this, cells are searched, if that finds nearly the same.
    """
    # FAISS silently accepts the same id twice, and then finds the wrong vector.
    if len(set(ids)) != len(ids):
        raise ValueError(f"{len(ids) - len(set(ids))} ids occur twice")
    numbers = np.asarray(ids, dtype=np.int64)
    index = _filled(faiss.index_factory(vectors.shape[1], FACTORY, _METRIC), numbers, vectors)
    if len(ids) > large:
        index = _cells(index, numbers, vectors) or index
    with writing(path, RuntimeError):
        faiss.write_index(index, str(path))


_METRIC = faiss.METRIC_INNER_PRODUCT


def _filled(index: faiss.Index, ids: NDArray[np.int64], vectors: Rows) -> faiss.Index:
    for first in range(0, len(ids), _SLICE):
        part = slice(first, first + _SLICE)
        index.add_with_ids(np.ascontiguousarray(vectors[part], dtype=np.float32), ids[part])
    return index


def _cells(exact: faiss.Index, ids: NDArray[np.int64], vectors: Rows) -> faiss.Index | None:
    """Return an index that searches some cells only; None if it would miss too much."""
    count = 1 << round(np.log2(4 * sqrt(len(ids))))
    generator = np.random.default_rng(0)  # the same vectors give the same cells
    sample = np.sort(generator.choice(len(ids), min(len(ids), _TRAINED_ON * count), replace=False))
    rows = generator.choice(len(ids), min(len(ids), _QUESTIONS), replace=False)
    questions = np.ascontiguousarray(vectors[rows], dtype=np.float32)
    _, nearest = exact.search(questions, _NEAREST)
    # Near duplicates can only be told apart with the finer steps of 16 bits.
    for codes in ("SQ8", "SQfp16"):
        made = faiss.index_factory(vectors.shape[1], f"IVF{count},{codes}", _METRIC)
        index = cast("faiss.IndexIVF", made)
        faiss.omp_set_num_threads(cores())
        index.train(np.ascontiguousarray(vectors[sample], dtype=np.float32))
        faiss.omp_set_num_threads(1)
        index.set_direct_map_type(faiss.DirectMap.Hashtable)  # type: ignore[attr-defined] # not in its stubs
        _filled(index, ids, vectors)
        if _searched_enough(index, questions, nearest, most=count // 4):
            return index
    return None


def _searched_enough(
    index: faiss.IndexIVF, questions: Vectors, nearest: NDArray[np.int64], *, most: int
) -> bool:
    """Increase the number of cells searched, up to *most*, until nearly all *nearest* are found."""
    index.nprobe = _FIRST_PROBES
    while index.nprobe <= most:
        _, found = index.search(questions, _NEAREST)
        if _recall(nearest, found) >= MIN_RECALL:
            return True
        index.nprobe *= 2
    return False


def _recall(nearest: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """Return the share of *nearest* that is *found*, row by row.

    >>> _recall(np.array([[1, 2]]), np.array([[2, 3]]))
    0.5
    """
    hits = sum(len(set(a) & set(b)) for a, b in zip(nearest.tolist(), found.tolist(), strict=True))
    return hits / nearest.size


class VectorIndex:
    """A vector index, open for reading; several threads may search at the same time."""

    def __init__(self, path: Path) -> None:
        # Read-only from here on: adding to a memory-mapped index aborts the process.
        self._faiss = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        self._cells = self._faiss if isinstance(self._faiss, faiss.IndexIVF) else None

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    def search(
        self, question: Vectors, k: int, *, only: NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        """Find the *k* vectors nearest to *question*.

        Args:
            question: Shape (dim,), float32, of length 1.
            k: How many at most.
            only: Ids that may be found; None finds all.

        Returns:
            (id, cosine) pairs, best first.
        """
        parameters = None if only is None else self._parameters(only)
        cosines, ids = self._faiss.search(question[None, :], k, params=parameters)
        # FAISS pads with id -1 when it finds fewer than k.
        return [(int(i), float(c)) for i, c in zip(ids[0], cosines[0], strict=True) if i >= 0]

    def _parameters(self, only: NDArray[np.int64]) -> faiss.SearchParameters:
        selector = faiss.IDSelectorBatch(only)
        if self._cells is None:
            return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg] # SWIG's own
        # The fewer chunks may be found, the more cells contain none of them.
        share = max(len(only), 1) / max(len(self), 1)
        probes = min(self._cells.nlist, round(self._cells.nprobe / share))
        return faiss.SearchParametersIVF(sel=selector, nprobe=probes)  # type: ignore[call-arg] # SWIG's own

    def cosines(self, question: Vectors, ids: Sequence[int]) -> list[float]:
        """Return the cosine of *question* (dim,) and each vector of *ids*."""
        if not ids:
            return []
        rows = self._faiss.reconstruct_batch(np.asarray(ids, dtype=np.int64))
        return [float(cosine) for cosine in rows @ question]
