import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.errors import IndexDamagedError, IndexingError, IndexMissingError
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.storage.generation import GateCheck, Generation
from tests.fakes.building import found, specs


def edit(builder: Builder, documents: Path, edition: int) -> str:
    (documents / "slack.md").write_text(f"# Tokens\n\nThis is edition {edition} of the page.\n")
    return builder.build(specs(documents)).generation


def worse(_: Generation) -> list[GateCheck]:
    return [GateCheck(name="eval", passed=False, message="ndcg@10 fell by 0.1")]


def test_rolling_back_serves_the_generation_before(builder: Builder, documents: Path) -> None:
    builder.build(specs(documents))
    edit(builder, documents, 2)

    manifest = builder.directory.rollback()

    assert manifest.generation == "gen-000001"
    texts = [text for _, text, _ in found(builder.directory.root, "Slack token edition")]
    assert any("xoxb" in text for text in texts)
    assert not any("edition 2" in text for text in texts)


def test_a_running_bot_takes_up_what_was_rolled_back_to(builder: Builder, documents: Path) -> None:
    builder.build(specs(documents))
    edit(builder, documents, 2)
    index = LiveIndex(builder.directory.root)

    builder.directory.rollback()

    assert index.search("leave", k=1, audience=None).generation == "gen-000001"


def test_a_build_after_a_rollback_compares_with_what_is_served(
    builder: Builder, documents: Path
) -> None:
    builder.build(specs(documents))
    edit(builder, documents, 2)
    builder.directory.rollback()

    result = builder.build(specs(documents))

    assert result.generation == "gen-000003"
    assert {str(a): n for a, n in result.actions.items()} == {"changed": 1, "unchanged": 2}
    assert builder.directory.manifest("gen-000003").parent == "gen-000001"


def test_chunk_ids_of_a_generation_rolled_back_from_are_not_used_again(
    builder: Builder, documents: Path
) -> None:
    builder.build(specs(documents))
    edit(builder, documents, 2)
    left = set(builder.directory.open("gen-000002").passages.chunk_ids())
    kept = set(builder.directory.open("gen-000001").passages.chunk_ids())
    builder.directory.rollback()

    edit(builder, documents, 3)

    new = set(builder.directory.open("gen-000003").passages.chunk_ids()) - kept
    assert new
    assert new.isdisjoint(left)


def test_a_damaged_generation_is_not_rolled_back_to(builder: Builder, documents: Path) -> None:
    builder.build(specs(documents))
    edit(builder, documents, 2)
    edit(builder, documents, 3)
    (builder.directory.root / "gen-000002" / "vectors.faiss").write_bytes(b"")

    with pytest.raises(IndexDamagedError, match="gen-000002 is damaged"):
        builder.directory.rollback("gen-000002")
    manifest = builder.directory.rollback()

    assert manifest.generation == "gen-000001"


def test_what_failed_its_gate_is_served_only_when_forced(builder: Builder, documents: Path) -> None:
    builder.build(specs(documents))
    edit(replace(builder, gate=worse), documents, 2)

    with pytest.raises(IndexingError, match="did not pass its gate"):
        builder.directory.rollback("gen-000002")
    builder.directory.rollback("gen-000002", force=True)

    assert builder.directory.current() == "gen-000002"


def test_there_is_nothing_to_roll_back_to_from_the_first(builder: Builder, documents: Path) -> None:
    builder.build(specs(documents))

    with pytest.raises(IndexMissingError, match="older than gen-000001"):
        builder.directory.rollback()


def test_a_generation_that_was_rolled_back_to_is_not_collected(
    builder: Builder, documents: Path
) -> None:
    builder = replace(builder, options=BuildOptions(keep_generations=2))
    for number in range(1, 4):
        edit(builder, documents, number)
    builder.directory.rollback("gen-000002")
    for number in range(4, 7):
        edit(replace(builder, gate=worse), documents, number)

    assert builder.directory.current() == "gen-000002"
    assert "gen-000002" in builder.directory.names()
    assert builder.directory.verify("gen-000002") == []


def test_what_was_served_before_is_kept_even_if_others_are_newer(
    builder: Builder, documents: Path
) -> None:
    for number in range(1, 4):
        edit(builder, documents, number)
    builder.directory.rollback("gen-000001")

    edit(replace(builder, options=BuildOptions(keep_generations=2)), documents, 4)

    assert builder.directory.names() == ["gen-000001", "gen-000003", "gen-000004"]


def test_generations_that_fail_their_gate_do_not_pile_up(builder: Builder, documents: Path) -> None:
    builder.build(specs(documents))
    for number in range(2, 7):
        edit(replace(builder, gate=worse), documents, number)

    assert builder.directory.names() == ["gen-000001", "gen-000006"]


def test_a_generation_that_a_reader_has_open_is_not_collected(
    builder: Builder, documents: Path
) -> None:
    builder = replace(builder, options=BuildOptions(keep_generations=2))
    builder.build(specs(documents))
    reader = builder.directory.open()
    for number in range(2, 6):
        edit(builder, documents, number)

    assert builder.directory.names() == ["gen-000001", "gen-000004", "gen-000005"]
    assert builder.directory.verify("gen-000001") == []

    reader.close()
    edit(builder, documents, 6)

    assert builder.directory.names() == ["gen-000005", "gen-000006"]


READER = """
import sys, time
from pathlib import Path
from footnote_qa.index.storage.generation import IndexDirectory
held = IndexDirectory(Path(sys.argv[1])).open()
print("open", flush=True)
time.sleep(600)
"""


def test_a_killed_reader_holds_nothing_any_more(builder: Builder, documents: Path) -> None:
    builder = replace(builder, options=BuildOptions(keep_generations=2))
    builder.build(specs(documents))
    command = [sys.executable, "-c", READER, str(builder.directory.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"open\n"
        for number in range(2, 5):
            edit(builder, documents, number)
        while_read = builder.directory.names()
        os.kill(reader.pid, signal.SIGKILL)
    edit(builder, documents, 5)

    assert "gen-000001" in while_read
    assert builder.directory.names() == ["gen-000004", "gen-000005"]


def test_what_is_left_of_a_half_removed_generation_is_cleared(
    builder: Builder, documents: Path
) -> None:
    builder.build(specs(documents))
    half = builder.directory.root / "gen-000000"
    half.mkdir()
    (half / "vectors.faiss").write_bytes(b"half")

    edit(builder, documents, 2)

    assert not half.exists()


def test_a_manifest_of_another_generation_is_refused(builder: Builder, documents: Path) -> None:
    builder.build(specs(documents))
    edit(builder, documents, 2)
    root = builder.directory.root
    (root / "gen-000002").rename(root / "gen-000009")

    with pytest.raises(IndexDamagedError, match="is that of gen-000002"):
        builder.directory.open("gen-000009")
