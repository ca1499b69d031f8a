"""An embedding model and a reranker of other packages."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from footnote_qa import (
    Footnote,
    IndexingError,
    ModelError,
    PluginError,
    SettingsError,
    StaleIndexError,
)
from footnote_qa.index.embedding import plugin_embedder
from footnote_qa.index.embedding.plugin_embedder import PluginEmbedder, PluginModel
from tests.fakes.building import write_documents
from tests.plugins.conftest import Install

LEAVE = "How many days of leave does every employee have?"
EMBEDDER = """
import numpy as np
from footnote_qa.plugins import CONTRACT
class Model:
    contract = CONTRACT
    fingerprint = {fingerprint!r}
    dim = {dim!r}
    max_tokens = 100
    seen = []
    def __init__(self, api_key="", **rest):
        self.key = api_key
        Model.seen.append((api_key, rest))
    def embed_documents(self, texts):
        {body}
    embed_questions = embed_documents
"""
WORKS = "return np.ones((len(texts), 4)) + np.array([[len(t) % 5, 0, 0, 0] for t in texts])"
RERANKER = """
from footnote_qa.plugins import CONTRACT
class Reranker:
    contract = CONTRACT
    def scores(self, question, texts):
        {body}
"""


@pytest.fixture(autouse=True)
def _nothing_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a new process does."""
    monkeypatch.setattr(plugin_embedder, "_trusted", {})
    monkeypatch.setattr(plugin_embedder, "_made", {})


@pytest.mark.usefixtures("examples")
def test_example_embeds_documents_and_questions(tmp_path: Path) -> None:
    docs = write_documents(tmp_path / "docs")

    with Footnote(data_dir=tmp_path / "data", index={"model": "plugin:letters"}) as bot:
        result = bot.build(docs)
        again = bot.build()
        answer = bot.ask(LEAVE)
        manifest = bot.index.generation.manifest
        found = bot.search("employees leaving", k=1).passages[0]

    assert result.embedded == result.chunks > 2
    assert again.generation == result.generation
    assert answer.text == "Every employee has twenty days of leave [1]."
    assert (manifest.model, manifest.dim) == ("plugin:letters", 256)
    assert found.chunk.document == "leave.md"
    assert found.cosine is not None
    encoder = tmp_path / "data" / "index" / manifest.generation / "encoder"
    assert [path.name for path in encoder.iterdir()] == ["encoder.json"]


@pytest.mark.usefixtures("examples")
def test_other_arguments_are_another_model_and_embed_again(tmp_path: Path) -> None:
    docs = write_documents(tmp_path / "docs")

    def build(**arguments: int) -> tuple[str, int]:
        index = {"model": "footnote_letters:LetterModel", "model_arguments": arguments}
        with Footnote(data_dir=tmp_path / "data", index=index) as bot:
            result = bot.build(docs)
            assert bot.ask(LEAVE).citations
            return bot.index.generation.manifest.fingerprint, result.embedded

    first, again, other = build(), build(), build(letters=5)

    assert (first[0], again[1]) == (again[0], 0)
    assert other[0] != first[0]
    assert other[1] == first[1] > 0


@pytest.mark.usefixtures("examples")
def test_an_index_imports_no_plugin_that_the_settings_do_not_name(tmp_path: Path) -> None:
    docs = write_documents(tmp_path / "docs")
    with Footnote(data_dir=tmp_path / "data", index={"model": "plugin:letters"}) as bot:
        bot.build(docs)
    plugin_embedder._trusted.clear()
    sys.modules.pop("footnote_letters")

    with pytest.raises(StaleIndexError, match=r'don.t name: set \[index\] model = "plugin:let'):
        Footnote(data_dir=tmp_path / "data").search(LEAVE)

    assert "footnote_letters" not in sys.modules
    with Footnote(data_dir=tmp_path / "data", index={"model": "plugin:letters"}) as bot:
        assert bot.search(LEAVE).passages


def test_a_forged_index_runs_no_code(tmp_path: Path, install: Install) -> None:
    marker = tmp_path / "ran"
    install("evil_plugin", f"open({str(marker)!r}, 'w')")
    forged = tmp_path / "encoder"
    forged.mkdir()
    told = {"model": "x", "fingerprint": "x", "dim": 4, "max_tokens": 9, "query_prompt": ""}
    (forged / "encoder.json").write_text(json.dumps(told | {"plugin": "evil_plugin:Model"}))

    with pytest.raises(StaleIndexError):
        plugin_embedder.PluginEncoder(_info(forged))

    assert not marker.exists()


def _info(folder: Path) -> Any:
    from footnote_qa.index.embedding.encoder import read_info

    return read_info(folder)


def test_a_changed_fingerprint_needs_a_build(tmp_path: Path, install: Install) -> None:
    docs = write_documents(tmp_path / "docs")
    code = EMBEDDER.format(fingerprint="one", dim=4, body=WORKS)
    folder = install("our_model", code, embedders={"ours": "our_model:Model"})
    with Footnote(data_dir=tmp_path / "data", index={"model": "plugin:ours"}) as bot:
        bot.build(docs)
    (folder / "our_model.py").write_text(code.replace("'one'", "'another'"))
    sys.modules.pop("our_model")
    plugin_embedder._made.clear()

    with Footnote(data_dir=tmp_path / "data", index={"model": "plugin:ours"}) as bot:
        with pytest.raises(StaleIndexError, match="another fingerprint"):
            bot.search(LEAVE)
        assert bot.build().embedded > 0
        assert bot.search(LEAVE).passages


