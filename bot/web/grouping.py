"""Group questions by meaning: those whose vectors are near the middle of one group."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from footnote_qa.index.types import Vectors

NEAR: Final = 0.44
"""Least similarity of a question to the middle of its group.

Two wordings of one topic in tests/fakes/asked_questions.py have a median similarity of 0.65, and
99.9 % of the pairs of different topics are below 0.38.
"""
_ROUNDS: Final = 4
_BLOCK: Final = 256
Numbers = NDArray[np.int64]


def group_by_meaning(vectors: Vectors, *, near: float = NEAR) -> list[Numbers]:
    """Return the rows of each group, the largest group first; each row is in one group.

    Args:
        vectors: Shape (n, dim), each row of length 1.
        near: Least similarity of a row to the middle of its group.

    >>> rows = np.array([[1, 0], [0, 1], [0.8, 0.6]], dtype=np.float32)
    >>> [group.tolist() for group in group_by_meaning(rows, near=0.7)]
    [[0, 2], [1]]
    """
    if not len(vectors):
        return []
    middles = _first_middles(vectors, near)
    owners = _nearest(vectors, middles, near)
    for _ in range(_ROUNDS):
        middles = _merged(_middles(vectors, owners), near)
        moved = _nearest(vectors, middles, near)
        if np.array_equal(moved, owners):
            break
        owners = moved
    order = np.argsort(owners, kind="stable")
    starts = np.flatnonzero(np.diff(owners[order])) + 1
    groups = [np.sort(group) for group in np.split(order, starts)]
    return sorted(groups, key=lambda group: (-len(group), int(group[0])))


def _first_middles(vectors: Vectors, near: float) -> Vectors:
    """Return rows such that every row is near one of them, and no two are near each other."""
    chosen: list[int] = []
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        is_new = np.ones(len(block), dtype=bool)
        if chosen:
            is_new = (block @ vectors[chosen].T).max(axis=1) < near
        similar = block @ block.T
        for row in np.flatnonzero(is_new):
            if is_new[row]:
                chosen.append(start + int(row))
                is_new &= similar[row] < near
    return vectors[chosen]


def _nearest(vectors: Vectors, middles: Vectors, near: float) -> Numbers:
    """Return the group of each row; a row that is near no middle has one of its own."""
    similar = vectors @ middles.T
    owners: Numbers = similar.argmax(axis=1).astype(np.int64)
    alone = np.flatnonzero(similar[np.arange(len(vectors)), owners] < near)
    owners[alone] = len(middles) + np.arange(len(alone))
    return owners


def _middles(vectors: Vectors, owners: Numbers) -> Vectors:
    names, numbers = np.unique(owners, return_inverse=True)
    sums = np.zeros((len(names), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, numbers, vectors)
    return _unit(sums)


def _merged(middles: Vectors, near: float) -> Vectors:
    """Return the middles, of which those near each other became one."""
    similar = middles @ middles.T
    np.fill_diagonal(similar, -1.0)
    kept = np.ones(len(middles), dtype=bool)
    done: list[Vectors] = []
    for row in range(len(middles)):
        if kept[row]:
            other = int(similar[row].argmax())
            is_pair = kept[other] and similar[row, other] >= near
            both = middles[[row, other]] if is_pair else middles[[row]]
            done.append(both.sum(axis=0))
            kept[[row, other] if is_pair else [row]] = False
    return _unit(np.stack(done))


def _unit(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)
