"""P3, P4 and P8: what is damaged, missing or made by other code is never served."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.index.errors import (
    IndexDamagedError,
    IndexingError,
    IndexMissingError,
    StaleIndexError,
)
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.sources import SourceSpec, open_sources
from footnote_qa.index.storage.generation import FORMAT, IndexDirectory
from footnote_qa.index.storage.manifest import digest
from tests.fakes.building import make_builder, specs, write_documents
from tests.fakes.embedder import HashEmbedder
from tests.faults.killing import ROOT, BuildServer, Scene, served

pytestmark = pytest.mark.slow

GOLDEN = ROOT / "tests" / "golden" / "index-format-1"
EVERY, SAMPLED_EVERY = 4096, 65_536  # bytes from one flipped bit to the next
CUTS, SAMPLED_CUTS = 50, 5


@pytest.fixture
def promoted(scene: Scene, server: BuildServer, tmp_path: Path) -> Path:
    """An index whose newest generation is the new one, and the one before it the old one."""
    folder = scene.copy(tmp_path / "index")
    assert server.run(folder, scene.documents).statuses == [0]
    return folder


def newest(folder: Path) -> Path:
    directory = IndexDirectory(folder / "index")
    return directory.root / directory.served()


def files_of(generation: Path) -> list[Path]:
    return sorted(path for path in generation.rglob("*") if path.is_file())


def flips(content: bytes, every: int) -> Iterator[bytes]:
    header = range(0, min(64, len(content)), 7)
    for place in [*header, *range(0, len(content), every), len(content) - 1]:
        if place >= 0:
            yield content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def cuts(content: bytes, parts: int) -> Iterator[bytes]:
    for number in range(parts):
        place = len(content) * number // parts
        if place < len(content):
            yield content[:place]


def test_p4_a_flipped_bit_or_a_cut_anywhere_is_found_and_the_old_generation_serves(
    promoted: Path, scene: Scene, caplog: pytest.LogCaptureFixture, *, campaign: bool
) -> None:
    every, parts = (EVERY, CUTS) if campaign else (SAMPLED_EVERY, SAMPLED_CUTS)
    damages = 0
    for path in files_of(newest(promoted)):
        whole = path.read_bytes()
        for damaged in [*flips(whole, every), *cuts(whole, parts)]:
            path.write_bytes(damaged)
            caplog.clear()

            with caplog.at_level(logging.ERROR):
                now = served(promoted)

            assert now == scene.old, (path.name, len(damaged))
            assert "served an older generation" in caplog.text
            damages += 1
        path.write_bytes(whole)
    assert damages > (300 if campaign else 60)
    assert served(promoted) == scene.new


def test_p4_files_swapped_between_generations_are_found(promoted: Path, scene: Scene) -> None:
    new = newest(promoted)
    old = new.with_name("gen-000003")
    swapped = 0
    for path in files_of(new):
        other = old / path.relative_to(new)
        if not other.exists() or other.read_bytes() == path.read_bytes():
            continue
        whole = path.read_bytes()
        shutil.copyfile(other, path)

        assert served(promoted) == scene.old, path.name

        path.write_bytes(whole)
        swapped += 1
    assert swapped >= 3


LARGE = {".faiss", ".sqlite", ".onnx", ".idx", ".store"}
SERVING = """
import sys
from pathlib import Path
from footnote_qa.index.errors import IndexDamagedError
from footnote_qa.index.search.hybrid import LiveIndex
live = LiveIndex(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
try:
    found = live.search("days of leave", k=1, audience=None)
    print(found.passages[0].chunk.text)
except (IndexDamagedError, ValueError) as error:
    print("SAYS", error)
"""


def test_p4_a_file_cut_short_under_a_running_bot_ends_it_at_most_and_the_next_start_serves(
    promoted: Path, scene: Scene
) -> None:
    true = LiveIndex(promoted / "index").search("days of leave", k=1, audience=None)
    # No program can go on after that everywhere: the vectors and the words are mapped into memory.
    ends = {-signal.SIGBUS, 0}
    files = [path for path in files_of(newest(promoted)) if path.suffix in LARGE]
    assert {path.suffix for path in files} == LARGE
    for path in files:
        whole = path.read_bytes()
        command = [sys.executable, "-c", SERVING, str(promoted / "index")]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as bot:
            assert bot.stdout is not None
            assert bot.stdout.readline() == "open\n"
            os.truncate(path, 0)
            said, _ = bot.communicate("ask\n", timeout=60)

        assert bot.returncode in ends, (path.name, bot.returncode)
        assert not said or said.startswith("SAYS") or said.strip() == true.passages[0].chunk.text
        assert served(promoted) == scene.old, path.name
        path.write_bytes(whole)
    assert served(promoted) == scene.new


def test_p4_leftovers_of_all_kinds_do_no_harm(promoted: Path, scene: Scene) -> None:
    root = promoted / "index"
    (root / ".CURRENT.x1y2").write_text("gen-0000")
    (root / "gen-000009.staged").mkdir()
    (root / "gen-000009.staged" / "MANIFEST.json").write_text("{")
    (root / "gen-000008").mkdir()
    (root / "notes.tmp").write_text("whatever")

    assert served(promoted) == scene.new


def test_p4_when_every_generation_is_bad_the_reason_and_the_remedy_are_said(
    promoted: Path, scene: Scene, embedder: HashEmbedder
) -> None:
    live = LiveIndex(promoted / "index")
    for name in IndexDirectory(promoted / "index").names():
        (promoted / "index" / name / "passages.sqlite").write_bytes(b"")

    with pytest.raises(IndexDamagedError, match="run `footnote index build --full`"):
        LiveIndex(promoted / "index")

    # A running process reports it, does not guess, and recovers with the next build.
    with pytest.raises(IndexDamagedError, match="run `footnote index build --full`"):
        live.search("days of leave", k=1, audience=None)
    assert make_builder(promoted, embedder).build(specs(scene.documents)).promoted
    assert live.search("days of leave", k=1, audience=None).generation == "gen-000005"
    assert served(promoted) == scene.new


def test_p3_with_any_file_or_folder_missing_the_old_generation_serves(
    promoted: Path, scene: Scene
) -> None:
    new = newest(promoted)
    missing = [*files_of(new), new / "lexical", new / "encoder", new]
    for path in missing:
        aside = promoted / "aside"
        path.rename(aside)

        assert served(promoted) == scene.old, path.name

        aside.rename(path)
    assert served(promoted) == scene.new


def test_p3_without_current_or_with_nonsense_in_it_it_is_said_what_to_do(promoted: Path) -> None:
    current = promoted / "index" / "CURRENT"
    for nonsense in (b"", b"\xff\xfe\x00", b"gen-1", b"../../etc"):
        current.write_bytes(nonsense)

        # The newest intact generation is taken, and no other.
        assert LiveIndex(promoted / "index").generation.manifest.generation == "gen-000004"

    shutil.rmtree(promoted / "index")
    with pytest.raises(IndexMissingError, match="footnote index build FOLDER"):
        LiveIndex(promoted / "index")


AS_NOBODY = """
import os, sys
from pathlib import Path
from footnote_qa.index.errors import IndexingError
from footnote_qa.index.storage.generation import IndexDirectory
from footnote_qa.index.search.hybrid import LiveIndex
# Only now: whoever is nobody may not even read the libraries of some installations.
if os.geteuid() == 0:
    os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
try:
    found = LiveIndex(Path(sys.argv[1])).search("days of leave", k=1, audience=None)
    print("SERVES", found.generation)
    with IndexDirectory(Path(sys.argv[1])).locked():
        print("BUILDS")
except IndexingError as error:
    print("SAYS", error)
"""


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that another user can reach: those of pytest are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def as_nobody(root: Path) -> list[str]:
    command = [sys.executable, "-c", AS_NOBODY, str(root)]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    if (
        result.returncode
        and "PermissionError" in result.stderr
        and "site-packages" in result.stderr
    ):
        pytest.skip("another user may not read the environment of these tests")
    assert result.returncode == 0, result.stderr
    return result.stdout.strip().splitlines()


def test_p3_from_a_read_only_folder_it_serves_and_a_build_says_why_not(
    promoted: Path, reachable: Path
) -> None:
    root = reachable / "index"
    shutil.copytree(promoted / "index", root)
    for path in [root, *root.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)

    lines = as_nobody(root)
    for path in [root, *root.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)

    assert lines[0] == "SERVES gen-000004"
    assert lines[1].startswith("SAYS cannot write in")


def test_p3_an_index_of_another_owner_says_why(promoted: Path, reachable: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make files of another owner")
    root = reachable / "index"
    shutil.copytree(promoted / "index", root)
    root.chmod(0o755)
    (root / "gen-000004" / "passages.sqlite").chmod(0o600)
    for name in ("gen-000003", "gen-000004"):
        (root / name).chmod(0o755)

    lines = as_nobody(root)

    assert len(lines) == 1
    assert lines[0].startswith("SAYS")
    assert "Permission denied" in lines[0]


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("format", FORMAT + 1, StaleIndexError),
        ("format", FORMAT - 1, StaleIndexError),
        ("fingerprint", "another model", StaleIndexError),
        ("chunks", "many", IndexDamagedError),
    ],
)
def test_p8_an_index_of_other_code_or_another_model_is_refused_with_the_remedy(
    promoted: Path, key: str, value: object, error: type[IndexingError]
) -> None:
    root = promoted / "index"
    shutil.rmtree(root / "gen-000003")
    path = newest(promoted) / "MANIFEST.json"
    changed = json.loads(path.read_text()) | {key: value}
    del changed["digest"]
    path.write_text(json.dumps(changed | {"digest": digest(changed)}))

    with pytest.raises(error, match="footnote index build --full"):
        LiveIndex(root)


def test_p8_the_golden_index_is_read_or_refused_with_the_remedy(
    request: pytest.FixtureRequest, tmp_path: Path, embedder: HashEmbedder
) -> None:
    """Its files stay as the code of that format wrote them; new code may only refuse them."""
    if request.config.getoption("--update-golden") and FORMAT == 1:
        shutil.rmtree(GOLDEN, ignore_errors=True)
        real = specs(write_documents(tmp_path / "docs"))
        sources = open_sources(real, max_file_bytes=1_000_000)
        make_builder(GOLDEN, embedder).build([SourceSpec(path="/documents")], sources)
        shutil.rmtree(GOLDEN / "cache")
        (GOLDEN / "index" / "build.lock").unlink()
    folder = tmp_path / "golden"
    shutil.copytree(GOLDEN, folder)

    if FORMAT == 1:
        found = LiveIndex(folder / "index").search("days of leave", k=1, audience=None)
        assert found.passages[0].chunk.text.endswith("Every employee has twenty days of leave.")
    else:
        with pytest.raises(StaleIndexError, match=r"format 1.*footnote index build --full"):
            LiveIndex(folder / "index")
