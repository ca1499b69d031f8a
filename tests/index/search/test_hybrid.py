import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.index.search.fusion import Scale, fuse

scores = st.dictionaries(st.integers(0, 30), st.floats(-1, 1, allow_nan=False), max_size=20)
words = st.dictionaries(st.integers(0, 30), st.floats(0, 50, allow_nan=False), max_size=20)


def test_words_alone_rank_by_words() -> None:
    found = fuse({1: 0.9, 2: 0.1}, {2: 8.0, 1: 2.0}, dense_weight=0)

    assert found[2].fused == pytest.approx(1 / (1 + math.exp(-1)))
    assert found[1].fused == pytest.approx(1 / (1 + math.exp(1)))


def test_meaning_alone_ranks_by_meaning() -> None:
    found = fuse({1: 0.9, 2: 0.1, 3: 0.5}, {2: 8.0}, dense_weight=1)

    assert found[1].fused > found[3].fused > found[2].fused
    assert found[3].fused == pytest.approx(0.5)


def test_what_both_rankings_favour_comes_first() -> None:
    found = fuse({1: 0.9, 2: 0.8, 3: 0.1}, {2: 8.0, 3: 7.9}, dense_weight=0.5)

    assert max(found, key=lambda id_: found[id_].fused) == 2


@given(scores, words, st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1(
    cosines: dict[int, float], bm25: dict[int, float], weight: float
) -> None:
    found = fuse(cosines, bm25, dense_weight=weight)

    assert set(found) == set(cosines) | set(bm25)
    assert all(-1e-9 <= each.fused <= 1 + 1e-9 for each in found.values())
    assert all(each.cosine == cosines.get(id_) for id_, each in found.items())


@pytest.mark.parametrize("seed", range(5))
def test_a_scale_does_not_depend_on_the_order_of_its_values(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - no secret
    values = [rng.random() for _ in range(39)]

    assert Scale.of(values) == Scale.of(rng.sample(values, len(values)))
