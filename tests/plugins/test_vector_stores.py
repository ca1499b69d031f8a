"""A vector store of another package: built, checked, searched, and kept to what may be seen."""

from pathlib import Path

import pytest

from footnote_qa import Footnote, IndexDamagedError, ModelError, PluginError, StaleIndexError
from footnote_qa.plugins import registry
from tests.fakes.building import write_documents
from tests.plugins.conftest import Install

pytestmark = pytest.mark.usefixtures("small_model")
LEAVE = "How many days of leave does every employee have?"
STORE = """
import numpy as np
from footnote_qa.plugins import CONTRACT
class Store:
    contract = CONTRACT
    def write(self, folder, ids, vectors):
        {write}
        np.savez(folder / "all.npz", ids=ids, vectors=vectors)
    def open(self, folder):
        {open}
        return Opened(np.load(folder / "all.npz"))
class Opened:
    def __init__(self, files):
        self.ids, self.vectors = files["ids"], files["vectors"]
    def __len__(self):
        return len(self.ids)
    def search(self, question, k, *, only):
        {search}
        found = self.vectors @ question
        return [(self.ids[at], found[at]) for at in np.argsort(-found)[:k]]  # forgets *only*
    def cosines(self, question, ids):
        {cosines}
        rows = [self.ids.tolist().index(one) for one in ids]
        return (self.vectors[rows] @ question).tolist()
"""


def store(**parts: str) -> str:
    return STORE.format(**dict.fromkeys(("write", "open", "search", "cosines"), "pass") | parts)


@pytest.fixture(autouse=True)
def _nothing_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a new process does."""
    monkeypatch.setattr(registry, "_trusted", set())


@pytest.mark.usefixtures("examples")
def test_example_finds_the_same_as_our_own_and_its_files_belong_to_the_generation(
    tmp_path: Path,
) -> None:
    docs = write_documents(tmp_path / "docs")

    def built(data: str, **index: object) -> tuple[list[str], str, str]:
        with Footnote(data_dir=tmp_path / data, index=index) as bot:
            bot.build(docs)
            again = bot.build()
            found = [one.chunk.document for one in bot.search(LEAVE).passages]
            return found, bot.ask(LEAVE).text, again.generation

    ours = built("ours")
    theirs = built("theirs", vectors="plugin:bytes")

    assert theirs == ours
    folder = tmp_path / "theirs" / "index" / theirs[2]
    assert sorted(one.name for one in (folder / "vectors").iterdir()) == [
        *("ids.npy", "rows.npy", "scales.npy"),
    ]
    assert not (folder / "vectors.faiss").exists()
    (folder / "vectors" / "rows.npy").unlink()
    with Footnote(data_dir=tmp_path / "theirs", index={"vectors": "plugin:bytes"}) as bot:
        with pytest.raises((ModelError, IndexDamagedError)):
            bot.search(LEAVE)
        assert bot.build(full=True).promoted


@pytest.mark.usefixtures("examples")
def test_another_store_is_another_generation_and_embeds_nothing_again(tmp_path: Path) -> None:
    docs = write_documents(tmp_path / "docs")
    results = []
    for index in ({}, {"vectors": "plugin:bytes"}, {"vectors": "plugin:bytes"}, {}):
        with Footnote(data_dir=tmp_path / "data", index=index) as bot:
            results.append(bot.build(docs))

    assert [one.generation for one in results] == [
        *("gen-000001", "gen-000002", "gen-000002", "gen-000003"),
    ]
    assert [one.embedded for one in results[1:]] == [0, 0, 0]


@pytest.mark.usefixtures("examples")
def test_an_index_loads_no_store_that_the_settings_do_not_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Footnote(data_dir=tmp_path / "data", index={"vectors": "plugin:bytes"}) as bot:
        bot.build(write_documents(tmp_path / "docs"))
    monkeypatch.setattr(registry, "_trusted", set())

    with pytest.raises(StaleIndexError, match=r"don.t name: set \[index\] vectors"):
        Footnote(data_dir=tmp_path / "data").search(LEAVE)


def test_a_store_that_forgets_the_audience_shows_nothing_of_it(
    tmp_path: Path, install: Install
) -> None:
    install("our_store", store())
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "plan.md").write_text("# Plan\n\nThe office moves to Hanau in May.\n")
    sources = [
        {"path": str(write_documents(tmp_path / "docs"))},
        {"path": str(tmp_path / "secret"), "audience": ["board"]},
    ]

    with Footnote(
        data_dir=tmp_path / "data", sources=sources, index={"vectors": "our_store:Store"}
    ) as bot:
        bot.build()
        seen = [one.chunk.document for one in bot.search("the office moves to Hanau").passages]
        board = bot.search("the office moves to Hanau", audience=["board"]).passages

    assert seen
    assert "secret/plan.md" not in seen
    assert board[0].chunk.document == "secret/plan.md"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"write": "raise OSError('disk')"}, r"our_store:Store failed \(OSError: disk\)"),
        ({"write": "return"}, "wrote no file"),
        ({"open": "raise OSError"}, r"cannot open its files \(OSError\)"),
        ({"search": "raise OSError"}, r"our_store:Store failed \(OSError\)"),
        ({"cosines": "return []"}, "returned 0 cosines for 1 ids"),
    ],
)
def test_a_faulty_store_is_named_and_the_index_in_use_stays(
    tmp_path: Path, install: Install, parts: dict[str, str], message: str
) -> None:
    install("our_store", store(**parts))
    docs = write_documents(tmp_path / "docs")
    with Footnote(data_dir=tmp_path / "data") as bot:
        before = bot.build(docs)

    with (
        Footnote(data_dir=tmp_path / "data", index={"vectors": "our_store:Store"}) as bot,
        pytest.raises((PluginError, ModelError), match=message),
    ):
        bot.build()

    with Footnote(data_dir=tmp_path / "data") as bot:
        assert bot.search(LEAVE).generation == before.generation


def test_vectors_that_do_not_find_themselves_are_not_put_into_use(
    tmp_path: Path, install: Install
) -> None:
    install("our_store", store(write="vectors = vectors[::-1]"))

    with Footnote(data_dir=tmp_path / "data", index={"vectors": "our_store:Store"}) as bot:
        result = bot.build(write_documents(tmp_path / "docs"))

    assert not result.promoted
    assert [check.name for check in result.gate if not check.passed] == ["known_texts"]
