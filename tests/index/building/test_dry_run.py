import os
import shutil
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.dry_run import preview
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.embedding.cache import last_rate
from footnote_qa.index.types import Embedder, Vectors
from tests.fakes.building import specs
from tests.fakes.embedder import HashEmbedder

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "documents"


def files_of(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in paths}


def test_a_preview_of_a_first_build_embeds_everything_and_writes_nothing(
    builder: Builder, documents: Path, tmp_path: Path
) -> None:
    seen = preview(builder, specs(documents))

    assert [(entry.document, str(entry.action)) for entry in seen.plan] == [
        ("leave.md", "added"),
        ("parking.txt", "added"),
        ("slack.md", "added"),
    ]
    assert seen.chunks == seen.to_embed > 3
    assert seen.seconds > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs"]


def test_a_preview_says_what_the_build_then_does(
    builder: Builder, documents: Path, tmp_path: Path, embedder: HashEmbedder
) -> None:
    builder.build(specs(documents))
    (documents / "slack.md").write_text("# Tokens\n\nAll tokens are new.\n")
    (documents / "leave.md").rename(documents / "holidays.md")
    (documents / "parking.txt").unlink()
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    embedder.embedded.clear()
    before = files_of(tmp_path)

    seen = preview(builder, specs(documents))

    assert embedder.embedded == []
    assert files_of(tmp_path) == before
    result = builder.build(specs(documents))
    assert {e.document: str(e.action) for e in seen.plan} == {
        "broken.pdf": "unreadable",
        "holidays.md": "renamed",
        "parking.txt": "removed",
        "slack.md": "changed",
    }
    assert (seen.chunks, seen.to_embed) == (result.chunks, result.embedded)
    assert (seen.to_embed, seen.to_reuse) == (1, 2)


def test_time_is_estimated_by_the_rate_of_the_last_build(builder: Builder, documents: Path) -> None:
    sections = [f"## Rule {n}\n\n" + f"Rule {n} is about topic {n}. " * 30 for n in range(99)]
    (documents / "rules.md").write_text("\n\n".join(sections))
    builder.build(specs(documents))
    rate = last_rate(builder.cache_path, "hash-7")
    slow = builder.cache_path.with_name("rate.json")
    slow.write_text('{"hash-7": 0.5}')
    anew = replace(builder, options=BuildOptions(full=True))
    with sqlite3.connect(builder.cache_path) as cache:
        cache.execute("DELETE FROM embeddings")
    cache.close()

    seen = preview(anew, specs(documents))

    assert rate is not None
    assert rate > 1
    assert seen.seconds == pytest.approx(seen.to_embed / 0.5, rel=0.5)


def test_a_broken_cache_counts_as_none(builder: Builder, documents: Path) -> None:
    builder.build(specs(documents))
    builder.cache_path.write_bytes(b"this is no database" * 100)

    seen = preview(builder, specs(documents))

    assert seen.to_embed == seen.chunks


class SlowEmbedder:
    """A HashEmbedder that needs 30 ms for a text, as a real model does on a small machine."""

    def __init__(self, embedder: HashEmbedder) -> None:
        self._embedder = embedder

    def __getattr__(self, name: str) -> object:
        return getattr(self._embedder, name)

    def embed(self, texts: Sequence[str]) -> Vectors:
        time.sleep(0.03 * len(texts))
        return self._embedder.embed(texts)


def test_the_estimate_is_within_a_factor_of_two_of_the_build(
    builder: Builder, tmp_path: Path, embedder: HashEmbedder
) -> None:
    slow = replace(builder, embedder=cast("Embedder", SlowEmbedder(embedder)))
    examples = sorted(path for path in EXAMPLES.rglob("*") if path.is_file())
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for number, path in enumerate(examples[::2]):
        shutil.copy(path, shelf / f"{number}-{path.name}")
    slow.build(specs(shelf))  # measures the rate
    for number, path in enumerate(examples[1::2]):
        shutil.copy(path, shelf / f"more-{number}-{path.name}")

    seen = preview(slow, specs(shelf))
    result = slow.build(specs(shelf))

    assert seen.to_embed == result.embedded > 40
    assert seen.chunks == result.chunks
    assert result.seconds / 2 <= seen.seconds <= result.seconds * 2


@pytest.mark.parametrize("table", ["table.md", "table.csv"])
def test_after_a_build_of_long_tables_there_is_nothing_to_embed(
    builder: Builder, documents: Path, table: str
) -> None:
    rows = [[f"B{n}", f"{n} m", f"{n} euro"] for n in range(200)]
    if table.endswith(".md"):
        lines = ["| Berth | Length | Fee |", "|---|---|---|"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
    else:
        lines = ["Berth,Length,Fee", *map(",".join, rows)]
    (documents / table).write_text("\n".join(lines))
    builder.build(specs(documents))

    seen = preview(replace(builder, options=BuildOptions(full=True)), specs(documents))

    assert (seen.to_embed, seen.to_reuse) == (0, seen.chunks)


def test_a_first_build_on_a_busy_machine_is_expected_to_take_longer(
    builder: Builder, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))
    idle = preview(builder, specs(documents)).seconds
    monkeypatch.setattr("os.getloadavg", lambda: (8.0 * (os.cpu_count() or 1), 0.0, 0.0))

    busy = preview(builder, specs(documents)).seconds

    assert busy > 3 * idle
