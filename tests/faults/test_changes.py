"""P9, P10, P14 and P15: documents come, change, move and go."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.parsing import child
from footnote_qa.index.search.hybrid import LiveIndex
from tests.fakes.building import found, make_builder, specs, write_documents
from tests.fakes.embedder import HashEmbedder
from tests.faults.fork_server import InProcessPool

pytestmark = pytest.mark.slow

QUESTIONS = ("days of leave", "token for Slack", "rule about bicycles", "sickness")
PARAGRAPHS = (
    "Every employee has twenty days of leave.",
    "The token for Slack begins with xoxb.",
    "A rule about bicycles: they stand in the yard.",
    "In sickness call your lead first.",
    "## A heading about leave",
    "Zwölf Boxkämpfer jagen Viktor über den großen Sylter Deich.",
)
START_S = 1_900_000_000
NAMES = st.integers(0, 4).map("{}.md".format)


class IncrementalEqualsFull(RuleBasedStateMachine):
    """Steps of any kind, with a small build after each, end where one build from nothing ends."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.documents = self.folder / "docs"
        self.documents.mkdir()
        (self.folder / "model").mkdir()
        self.embedder = HashEmbedder(self.folder / "model")
        self.texts: dict[str, str] = {}
        self.builds = 0

    @initialize()
    def begin(self) -> None:
        self.write("3.md", [PARAGRAPHS[0]])
        self.build()

    def write(self, name: str, paragraphs: list[str]) -> None:
        self.texts[name] = "\n\n".join(paragraphs) + "\n"
        self.save(name)

    def save(self, name: str) -> None:
        path = self.documents / name
        path.write_text(self.texts[name])
        os.utime(path, (START_S, START_S))  # contents show what has changed, times do not

    def build(self) -> None:
        # A new builder each time is what a restart is.
        builder = make_builder(self.folder, self.embedder, force=True)
        builder.build(specs(self.documents))
        served = LiveIndex(builder.directory.root).generation.passages
        texts = {row.document: served.document(row.document) for row in served.rows()}
        assert {name: text.text for name, text in texts.items() if text} == self.texts
        self.builds += 1
        fresh = make_builder(self.folder / f"full-{self.builds}", self.embedder, force=True)
        fresh.build(specs(self.documents))
        for question in QUESTIONS:
            assert found(builder.directory.root, question) == found(fresh.directory.root, question)

    @rule(name=NAMES, paragraphs=st.lists(st.sampled_from(PARAGRAPHS), min_size=1, max_size=3))
    def add_or_change(self, name: str, paragraphs: list[str]) -> None:
        self.write(name, paragraphs)
        self.build()

    @rule(old=NAMES, new=NAMES)
    def rename(self, old: str, new: str) -> None:
        if old in self.texts and new not in self.texts:
            (self.documents / old).rename(self.documents / new)
            self.texts[new] = self.texts.pop(old)
            self.build()

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if name in self.texts and len(self.texts) > 1:
            (self.documents / name).unlink()
            del self.texts[name]
            self.build()

    @rule(old=NAMES, new=NAMES)
    def copy(self, old: str, new: str) -> None:
        if old in self.texts:
            self.texts[new] = self.texts[old]
            self.save(new)
            self.build()

    @rule()
    def lose_the_cache(self) -> None:
        shutil.rmtree(self.folder / "cache", ignore_errors=True)

    @rule()
    def roll_back(self) -> None:
        directory = make_builder(self.folder, self.embedder).directory
        directory.rollback(directory.names()[0], force=True)
        self.build()

    @invariant()
    def what_is_served_is_whole(self) -> None:
        directory = make_builder(self.folder, self.embedder).directory
        assert self.builds == 0 or directory.verify(directory.served()) == []

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def test_p10_building_in_small_steps_equals_building_in_one_step(
    monkeypatch: pytest.MonkeyPatch, *, campaign: bool
) -> None:
    monkeypatch.setattr(child, "ParserPool", InProcessPool)
    case = IncrementalEqualsFull.TestCase
    case.settings = settings(
        max_examples=15 if campaign else 5,
        stateful_step_count=8,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # shorter steps to the same failure would take minutes
        suppress_health_check=list(HealthCheck),
    )

    case("runTest").debug()


def test_p9_a_build_that_lost_its_documents_is_not_served_without_force(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    builder, documents = make_builder(tmp_path, embedder), write_documents(tmp_path / "docs")
    builder.build(specs(documents))
    before = found(builder.directory.root, "days of leave")
    texts = {path: path.read_bytes() for path in sorted(documents.iterdir())}

    def after(lost: list[Path], action: Callable[[Path], object]) -> bool:
        for path, text in texts.items():
            path.write_bytes(text)
        for path in lost:
            action(path)
        return builder.build(specs(documents)).promoted

    most, every = list(texts)[1:], list(texts)
    # Empty files may be half-saved: they keep their last good text, so nothing is lost
    for paths in (most, every):
        assert after(paths, lambda path: path.write_bytes(b""))
        assert found(builder.directory.root, "days of leave") == before
    removed = [after(paths, Path.unlink) for paths in (most, every)]

    assert removed == [False, False]
    assert found(builder.directory.root, "days of leave") == before
    forced = replace(builder, options=BuildOptions(force=True)).build(specs(documents))
    assert forced.promoted


def test_p14_what_is_no_plain_file_of_the_folder_is_skipped_with_the_reason(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    builder, documents = make_builder(tmp_path, embedder), write_documents(tmp_path / "docs")
    (tmp_path / "outside.md").write_text("# Canary\n\nThe canary stands outside of the folder.\n")
    (documents / "out.md").symlink_to(tmp_path / "outside.md")
    (documents / "loop").symlink_to(documents)
    os.mkfifo(documents / "pipe.md")
    (documents / "bad\udce9name.md").write_text("# Name\n")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(documents / "socket.md"))
        result = builder.build(specs(documents))

    assert result.promoted
    assert {problem.document: str(problem.kind) for problem in result.problems} == {
        "bad\\xe9name.md": "unsafe",
        "loop": "unreadable",
        "out.md": "unsafe",
        "pipe.md": "unreadable",
        "socket.md": "unreadable",
    }
    assert all(problem.reason for problem in result.problems)
    texts = [text for _, text, _ in found(builder.directory.root, "the canary outside")]
    assert not any("canary" in text for text in texts)


def test_p15_a_deleted_or_restricted_document_is_out_of_what_a_running_bot_finds(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    builder, documents = make_builder(tmp_path, embedder), write_documents(tmp_path / "docs")
    builder.build(specs(documents))
    index = LiveIndex(builder.directory.root)
    seen = index.search("token for Slack", k=9, audience=frozenset())
    (documents / "slack.md").unlink()

    builder.build(specs(documents))
    deleted = index.search("token for Slack", k=9, audience=frozenset())
    builder.build([replace(specs(documents)[0], audience=("hr",))])
    restricted = index.search("days of leave", k=9, audience=frozenset())
    allowed = index.search("days of leave", k=9, audience=frozenset({"hr"}))

    assert "slack.md" in {p.chunk.document for p in seen.passages}
    assert "slack.md" not in {p.chunk.document for p in deleted.passages}
    assert restricted.passages == ()
    assert "leave.md" in {p.chunk.document for p in allowed.passages}
