"""After a purge, nothing on disk holds what was deleted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.index.search.hybrid import LiveIndex
from tests.fakes.building import make_builder
from tests.fakes.embedder import HashEmbedder
from tests.index.sources.contract.worlds import TOKEN, ConfluenceWorld, world_of

SECRET = b"Zukofer"


@pytest.fixture
def wiki(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConfluenceWorld]:
    with world_of("confluence-cloud") as world:
        assert isinstance(world, ConfluenceWorld)
        monkeypatch.setenv(TOKEN, world.service.token)
        yield world


def holders(folder: Path) -> list[str]:
    """Return the files that hold the secret word, as it is or in small letters."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return [
        path.relative_to(folder).as_posix()
        for path in paths
        if SECRET in (content := path.read_bytes()) or SECRET.lower() in content
    ]


def test_nothing_on_disk_holds_what_was_deleted(
    wiki: ConfluenceWorld, tmp_path: Path, embedder: HashEmbedder
) -> None:
    builder = make_builder(tmp_path, embedder, max_lost_share=1.0)
    wiki.add("Leave", "Twenty days of leave.")
    key = wiki.add("Zukofer", "The Zukofer is secret.")
    builder.build([wiki.spec])
    assert holders(tmp_path)
    wiki.delete(key)
    builder.build([wiki.spec])

    removed, held = builder.directory.purge()

    assert removed == ["gen-000001"]
    assert held == []
    assert holders(tmp_path) == []
    assert builder.directory.names() == ["gen-000002"]


def test_a_generation_that_is_read_stays_and_is_named(
    wiki: ConfluenceWorld, tmp_path: Path, embedder: HashEmbedder
) -> None:
    builder = make_builder(tmp_path, embedder, max_lost_share=1.0)
    key = wiki.add("Leave", "Twenty days of leave.")
    wiki.add("Parking", "Three euros.")
    builder.build([wiki.spec])
    reading = LiveIndex(builder.directory.root)
    wiki.delete(key)
    builder.build([wiki.spec])
    older = reading._generation

    removed, held = builder.directory.purge()

    assert (removed, held) == ([], ["gen-000001"])
    # What is deleted stays hidden in it
    assert builder.directory.access.withheld(older.synced) == {"ENG/Leave.html"}