def test_keys_come_from_the_environment_and_are_in_no_file_and_no_message(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = write_documents(tmp_path / "docs")
    install("our_model", EMBEDDER.format(fingerprint="one", dim=4, body=WORKS))
    index = {
        "model": "our_model:Model",
        "model_arguments": {"region": "eu"},
        "model_environment": {"api_key": "OUR_KEY"},
    }

    with pytest.raises(SettingsError, match="model_environment: not in the environment: OUR_KEY"):
        Footnote(data_dir=tmp_path / "data", index=index).build(docs)
    monkeypatch.setenv("OUR_KEY", "sk-12345")
    with Footnote(data_dir=tmp_path / "data", index=index) as bot:
        bot.build(docs)
        assert bot.search(LEAVE).passages

    assert sys.modules["our_model"].Model.seen == [("sk-12345", {"region": "eu"})]
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert not [path for path in files if b"sk-12345" in path.read_bytes()]
    assert "sk-12345" not in repr(PluginModel(reference="a:b", secrets=(("api_key", "sk-12345"),)))


@pytest.mark.parametrize(
    ("dim", "fingerprint", "body", "message"),
    [
        (4, "one", "raise OSError('the key is sk-1')", r"our_model:Model failed \(OSError\)"),
        (4, "one", "return np.ones((len(texts), 5))", r"the shape \(\d+, 5\) for \d+ texts"),
        (4, "one", "return np.ones((1, 4))", r"the shape \(1, 4\)"),
        (4, "one", "return np.zeros((len(texts), 4))", "a vector without a direction"),
        (4, "one", "return np.full((len(texts), 4), np.nan)", "a vector without a direction"),
        (4, "one", "return 'text'", r"failed \(ValueError\)"),
        (0, "one", WORKS, "has dim 0"),
        ("4", "one", WORKS, "has dim '4'"),
        (4, "", WORKS, "has the fingerprint ''"),
        (4, None, WORKS, "has the fingerprint None"),
    ],
)
def test_a_faulty_model_is_named_and_the_index_in_use_stays(
    tmp_path: Path, install: Install, dim: Any, fingerprint: Any, body: str, message: str
) -> None:
    docs = write_documents(tmp_path / "docs")
    install("our_model", EMBEDDER.format(fingerprint=fingerprint, dim=dim, body=body))

    with (
        Footnote(data_dir=tmp_path / "data", index={"model": "our_model:Model"}) as bot,
        pytest.raises(ModelError, match=message) as error,
    ):
        bot.build(docs)

    assert "sk-1" not in str(error.value)


def test_a_model_that_cannot_be_loaded_is_an_error_that_names_it(tmp_path: Path) -> None:
    docs = write_documents(tmp_path / "docs")

    for model in ("plugin:none", "no_such_module:Model"):
        with pytest.raises((PluginError, IndexingError), match=model.partition(":")[2]):
            Footnote(data_dir=tmp_path / "data", index={"model": model}).build(docs)


def test_tokens_are_counted_about_as_models_do(install: Install) -> None:
    install("our_model", EMBEDDER.format(fingerprint="one", dim=4, body=WORKS))
    embedder = PluginEmbedder(PluginModel(reference="our_model:Model"))

    text = "Employees, 有給休暇"

    assert [text[at] for at in embedder.token_starts(text)] == list("Ey,") + list("有給休暇")
    assert embedder.token_starts("") == []


@pytest.fixture
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Any) -> Path:
    """A data folder with an index by the small model."""
    monkeypatch.setattr("footnote_qa.index.embedding.open_embedder", lambda *_, **__: embedder)
    with Footnote(data_dir=tmp_path / "data") as bot:
        bot.build(write_documents(tmp_path / "docs"))
    return tmp_path / "data"


def order(data: Path, question: str, **search: object) -> list[str]:
    with Footnote(data_dir=data, search=search) as bot:
        return [one.chunk.document for one in bot.search(question).passages]


@pytest.mark.usefixtures("examples")
def test_example_reranks_by_the_phrases_of_the_question(searched: Path) -> None:
    question = "twenty leave employee sickness days call lead: three euros a day"

    before = order(searched, question)
    after = order(searched, question, reranker="plugin:phrases", rerank_weight=50.0)

    assert after[0] == "parking.txt"
    assert before[0] != "parking.txt"
    assert sorted(before) == sorted(after)


@pytest.mark.parametrize(
    "body",
    [
        "raise OSError",
        "return []",
        "return ['good'] * len(texts)",
        "return [float('nan')] * len(texts)",
    ],
)
def test_a_reranker_that_fails_leaves_the_order(
    searched: Path, install: Install, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    install("our_reranker", RERANKER.format(body=body))

    after = order(searched, LEAVE, reranker="our_reranker:Reranker", rerank_weight=50.0)

    assert after == order(searched, LEAVE)
    assert "reranker" in caplog.text


def test_a_reranker_that_cannot_be_loaded_is_an_error_that_names_it(searched: Path) -> None:
    with pytest.raises(PluginError, match="no installed package has the reranker 'none'"):
        order(searched, LEAVE, reranker="plugin:none")


def test_a_folder_with_a_colon_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("our:model").mkdir()

    with pytest.raises(ModelError, match=r"has no \.safetensors file"):
        Footnote(index={"model": "our:model"}).build(write_documents(tmp_path / "docs"))
