"""A small folder of documents, some of them for one group, indexed by the Python interface."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.bot.api import Footnote
from tests.fakes.building import write_documents
from tests.fakes.embedder import HashEmbedder

LEAVE = "How many days of leave does every employee have?"
MOVE = "Where does the office move in May?"


@pytest.fixture
def small_model(embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Build with the small model instead of the real one."""
    monkeypatch.setattr("footnote_qa.index.embedding.open_embedder", lambda *_, **__: embedder)


@pytest.fixture
def sources(tmp_path: Path) -> list[dict[str, object]]:
    """Sources: documents for everybody, and one for the board."""
    write_documents(tmp_path / "docs")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "plan.md").write_text("# Plan\n\nThe office moves to Hanau in May.\n")
    return [
        {"path": str(tmp_path / "docs"), "name": "docs"},
        {"path": str(tmp_path / "secret"), "name": "secret", "audience": ["board"]},
    ]


@pytest.fixture
def bot(
    request: pytest.FixtureRequest, sources: list[dict[str, object]], tmp_path: Path
) -> Iterator[Footnote]:
    """A built index."""
    request.getfixturevalue("small_model")
    with Footnote(data_dir=tmp_path / "data", sources=sources) as made:
        made.build()
        yield made
