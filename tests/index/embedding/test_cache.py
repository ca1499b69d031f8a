from pathlib import Path

import numpy as np
import pytest

from footnote_qa.index.embedding.cache import EmbeddingCache, embed_all, rounded, text_key
from footnote_qa.index.errors import IndexingError
from tests.fakes.embedder import HashEmbedder


def silent(_step: str, _done: int, _total: int) -> None:
    return None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "embeddings.sqlite"


def test_equal_texts_are_embedded_once_and_each_has_its_vector(
    path: Path, embedder: HashEmbedder
) -> None:
    embedder.embedded.clear()
    texts = ["parking", "days of leave", "parking"]

    made = embed_all(texts, embedder, cache_path=path, progress=silent)

    assert made.computed == 2
    assert sorted(embedder.embedded) == ["days of leave", "parking"]
    assert (made.vectors == rounded(embedder.embed(texts))).all()


def test_what_was_embedded_before_is_taken_from_the_cache(
    path: Path, embedder: HashEmbedder
) -> None:
    first = embed_all(["a", "b"], embedder, cache_path=path, progress=silent)
    embedder.embedded.clear()

    second = embed_all(["b", "c", "a"], embedder, cache_path=path, progress=silent)

    assert embedder.embedded == ["c"]
    assert (second.vectors[[2, 0]] == first.vectors).all()


def test_another_model_has_vectors_of_its_own(
    path: Path, embedder: HashEmbedder, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = HashEmbedder(tmp_path / "other", seed=8)
    embed_all(["a"], embedder, cache_path=path, progress=silent)

    made = embed_all(["a"], other, cache_path=path, progress=silent)

    assert made.computed == 1
    assert (made.vectors == rounded(other.embed(["a"]))).all()


def test_a_cache_damaged_in_its_middle_is_replaced_by_an_empty_one(
    path: Path, embedder: HashEmbedder
) -> None:
    texts = [f"text number {number}" for number in range(400)]
    whole = embed_all(texts, embedder, cache_path=path, progress=silent)
    content = bytearray(path.read_bytes())
    content[8192 : len(content) - 4096] = b"\xff" * (len(content) - 12_288)
    path.write_bytes(content)

    made = embed_all(texts, embedder, cache_path=path, progress=silent)

    assert made.computed > 0
    assert (made.vectors == whole.vectors).all()
    assert embed_all(texts, embedder, cache_path=path, progress=silent).computed == 0


def test_a_cache_that_cannot_be_written_says_where(path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()

    with pytest.raises(IndexingError, match="cannot be written"):
        EmbeddingCache(path)


def test_keys_differ_for_texts_that_look_the_same() -> None:
    texts = ["a", "a ", "A", "ä", "a\u0308", ""]

    assert len({text_key(text) for text in texts}) == len(texts)
    assert np.dtype(np.float16) == rounded(np.zeros((1, 2), dtype=np.float32)).dtype
