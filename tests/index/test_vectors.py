from pathlib import Path

import numpy as np
import pytest

from index.encoder import unit_rows
from index.vectors import VectorIndex, write_vectors


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
