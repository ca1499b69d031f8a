"""A bad moment costs no document: half-saved files, unreadable files, sources that are down."""

import shutil
from io import BytesIO
from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder, BuildResult
from footnote_qa.index.building.dry_run import plan_build
from footnote_qa.index.errors import SourceError
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.sources import SourceSpec
from footnote_qa.index.storage.passages import DocumentRow
from footnote_qa.index.types import ProblemKind
from tests.fakes.word import new_document

GUESTS = "Guests may moor for nineteen nights in the harbour."


def word(text: str) -> bytes:
    document = new_document()
    document.add_paragraph(text)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def rows(builder: Builder) -> dict[str, DocumentRow]:
    generation = builder.directory.open_best()
    return {row.document: row for row in generation.passages.rows()}


def found(builder: Builder, question: str) -> set[str]:
    result = LiveIndex(builder.directory.root).search(question, k=5, audience=None)
    return {passage.chunk.document for passage in result.passages}


@pytest.fixture
def folder(documents: Path) -> Path:
    (documents / "manual.docx").write_bytes(word(GUESTS))
    return documents


def build(builder: Builder, folder: Path) -> BuildResult:
    return builder.build([SourceSpec(path=str(folder))])


@pytest.mark.parametrize("kept", [20_000, 9_000, 40, 0])
def test_a_half_saved_file_keeps_its_last_good_text(
    builder: Builder, folder: Path, kept: int
) -> None:
    build(builder, folder)
    whole = (folder / "manual.docx").read_bytes()
    (folder / "manual.docx").write_bytes(whole[:kept])

    result = build(builder, folder)

    row = rows(builder)["manual.docx"]
    assert (row.status, row.chunks) == ("indexed", 1)
    assert row.kind in {ProblemKind.BROKEN, ProblemKind.EMPTY}
    assert row.reason is not None
    assert row.reason.endswith(" UTC is kept")
    assert [note.document for note in result.notes] == ["manual.docx"]
    assert "manual.docx" in found(builder, GUESTS)


def test_a_file_that_is_good_again_loses_its_note(builder: Builder, folder: Path) -> None:
    build(builder, folder)
    whole = (folder / "manual.docx").read_bytes()
    (folder / "manual.docx").write_bytes(whole[:9000])
    build(builder, folder)
    (folder / "manual.docx").write_bytes(whole)

    result = build(builder, folder)

    assert result.notes == ()
    assert rows(builder)["manual.docx"].reason is None


def test_the_age_of_a_kept_text_does_not_change_in_later_builds(
    builder: Builder, folder: Path
) -> None:
    build(builder, folder)
    (folder / "manual.docx").write_bytes(b"PK\x03\x04 half")
    build(builder, folder)
    first = rows(builder)["manual.docx"].reason
    (folder / "manual.docx").write_bytes(b"PK\x03\x04 half of it")

    build(builder, folder)

    assert rows(builder)["manual.docx"].reason == first


def test_a_file_that_stays_broken_builds_nothing_again(builder: Builder, folder: Path) -> None:
    build(builder, folder)
    (folder / "manual.docx").write_bytes(b"PK\x03\x04 half")
    broken = build(builder, folder)

    again = build(builder, folder)

    assert again.generation == broken.generation
    assert [note.document for note in again.notes] == ["manual.docx"]


def test_a_full_build_keeps_the_last_good_text_too(builder: Builder, folder: Path) -> None:
    build(builder, folder)
    (folder / "manual.docx").write_bytes(b"PK\x03\x04 half")
    from dataclasses import replace

    full = replace(builder, options=replace(builder.options, full=True))

    full.build([SourceSpec(path=str(folder))])

    assert "manual.docx" in found(builder, GUESTS)


def test_a_file_that_is_deleted_is_gone(builder: Builder, folder: Path) -> None:
    build(builder, folder)
    (folder / "manual.docx").write_bytes(b"PK\x03\x04 half")
    build(builder, folder)
    (folder / "manual.docx").unlink()

    build(builder, folder)

    assert "manual.docx" not in rows(builder)


def test_a_file_that_is_locked_with_a_password_is_not_kept(builder: Builder, folder: Path) -> None:
    build(builder, folder)
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    (folder / "manual.docx").write_bytes(ole + "EncryptedPackage".encode("utf-16-le"))

    build(builder, folder)

    assert rows(builder)["manual.docx"].status == "failed"


def two(first: Path, second: Path) -> list[SourceSpec]:
    return [
        SourceSpec(path=str(first), name="hr"),
        SourceSpec(path=str(second), name="wiki"),
    ]


def test_a_source_that_is_down_keeps_its_documents_and_the_others_build_on(
    builder: Builder, documents: Path, tmp_path: Path
) -> None:
    wiki = tmp_path / "wiki"
    wiki.mkdir()
    (wiki / "moor.md").write_text(GUESTS)
    builder.build(two(documents, wiki))
    shutil.rmtree(wiki)
    (documents / "new.md").write_text("The crane lifts twelve tonnes.")

    result = builder.build(two(documents, wiki))

    assert result.promoted
    assert "wiki/moor.md" in found(builder, GUESTS)
    assert "hr/new.md" in found(builder, "crane lifts twelve tonnes")
    row = rows(builder)["wiki"]
    assert (row.status, row.kind) == ("failed", ProblemKind.UNREADABLE)
    assert str(wiki) in (row.reason or "")
    assert [problem.document for problem in result.problems] == ["wiki"]


def test_a_source_that_is_up_again_is_read_and_loses_its_row(
    builder: Builder, documents: Path, tmp_path: Path
) -> None:
    wiki = tmp_path / "wiki"
    wiki.mkdir()
    (wiki / "moor.md").write_text(GUESTS)
    builder.build(two(documents, wiki))
    wiki.rename(tmp_path / "away")
    down = builder.build(two(documents, wiki))
    same = builder.build(two(documents, wiki))
    (tmp_path / "away").rename(wiki)

    result = builder.build(two(documents, wiki))

    assert same.generation == down.generation
    assert result.problems == ()
    assert "wiki" not in rows(builder)
    assert "wiki/moor.md" in found(builder, GUESTS)


def test_the_plan_is_made_while_a_source_is_down(
    builder: Builder, documents: Path, tmp_path: Path
) -> None:
    wiki = tmp_path / "wiki"
    wiki.mkdir()
    (wiki / "moor.md").write_text(GUESTS)
    builder.build(two(documents, wiki))
    shutil.rmtree(wiki)

    plan = plan_build(builder.directory, two(documents, wiki), max_file_bytes=10**6)

    actions = {entry.document: str(entry.action) for entry in plan}
    assert actions["wiki/moor.md"] == "unchanged"
    assert "removed" not in actions.values()


def test_a_source_whose_settings_changed_is_not_kept_as_it_was(
    builder: Builder, documents: Path, tmp_path: Path
) -> None:
    wiki = tmp_path / "wiki"
    wiki.mkdir()
    (wiki / "moor.md").write_text(GUESTS)
    builder.build(two(documents, wiki))
    shutil.rmtree(wiki)
    narrowed = [
        SourceSpec(path=str(documents), name="hr"),
        SourceSpec(path=str(wiki), name="wiki", audience=("board",)),
    ]

    with pytest.raises(SourceError):
        builder.build(narrowed)


def test_the_only_source_that_is_down_ends_the_build(builder: Builder, folder: Path) -> None:
    build(builder, folder)
    shutil.rmtree(folder)

    with pytest.raises(SourceError):
        build(builder, folder)

    assert "manual.docx" in found(builder, GUESTS)
