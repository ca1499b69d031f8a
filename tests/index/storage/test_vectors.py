from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from footnote_qa.index.embedding.encoder import unit_rows
from footnote_qa.index.storage.vectors import VectorIndex, write_vectors


@pytest.fixture
def index(tmp_path: Path) -> VectorIndex:
    write_vectors(tmp_path / "v", [7, 3, 900], unit_rows(np.eye(3, 8, dtype=np.float32)))
    return VectorIndex(tmp_path / "v")


def test_a_vector_finds_itself_with_cosine_1(index: VectorIndex) -> None:
    question = np.eye(3, 8, dtype=np.float32)[1]

    hits = index.search(question, 1, only=None)

    assert [id_ for id_, _ in hits] == [3]
    assert hits[0][1] == pytest.approx(1.0, abs=1e-3)


def test_asking_for_more_than_there_are_gives_what_there_is(index: VectorIndex) -> None:
    hits = index.search(np.eye(1, 8, dtype=np.float32)[0], 10, only=None)

    assert sorted(id_ for id_, _ in hits) == [3, 7, 900]


def test_only_the_ids_that_may_be_seen_are_found(index: VectorIndex) -> None:
    question = np.eye(3, 8, dtype=np.float32)[1]

    hits = index.search(question, 10, only=np.array([7], dtype=np.int64))

    assert [id_ for id_, _ in hits] == [7]


def test_cosines_belong_to_the_ids_asked_for(index: VectorIndex) -> None:
    question = np.eye(3, 8, dtype=np.float32)[2]

    assert index.cosines(question, [7, 900]) == [pytest.approx(0), pytest.approx(1, abs=1e-3)]
    assert index.cosines(question, []) == []


def test_an_id_used_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 ids occur twice"):
        write_vectors(tmp_path / "v", [1, 1], np.eye(2, 8, dtype=np.float32))


def mixtures(count: int, seed: int) -> NDArray[np.float32]:
    """Return unit vectors around a few hundred centres, as texts on a few hundred topics are."""
    generator = np.random.default_rng(seed)
    centres = generator.standard_normal((300, 64))
    picked = centres[generator.integers(0, 300, count)]
    spread = 0.7 * generator.standard_normal((count, 64))
    return unit_rows((picked + spread).astype(np.float32))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[VectorIndex, VectorIndex]:
    """The same vectors, compared one and all, and in cells."""
    folder = tmp_path_factory.mktemp("large")
    ids, vectors = list(range(1000, 21_000)), mixtures(20_000, 0)
    write_vectors(folder / "exact", ids, vectors)
    write_vectors(folder / "cells", ids, vectors.astype(np.float16), large=19_999)
    return VectorIndex(folder / "exact"), VectorIndex(folder / "cells")


@pytest.mark.slow
def test_a_large_index_finds_what_comparing_all_finds(
    large: tuple[VectorIndex, VectorIndex],
) -> None:
    exact, cells = large
    hits = 0
    for question in mixtures(20_000, 0)[7::400]:
        nearest = {id_ for id_, _ in exact.search(question, 10, only=None)}
        hits += len(nearest & {id_ for id_, _ in cells.search(question, 10, only=None)})

    assert len(cells) == 20_000
    assert cells._cells is not None
    assert exact._cells is None
    assert hits / 500 >= 0.98


@pytest.mark.slow
def test_a_large_index_finds_only_what_may_be_seen(large: tuple[VectorIndex, VectorIndex]) -> None:
    exact, cells = large
    only = np.arange(1000, 21_000, 200, dtype=np.int64)
    for question in mixtures(20_000, 0)[3::2000]:
        found = cells.search(question, 5, only=only)

        assert {id_ for id_, _ in found} == {id_ for id_, _ in exact.search(question, 5, only=only)}


@pytest.mark.slow
def test_a_large_index_knows_the_cosine_of_any_id(large: tuple[VectorIndex, VectorIndex]) -> None:
    exact, cells = large
    question = mixtures(20_000, 0)[11]

    assert cells.cosines(question, [1000, 1011, 20_999]) == pytest.approx(
        exact.cosines(question, [1000, 1011, 20_999]), abs=0.02
    )


@pytest.mark.slow
def test_vectors_without_any_neighbourhoods_are_compared_one_and_all(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    vectors = unit_rows(generator.standard_normal((12_000, 64)).astype(np.float32))

    write_vectors(tmp_path / "v", list(range(12_000)), vectors, large=10_000)

    assert VectorIndex(tmp_path / "v")._cells is None
