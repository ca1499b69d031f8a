import json
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from footnote_qa.index.building import build
from footnote_qa.index.building.build import Builder, BuildResult
from footnote_qa.index.building.dry_run import plan_build
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.errors import (
    BuildRunningError,
    IndexDamagedError,
    IndexMissingError,
    SourceError,
    StaleIndexError,
    UnreadableDocumentError,
)
from footnote_qa.index.parsing import child
from footnote_qa.index.parsing.child import ParserPool
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.sources import SourceSpec
from footnote_qa.index.storage.generation import GateCheck, Generation, IndexDirectory
from footnote_qa.index.storage.lexical import LexicalRow, write_lexical
from footnote_qa.index.storage.manifest import Manifest, digest
from footnote_qa.index.storage.vectors import write_vectors
from footnote_qa.index.types import Parsed, ProblemKind
from tests.fakes.building import make_builder, write_documents
from tests.fakes.embedder import HashEmbedder

LEAVE = (
    "# Leave\n\nEvery employee has twenty days of leave.\n\n## Sickness\n\nCall your lead first.\n"
)
SLACK = "# Tokens\n\nThe token for Slack begins with xoxb.\n"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "leave.md").write_text(LEAVE)
    (folder / "slack.md").write_text(SLACK)
    return folder


@pytest.fixture
def builder(tmp_path: Path, embedder: HashEmbedder) -> Builder:
    embedder.embedded.clear()
    return Builder(
        directory=IndexDirectory(tmp_path / "index"),
        cache_path=tmp_path / "cache" / "embeddings.sqlite",
        embedder=embedder,
        options=BuildOptions(),
    )


def spec(folder: Path) -> list[SourceSpec]:
    return [SourceSpec(path=str(folder))]


def actions(result: BuildResult) -> dict[str, int]:
    return {str(action): count for action, count in result.actions.items()}


def found(builder: Builder, question: str) -> list[tuple[str, str]]:
    result = LiveIndex(builder.directory.root).search(question, k=5, audience=None)
    return [(passage.chunk.document, passage.chunk.text) for passage in result.passages]


def test_a_first_build_is_served(builder: Builder, documents: Path) -> None:
    result = builder.build(spec(documents))

    assert (result.generation, result.promoted) == ("gen-000001", True)
    assert actions(result) == {"added": 2}
    assert found(builder, "days of leave")[0][0] == "leave.md"


def test_every_passage_is_a_slice_of_the_stored_text(builder: Builder, documents: Path) -> None:
    builder.build(spec(documents))

    generation = builder.directory.open()

    for chunk in generation.passages.all_chunks():
        document = generation.passages.document(chunk.document)
        assert document is not None
        assert document.text[chunk.start : chunk.end] == chunk.text


