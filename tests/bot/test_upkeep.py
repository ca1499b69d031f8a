"""Approved answers go with the documents that they were built on, and a purge leaves nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.bot import upkeep
from footnote_qa.bot.built_on import ASIDE, written
from footnote_qa.bot.settings import Settings
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.sources import SourceSpec
from tests.fakes.building import make_builder
from tests.fakes.embedder import HashEmbedder
from tests.index.sources.contract.worlds import TOKEN, ConfluenceWorld, world_of


@pytest.fixture
def wiki(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConfluenceWorld]:
    with world_of("confluence-cloud") as world:
        assert isinstance(world, ConfluenceWorld)
        monkeypatch.setenv(TOKEN, world.service.token)
        yield world


def test_an_approved_answer_goes_with_the_page_that_it_was_built_on(
    wiki: ConfluenceWorld, tmp_path: Path, embedder: HashEmbedder
) -> None:
    settings = Settings(data_dir=tmp_path)
    builder = make_builder(tmp_path, embedder, max_lost_share=1.0)
    answers = tmp_path / "answers"
    answers.mkdir()
    specs = [wiki.spec, SourceSpec(path=str(answers), name="answers")]
    wiki.add("Leave", "Twenty days of leave.")
    key = wiki.add("Parking", "Parking costs three euros.")
    page = "127.0.0.1/ENG/Parking.html"
    url = f"{wiki.service.address}/wiki/spaces/ENG/pages/{key}"
    front = f"---\n{written([(page, url)])}\n---\n\n"
    (answers / "a.md").write_text(f"{front}# Who pays?\n\nParking costs three euros, says Ann.\n")
    upkeep.build_index(settings, builder, specs)
    index = LiveIndex(builder.directory.root)
    assert "answers/a.md" in documents(index, "who pays for parking")
    wiki.rename(key, "Cars")
    upkeep.build_index(settings, builder, specs)
    assert "answers/a.md" in documents(index, "who pays for parking")

    wiki.delete(key)
    upkeep.build_index(settings, builder, specs)

    assert documents(index, "who pays for parking") == {"127.0.0.1/ENG/Leave.html"}
    assert (answers / ASIDE / "a.md").exists()
    upkeep.purge_caches(settings)
    assert not (answers / ASIDE).exists()


def documents(index: LiveIndex, question: str) -> set[str]:
    found = index.search(question, k=10, audience=None).passages
    return {passage.chunk.document for passage in found}
