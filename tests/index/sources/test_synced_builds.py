"""A service through complete builds: what is deleted or hidden is gone from every generation."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.dry_run import plan_build, preview
from footnote_qa.index.building.plan import Action
from footnote_qa.index.errors import SourceError
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.sources import SourceSpec
from footnote_qa.index.storage import IndexDirectory, install_generation
from tests.fakes.building import make_builder
from tests.fakes.embedder import HashEmbedder
from tests.index.sources.contract.worlds import TOKEN, ConfluenceWorld, world_of


@pytest.fixture
def wiki(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConfluenceWorld]:
    with world_of("confluence-cloud") as world:
        assert isinstance(world, ConfluenceWorld)
        monkeypatch.setenv(TOKEN, world.service.token)
        yield world


@pytest.fixture
def builder(tmp_path: Path, embedder: HashEmbedder) -> Builder:
    embedder.embedded.clear()
    return make_builder(tmp_path, embedder, max_lost_share=1.0)


def shown(index: LiveIndex, question: str, *emails: str) -> set[str]:
    """Return the documents that a person with these addresses finds."""
    audience = index.access.groups_of(emails)
    result = index.search(question, k=20, audience=audience)
    found = {passage.chunk.document for passage in result.passages}
    for document in found:
        assert index.read(document, audience=audience).passages
    return found


def test_a_person_finds_what_the_service_lets_them_read(
    wiki: ConfluenceWorld, builder: Builder
) -> None:
    wiki.add("Leave", "Twenty days of leave.")
    wiki.restrict(wiki.add("Salaries", "Salaries and leave are secret."))

    builder.build([wiki.spec])

    index = LiveIndex(builder.directory.root)
    assert shown(index, "leave", "ann@example.org") == {"ENG/Leave.html", "ENG/Salaries.html"}
    assert shown(index, "leave", "bob@example.org") == {"ENG/Leave.html"}
    assert shown(index, "leave", "eve@example.org") == set()
    assert index.search("leave", k=5, audience=frozenset()).passages == ()
    assert index.search("salaries", k=5, audience=frozenset()).unknown == ("salaries",)


def test_who_leaves_a_group_finds_nothing_without_a_build(
    wiki: ConfluenceWorld, builder: Builder
) -> None:
    wiki.add("Leave", "Twenty days of leave.")
    builder.build([wiki.spec])
    index = LiveIndex(builder.directory.root)
    assert shown(index, "leave", "bob@example.org")
    wiki.wiki.groups["staff"] = ["ann"]
    before = builder.directory.current()

    result = builder.build([wiki.spec])

    assert builder.directory.current() == before  # no document has changed
    assert result.embedded == 0
    assert shown(index, "leave", "bob@example.org") == set()
    assert shown(index, "leave", "ann@example.org")


def test_a_new_restriction_embeds_nothing_and_holds_in_older_generations(
    wiki: ConfluenceWorld, builder: Builder
) -> None:
    wiki.add("Leave", "Twenty days of leave.")
    key = wiki.add("Salaries", "Salaries and leave are secret.")
    builder.build([wiki.spec])
    index = LiveIndex(builder.directory.root)
    wiki.restrict(key)

    result = builder.build([wiki.spec])

    assert result.embedded == 0
    assert shown(index, "leave", "bob@example.org") == {"ENG/Leave.html"}
    builder.directory.rollback()
    assert shown(index, "leave", "bob@example.org") == {"ENG/Leave.html"}


def test_what_is_deleted_does_not_come_back_with_an_older_generation(
    wiki: ConfluenceWorld, builder: Builder
) -> None:
    wiki.add("Leave", "Twenty days of leave.")
    parking = wiki.add("Parking", "Parking costs three euros.")
    builder.build([wiki.spec])
    index = LiveIndex(builder.directory.root)
    assert shown(index, "parking euros", "ann@example.org")
    wiki.delete(parking)
    builder.build([wiki.spec])

    builder.directory.rollback()

    result = index.search("parking euros", k=5, audience=None)
    assert [p.chunk.document for p in result.passages] == ["ENG/Leave.html"]
    assert "parking" in result.unknown
    assert index.read("ENG/Parking.html", audience=None).passages == ()
    again = LiveIndex(builder.directory.root)
    assert again.read("ENG/Parking.html", audience=None).passages == ()


def test_a_generation_that_was_restored_shows_a_service_after_its_next_sync(
    wiki: ConfluenceWorld, builder: Builder, documents: Path, tmp_path: Path
) -> None:
    wiki.add("Leave", "Twenty days of leave.")
    parking = wiki.add("Parking", "Parking costs three euros.")
    specs = [replace(wiki.spec, name="wiki"), SourceSpec(path=str(documents), name="docs")]
    builder.build(specs)
    folder = builder.directory.folder_in_use()
    assert folder is not None
    kept = tmp_path / "backup" / folder.name
    shutil.copytree(folder, kept)
    here = "ann@example.org"

    install_generation(builder.directory, kept)  # nothing was synced since
    assert "wiki/ENG/Leave.html" in shown(LiveIndex(builder.directory.root), "leave", here)

    wiki.restrict(parking)
    builder.build(specs)
    builder.directory.purge()
    elsewhere = IndexDirectory(tmp_path / "elsewhere")
    for directory in (builder.directory, elsewhere):
        install_generation(directory, kept)
        index = LiveIndex(directory.root)
        assert {one.partition("/")[0] for one in shown(index, "leave parking", here)} == {"docs"}
        assert index.read("wiki/ENG/Parking.html", audience=None).passages == ()

    builder.build(specs)
    index = LiveIndex(builder.directory.root)
    assert shown(index, "parking euros", here) >= {"wiki/ENG/Leave.html", "wiki/ENG/Parking.html"}
    assert "wiki/ENG/Parking.html" not in shown(index, "parking euros", "bob@example.org")


def test_a_deletion_holds_although_the_new_generation_is_not_promoted(
    wiki: ConfluenceWorld, tmp_path: Path, embedder: HashEmbedder
) -> None:
    builder = make_builder(tmp_path, embedder, max_lost_share=0.1)
    wiki.add("Leave", "Twenty days of leave.")
    key = wiki.add("Parking", "Parking costs three euros.")
    builder.build([wiki.spec])
    index = LiveIndex(builder.directory.root)
    wiki.delete(key)

    result = builder.build([wiki.spec])

    assert not result.promoted
    assert shown(index, "parking leave", "ann@example.org") == {"ENG/Leave.html"}


def test_a_rollback_takes_the_cursor_and_the_items_back(
    wiki: ConfluenceWorld, builder: Builder
) -> None:
    key = wiki.add("Leave", "Twenty days of leave.")
    builder.build([wiki.spec])
    wiki.edit(key, "Thirty days of leave.")
    builder.build([wiki.spec])
    builder.directory.rollback()

    builder.build([wiki.spec])

    index = LiveIndex(builder.directory.root)
    found = index.search("days of leave", k=1, audience=None).passages
    assert "Thirty" in found[0].chunk.text


def test_a_broken_page_keeps_its_last_good_text_and_its_newest_readers(
    wiki: ConfluenceWorld, builder: Builder
) -> None:
    key = wiki.add("Leave", "Twenty days of leave.")
    wiki.add("Parking", "Parking costs three euros.")
    builder.build([wiki.spec])
    wiki.edit(key, "Thirty days of leave.")
    wiki.break_(key)
    wiki.restrict(key)

    result = builder.build([wiki.spec])

    assert [note.document for note in result.notes] == ["ENG/Leave.html"]
    assert result.promoted
    index = LiveIndex(builder.directory.root)
    assert shown(index, "days of leave", "ann@example.org") >= {"ENG/Leave.html"}
    assert "ENG/Leave.html" not in shown(index, "days of leave", "bob@example.org")


def test_a_service_that_is_down_keeps_its_documents_beside_other_sources(
    wiki: ConfluenceWorld, builder: Builder, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = [wiki.spec, SourceSpec(path=str(documents))]
    wiki.add("Leave", "Twenty days of absence.")
    builder.build(specs)
    monkeypatch.setenv(TOKEN, "revoked")
    (documents / "new.md").write_text("# New\n\nA new document.\n")

    result = builder.build(specs)

    assert result.promoted
    assert any("expired" in problem.reason for problem in result.problems)
    index = LiveIndex(builder.directory.root)
    assert shown(index, "days of absence", "ann@example.org")
    monkeypatch.setenv(TOKEN, wiki.service.token)
    wiki.service.forget()
    builder.build(specs)
    assert wiki.service.bodies == []  # the state of the service stayed as well


def test_a_service_alone_that_is_down_leaves_the_index_in_use(
    wiki: ConfluenceWorld, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.add("Leave", "Twenty days of leave.")
    builder.build([wiki.spec])
    monkeypatch.setenv(TOKEN, "revoked")

    with pytest.raises(SourceError, match="TOKEN_OF_THE_TEST"):
        builder.build([wiki.spec])

    assert shown(LiveIndex(builder.directory.root), "leave", "ann@example.org")
    (note,) = builder.directory.access.notes()
    assert "expired" in note.faults[0]


def test_looking_asks_the_service_nothing_and_a_preview_changes_nothing(
    wiki: ConfluenceWorld, builder: Builder, tmp_path: Path
) -> None:
    key = wiki.add("Leave", "Twenty days of leave.")
    builder.build([wiki.spec])
    (before,) = builder.directory.access.notes()
    wiki.service.forget()
    wiki.edit(key, "Thirty days of leave.")

    plan = plan_build(
        builder.directory,
        [wiki.spec],
        max_file_bytes=10**6,
        cache=tmp_path / "cache" / "sources",
    )

    assert [entry.action for entry in plan] == ["unchanged"]
    assert wiki.service.asked == []
    assert [entry.action for entry in preview(builder, [wiki.spec]).plan] == ["changed"]
    assert builder.directory.access.notes() == [before]


def test_the_settings_narrow_what_the_service_allows(
    wiki: ConfluenceWorld, builder: Builder
) -> None:
    wiki.add("Leave", "Twenty days of leave.")
    builder.build([replace(wiki.spec, audience=("hr",))])

    index = LiveIndex(builder.directory.root)
    ann = index.access.groups_of(["ann@example.org"])
    assert index.search("leave", k=5, audience=ann).passages == ()
    assert index.search("leave", k=5, audience=frozenset({"hr"})).passages == ()
    assert index.search("leave", k=5, audience=ann | {"hr"}).passages


def test_a_service_that_is_not_due_is_not_asked_and_keeps_its_documents(
    wiki: ConfluenceWorld, builder: Builder, documents: Path
) -> None:
    specs = [wiki.spec, SourceSpec(path=str(documents))]
    key = wiki.add("Leave", "Twenty days of absence.")
    builder.build(specs)
    wiki.service.forget()
    wiki.delete(key)
    (documents / "new.md").write_text("# New\n\nA new document.\n")

    result = replace(builder, is_due=lambda _: False).build(specs)

    assert wiki.service.asked == []
    assert result.actions[Action.ADDED] == 1
    assert shown(LiveIndex(builder.directory.root), "days of absence", "ann@example.org")
    assert builder.build(specs).actions[Action.REMOVED] == 1