def test_a_build_parses_in_processes_of_its_own_and_ends_them(
    builder: Builder, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    class WatchedPool(ParserPool):
        def _give_back(self, child: child._Child) -> None:
            used.append(child)
            super()._give_back(child)

    monkeypatch.setattr(child, "ParserPool", WatchedPool)

    builder.build(spec(documents))

    assert len(used) == 2
    assert [one.is_alive() for one in used] == [False, False]


def test_nothing_changed_builds_nothing(
    builder: Builder, documents: Path, embedder: HashEmbedder
) -> None:
    builder.build(spec(documents))
    embedder.embedded.clear()

    result = builder.build(spec(documents))

    assert (result.generation, result.promoted, result.embedded) == ("gen-000001", True, 0)
    assert actions(result) == {"unchanged": 2}
    assert builder.directory.names() == ["gen-000001"]
    assert embedder.embedded == []


def test_of_an_earlier_version_only_the_word_index_is_written_again(
    builder: Builder, documents: Path, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(build, "LEXICAL_VERSION", "1")
        builder.build(spec(documents))
    embedder.embedded.clear()

    result = builder.build(spec(documents))

    assert (result.generation, result.promoted) == ("gen-000002", True)
    assert actions(result) == {"unchanged": 2}
    assert embedder.embedded == []
    assert builder.build(spec(documents)).generation == "gen-000002"


def test_an_edited_paragraph_embeds_only_its_chunk(
    builder: Builder, documents: Path, embedder: HashEmbedder
) -> None:
    sections = [f"## Rule {n}\n\n" + f"Rule number {n} is about topic {n}. " * 25 for n in range(9)]
    (documents / "long.md").write_text("# Rules\n\n" + "\n\n".join(sections))
    builder.build(spec(documents))
    embedder.embedded.clear()
    sections[4] = sections[4].replace("topic 4", "something new")
    (documents / "long.md").write_text("# Rules\n\n" + "\n\n".join(sections))

    result = builder.build(spec(documents))

    assert actions(result) == {"changed": 1, "unchanged": 2}
    assert 0 < result.embedded < 5
    assert all("something new" in text for text in embedder.embedded)


def test_a_rename_embeds_nothing_and_moves_the_document(builder: Builder, documents: Path) -> None:
    builder.build(spec(documents))
    (documents / "leave.md").rename(documents / "holidays.md")

    result = builder.build(spec(documents))

    assert actions(result) == {"renamed": 1, "unchanged": 1}
    assert result.embedded == 0
    assert found(builder, "days of leave")[0][0] == "holidays.md"


def test_a_deleted_document_is_gone_from_search(builder: Builder, documents: Path) -> None:
    builder.build(spec(documents))
    (documents / "slack.md").unlink()

    result = builder.build(spec(documents))

    assert actions(result) == {"removed": 1, "unchanged": 1}
    assert {document for document, _ in found(builder, "token for Slack")} == {"leave.md"}


def test_building_in_steps_ranks_as_building_in_one_step(
    builder: Builder, documents: Path, tmp_path: Path
) -> None:
    (documents / "a.md").write_text("# A\n\nTwenty days of leave for everybody.\n")
    builder.build(spec(documents))
    (documents / "b.md").write_text("# B\n\nTwenty days of leave for everybody.\n")
    (documents / "leave.md").write_text(LEAVE.replace("twenty", "thirty"))
    builder.build(spec(documents))
    fresh = replace(builder, directory=IndexDirectory(tmp_path / "fresh"))

    fresh.build(spec(documents))

    for question in ("days of leave", "Slack token", "call your lead"):
        assert found(builder, question) == found(fresh, question)


def test_a_chunk_id_is_never_used_again(builder: Builder, documents: Path) -> None:
    builder.build(spec(documents))
    before = {chunk.id for chunk in builder.directory.open().passages.all_chunks()}
    (documents / "slack.md").write_text(SLACK + "\nAnd xapp is for the app.\n")

    builder.build(spec(documents))

    chunks = list(builder.directory.open().passages.all_chunks())
    assert {c.id for c in chunks if c.document == "leave.md"} <= before
    assert {c.id for c in chunks if c.document == "slack.md"}.isdisjoint(before)


def test_a_broken_file_is_listed_and_the_others_are_indexed(
    builder: Builder, documents: Path
) -> None:
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    (documents / "empty.md").write_bytes(b"")

    result = builder.build(spec(documents))

    assert {(p.document, str(p.kind)) for p in result.problems} == {
        ("broken.pdf", "broken"),
        ("empty.md", "empty"),
    }
    assert result.promoted
    # Each document is counted once.
    assert actions(result) == {"added": 2, "unreadable": 2}
    assert actions(builder.build(spec(documents))) == {"unchanged": 2, "unreadable": 2}
    rows = {row.document: row.status for row in builder.directory.open().passages.rows()}
    assert rows == {
        "broken.pdf": "failed",
        "empty.md": "failed",
        "leave.md": "indexed",
        "slack.md": "indexed",
    }


def test_a_full_build_tries_a_broken_file_again(
    builder: Builder, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (documents / "odd.md").write_text("# Odd\n\nIt was refused once.\n")

    real = ParserPool.parse

    def refuse(pool: ParserPool, content: bytes, name: str) -> Parsed:
        if name == "odd.md":
            raise UnreadableDocumentError(ProblemKind.BROKEN, "refused once")
        return real(pool, content, name)

    with monkeypatch.context() as patched:
        patched.setattr(ParserPool, "parse", refuse)
        builder.build(spec(documents))
    again = builder.build(spec(documents))

    result = replace(builder, options=BuildOptions(full=True)).build(spec(documents))

    assert [problem.document for problem in again.problems] == ["odd.md"]
    assert result.problems == ()


def test_a_build_that_lost_most_documents_is_not_served_without_force(
    builder: Builder, documents: Path
) -> None:
    for number in range(8):
        (documents / f"{number}.md").write_text(
            f"# Topic {number}\n\nText about number {number}.\n"
        )
    builder.build(spec(documents))
    for number in range(8):
        (documents / f"{number}.md").unlink()

    refused = builder.build(spec(documents))
    forced = replace(builder, options=BuildOptions(force=True)).build(spec(documents))

    assert not refused.promoted
    assert [check.name for check in refused.gate if not check.passed] == ["documents"]
    assert forced.promoted
    assert builder.directory.current() == forced.generation


def test_an_empty_folder_leaves_what_was_served(builder: Builder, documents: Path) -> None:
    builder.build(spec(documents))
    shutil.rmtree(documents)
    documents.mkdir()

    result = builder.build(spec(documents))

    assert not result.promoted
    assert builder.directory.current() == "gen-000001"


def test_a_missing_folder_says_what_to_do(builder: Builder, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        builder.build(spec(tmp_path / "nowhere"))


def test_a_failing_gate_from_above_is_kept_unpromoted(builder: Builder, documents: Path) -> None:
    builder.build(spec(documents))
    (documents / "new.md").write_text("# New\n\nSomething new.\n")

    def worse(_: Generation) -> list[GateCheck]:
        return [GateCheck(name="eval", passed=False, message="ndcg@10 fell by 0.1")]

    result = replace(builder, gate=worse).build(spec(documents))

    assert not result.promoted
    assert builder.directory.current() == "gen-000001"
    kept = builder.directory.manifest("gen-000002")
    assert [c.message for c in kept.gate if not c.passed] == ["ndcg@10 fell by 0.1"]


class BadDisk(IndexDirectory):
    """A disk that keeps something else than what was written."""

    def seal(self, staged: Path, manifest: Manifest) -> Manifest:
        sealed = super().seal(staged, manifest)
        path = self.root / sealed.generation / "vectors.faiss"
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        return sealed


def test_what_the_disk_did_not_keep_as_it_was_written_is_not_served(
    builder: Builder, documents: Path
) -> None:
    builder.build(spec(documents))
    (documents / "new.md").write_text("# New\n\nSomething new.\n")
    on_bad_disk = replace(builder, directory=BadDisk(builder.directory.root))

    with pytest.raises(IndexDamagedError, match=r"gen-000002 was not written well.*vectors\.faiss"):
        on_bad_disk.build(spec(documents))

    assert builder.directory.current() == "gen-000001"


def test_an_index_that_does_not_find_its_own_texts_is_not_served(
    builder: Builder, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        (documents / f"{number}.md").write_text(f"# Rule {number}\n\nAbout topic {number}.\n")
    builder.build(spec(documents))
    (documents / "new.md").write_text("# New\n\nSomething new.\n")

    def shuffled(folder: Path, rows: Sequence[LexicalRow]) -> None:
        ids = [row.id for row in rows]
        moved = ids[20:] + ids[:20]
        write_lexical(folder, [replace(row, id=id_) for row, id_ in zip(rows, moved, strict=True)])

    monkeypatch.setattr(build, "write_lexical", shuffled)
    monkeypatch.setattr(
        build, "write_vectors", lambda path, ids, rows: write_vectors(path, ids, rows[::-1])
    )

    result = builder.build(spec(documents))

    assert not result.promoted
    assert [check.name for check in result.gate if not check.passed] == ["known_texts"]
    assert builder.directory.current() == "gen-000001"


def test_a_second_build_at_the_same_time_is_refused(builder: Builder, documents: Path) -> None:
    builder.directory.root.mkdir()
    with (
        FileLock(builder.directory.lock_path),
        pytest.raises(BuildRunningError, match="another build"),
    ):
        builder.build(spec(documents))


def test_leftovers_of_a_killed_build_do_no_harm(builder: Builder, documents: Path) -> None:
    builder.build(spec(documents))
    leftover = builder.directory.root / "gen-000002.staged"
    leftover.mkdir()
    (leftover / "vectors.faiss").write_bytes(b"half")
    (documents / "new.md").write_text("# New\n\nSomething new.\n")

    result = builder.build(spec(documents))

    assert result.generation == "gen-000003"
    assert not leftover.exists()


@pytest.mark.parametrize(
    "name", ["passages.sqlite", "vectors.faiss", "encoder/model.onnx", "MANIFEST.json"]
)
@pytest.mark.parametrize("damage", ["empty", "cut", "flip", "missing"])
def test_a_damaged_file_is_never_served(
    builder: Builder, documents: Path, name: str, damage: str
) -> None:
    builder.build(spec(documents))
    path = builder.directory.root / "gen-000001" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": bytes(content[:-7]), "flip": bytes(content)}[damage])

    with pytest.raises((IndexDamagedError, IndexMissingError), match="footnote index build"):
        LiveIndex(builder.directory.root)


def test_the_next_build_repairs_a_damaged_generation(builder: Builder, documents: Path) -> None:
    builder.build(spec(documents))
    (builder.directory.root / "gen-000001" / "passages.sqlite").write_bytes(b"")

    result = builder.build(spec(documents))

    assert result.promoted
    assert result.embedded == 0
    assert found(builder, "days of leave")[0][0] == "leave.md"


def test_an_older_intact_generation_is_served_for_a_damaged_one(
    builder: Builder, documents: Path
) -> None:
    builder.build(spec(documents))
    (documents / "new.md").write_text("# New\n\nSomething new.\n")
    builder.build(spec(documents))
    (builder.directory.root / "gen-000002" / "vectors.faiss").write_bytes(b"")

    index = LiveIndex(builder.directory.root)

    assert index.search("leave", k=1, audience=None).generation == "gen-000001"


def test_an_index_of_other_code_is_refused_with_the_remedy(
    builder: Builder, documents: Path
) -> None:
    builder.build(spec(documents))
    path = builder.directory.root / "gen-000001" / "MANIFEST.json"
    value = json.loads(path.read_text())
    del value["digest"]
    value["format"] = 99
    path.write_text(json.dumps(value | {"digest": digest(value)}))

    with pytest.raises(StaleIndexError, match=r"format 99.*build --full"):
        LiveIndex(builder.directory.root)


def test_an_encoder_of_another_model_is_refused(
    builder: Builder, documents: Path, tmp_path: Path
) -> None:
    builder.build(spec(documents))
    (tmp_path / "other").mkdir()
    other = HashEmbedder(tmp_path / "other", seed=8)
    result = replace(builder, embedder=other, options=BuildOptions(full=True)).build(
        spec(documents)
    )

    index = LiveIndex(builder.directory.root)

    assert result.embedded > 0
    assert index.generation.encoder.info.fingerprint == "hash-8"
    assert index.search("days of leave", k=1, audience=None).passages[0].cosine is not None


def test_the_bot_takes_up_a_new_generation_between_two_questions(
    builder: Builder, documents: Path
) -> None:
    builder.build(spec(documents))
    index = LiveIndex(builder.directory.root)
    (documents / "new.md").write_text("# Bicycles\n\nBicycles stand in the yard.\n")
    builder.build(spec(documents))

    result = index.search("where do bicycles stand", k=1, audience=None)

    assert result.generation == "gen-000002"
    assert result.passages[0].chunk.document == "new.md"


def test_a_new_generation_that_cannot_be_opened_leaves_the_old_one_serving(
    builder: Builder, documents: Path
) -> None:
    builder.build(spec(documents))
    index = LiveIndex(builder.directory.root)
    (documents / "new.md").write_text("# New\n\nSomething new.\n")
    builder.build(spec(documents))
    (builder.directory.root / "gen-000002" / "vectors.faiss").write_bytes(b"")

    result = index.search("leave", k=1, audience=None)

    assert result.generation == "gen-000001"


def test_only_those_who_may_see_a_document_find_it(
    builder: Builder, documents: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "hr"
    secret.mkdir()
    (secret / "salaries.md").write_text("# Salaries\n\nThe canary earns ninety thousand.\n")
    builder.build([*spec(documents), SourceSpec(path=str(secret), name="hr", audience=("hr",))])
    index = LiveIndex(builder.directory.root)

    everybody = index.search("what does the canary earn", k=20, audience=frozenset())
    hr = index.search("what does the canary earn", k=20, audience=frozenset({"hr"}))

    assert "hr/salaries.md" not in {p.chunk.document for p in everybody.passages}
    assert hr.passages[0].chunk.document == "hr/salaries.md"


def test_a_dry_run_names_every_document_and_writes_nothing(
    builder: Builder, documents: Path
) -> None:
    builder.build(spec(documents))
    (documents / "leave.md").write_text(LEAVE + "\nMore.\n")
    (documents / "slack.md").unlink()
    (documents / "new.md").write_text("# New\n")

    plan = plan_build(builder.directory, spec(documents), max_file_bytes=1_000_000)

    assert [(entry.document, str(entry.action)) for entry in plan] == [
        ("leave.md", "changed"),
        ("new.md", "added"),
        ("slack.md", "removed"),
    ]
    assert builder.directory.names() == ["gen-000001"]


def test_old_generations_are_collected_but_not_the_last_ones(
    builder: Builder, documents: Path
) -> None:
    for number in range(6):
        (documents / "slack.md").write_text(f"{SLACK}\nEdition {number}.\n")
        builder.build(spec(documents))

    assert builder.directory.names() == ["gen-000004", "gen-000005", "gen-000006"]


def test_index_files_are_for_their_owner_alone(builder: Builder, documents: Path) -> None:
    home = builder.directory.root.parent / "made" / "here"
    cache_path = home / "cache" / "embeddings.sqlite"
    modes: dict[Path, int] = {}

    def progress(step: str, *_: int) -> None:
        if step == "embedding":  # when the cache has its own files beside it
            modes.update((path, path.stat().st_mode) for path in home.rglob("*"))

    replace(
        builder,
        directory=IndexDirectory(home / "index"),
        cache_path=cache_path,
        progress=progress,
    ).build(spec(documents))

    modes |= {path: path.stat().st_mode for path in (home, home.parent, *home.rglob("*"))}
    assert cache_path.with_name("embeddings.sqlite-wal") in modes
    readable = [path for path, mode in modes.items() if mode & 0o077 and "staged" not in str(path)]
    assert readable == []


def test_a_broken_cache_is_replaced_by_an_empty_one(builder: Builder, documents: Path) -> None:
    builder.cache_path.parent.mkdir()
    builder.cache_path.write_bytes(b"this is no database" * 100)

    result = builder.build(spec(documents))

    assert result.promoted
    assert builder.cache_path.with_suffix(".broken").exists()


def test_a_flipped_bit_in_the_cache_is_computed_again(builder: Builder, documents: Path) -> None:
    builder.build(spec(documents))
    with sqlite3.connect(builder.cache_path) as cache:
        key, blob = cache.execute("SELECT text, vector FROM embeddings LIMIT 1").fetchone()
        flipped = bytes([blob[0] ^ 1]) + blob[1:]
        cache.execute("UPDATE embeddings SET vector = ? WHERE text = ?", (flipped, key))
    cache.close()

    result = replace(builder, options=BuildOptions(full=True)).build(spec(documents))

    assert result.embedded == 1


FOR_HR = (
    "---\naudience: [hr]\nurl: https://wiki.example.org/pay\ndate: 2030-05-01\n---\n\n# Pay\n\n"
)


def test_what_a_document_says_of_its_audience_holds_in_later_builds_too(
    builder: Builder, documents: Path
) -> None:
    (documents / "pay.md").write_text(FOR_HR + "The canary earns ninety thousand.\n")
    builder.build(spec(documents))
    again = builder.build(spec(documents))
    (documents / "leave.md").write_text(LEAVE + "\nMore.\n")
    (documents / "pay.md").rename(documents / "salaries.md")
    builder.build(spec(documents))
    index = LiveIndex(builder.directory.root)

    everybody = index.search("what does the canary earn", k=20, audience=frozenset())
    hr = index.search("what does the canary earn", k=20, audience=frozenset({"hr"}))

    assert again.generation == "gen-000001"
    assert "salaries.md" not in {p.chunk.document for p in everybody.passages}
    best = hr.passages[0].chunk
    assert (best.document, best.url) == ("salaries.md", "https://wiki.example.org/pay")
    assert best.modified_at is not None
    assert best.modified_at.year == 2030


def test_a_document_is_shown_to_nobody_when_its_source_keeps_its_readers_out(
    builder: Builder, documents: Path
) -> None:
    (documents / "pay.md").write_text(FOR_HR + "The canary earns ninety thousand.\n")
    builder.build(spec(documents))

    result = builder.build([replace(spec(documents)[0], audience=("board",))])

    assert [(p.document, str(p.kind)) for p in result.problems] == [("pay.md", "unsafe")]


def test_documents_in_a_language_that_the_model_does_not_read_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "hash"
    folder.mkdir()
    builder = make_builder(tmp_path, HashEmbedder(folder, model="embedded"))
    documents = write_documents(tmp_path / "docs")
    told = [builder.build(spec(documents)).advice]
    text = "# Urlaub\n\nAlle Angestellten haben im Jahr zwanzig Tage Urlaub und einen Parkplatz.\n"
    (documents / "urlaub.md").write_text(text)

    told.append(builder.build(spec(documents)).advice)

    assert told[0] == ""
    assert told[1].startswith("1 of 4 documents are in languages that the model")
    assert '[index] model = "multilingual"' in told[1]
