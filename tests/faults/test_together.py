"""P5, P6 and P7: simultaneous builds, questions while generations change, and old generations."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.storage.generation import IndexDirectory
from tests.fakes.building import make_builder, specs, write_documents
from tests.fakes.embedder import HashEmbedder
from tests.faults.fork_server import BUSY, WELL
from tests.faults.killing import ROOT, BuildServer, Scene, served

pytestmark = pytest.mark.slow

THREADS, SWAPS = 32, 50


def test_p5_of_twenty_simultaneous_builds_one_builds_and_the_others_say_so(
    server: BuildServer, scene: Scene, tmp_path: Path
) -> None:
    folder = scene.copy(tmp_path / "index")

    ended = server.run(folder, scene.documents, times=20)

    assert set(ended.statuses) <= {WELL, BUSY}, ended.complaints
    assert ended.statuses.count(BUSY) > 0
    # Who comes when it is done finds nothing to do.
    assert IndexDirectory(folder / "index").names() == ["gen-000003", "gen-000004"]
    assert served(folder) == scene.new


HOLDER = """
import sys, time
from pathlib import Path
from footnote_qa.index.storage.generation import IndexDirectory
with IndexDirectory(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(600)
"""


def test_p5_a_killed_build_frees_the_lock(
    server: BuildServer, scene: Scene, tmp_path: Path
) -> None:
    folder = scene.copy(tmp_path / "index")
    command = [sys.executable, "-c", HOLDER, str(folder / "index")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        while_held = server.run(folder, scene.documents)
        os.kill(holder.pid, signal.SIGKILL)

    after = server.run(folder, scene.documents)

    assert (while_held.statuses, after.statuses) == ([BUSY], [WELL])


def open_files() -> list[str]:
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists them
            found.append(str(link.readlink()))
    return sorted(path for path in found if "/gen-" in path)


def mapped_files() -> set[str]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    return {line.split(maxsplit=5)[5] for line in lines if "/gen-" in line}


EDITION_OF = {"gen-000001": "first", "gen-000002": "second"}


class Asking:
    """Threads that ask without pause until it ends.

    Attributes:
        complete: How many complete answers each generation gave.
        mixed: Texts that are not of the generation that an answer named.
        failed: Questions without an answer.
    """

    def __init__(self, index: LiveIndex) -> None:
        self.complete: Counter[str] = Counter()
        self.mixed: list[str] = []
        self.failed: list[BaseException] = []
        self._index, self._stop = index, threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        try:
            while not self._stop.is_set():
                result = self._index.search("edition of rule number 7", k=8, audience=None)
                wanted = f"{EDITION_OF[result.generation]} edition"
                texts = [passage.chunk.text for passage in result.passages]
                self.mixed += [text for text in texts if wanted not in text]
                self.complete[result.generation] += len(texts) == 8
        except BaseException as error:  # noqa: BLE001 - it is asserted that there is none
            self.failed.append(error)

    def __enter__(self) -> "Asking":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to count open files")
def test_p6_every_answer_comes_from_one_generation_while_generations_change(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    builder, documents = make_builder(tmp_path, embedder), write_documents(tmp_path / "docs")
    for edition in ("first", "second"):
        for number in range(12):
            text = f"# Rule {number}\n\nThis is the {edition} edition of rule number {number}.\n"
            (documents / f"rule-{number}.md").write_text(text)
        builder.build(specs(documents))
    index = LiveIndex(builder.directory.root)
    files, mapped = len(open_files()), len(mapped_files())
    with Asking(index) as asking:
        for swap in range(SWAPS):
            name = f"gen-00000{1 + swap % 2}"
            builder.directory.promote(name)
            # Taken up without a restart, and by the very next question.
            assert index.search("rule", k=1, audience=None).generation == name
    gc.collect()

    assert asking.failed == []
    assert asking.mixed == []
    assert min(asking.complete[name] for name in EDITION_OF) > 0, asking.complete
    assert len(open_files()) <= files
    assert len(mapped_files()) <= mapped


def test_p7_collection_spares_the_live_the_previous_and_a_readers_generation(
    server: BuildServer, scene: Scene, tmp_path: Path
) -> None:
    folder = scene.copy(tmp_path / "index")
    directory = IndexDirectory(folder / "index")
    reader = directory.open("gen-000002")
    documents = write_documents(tmp_path / "docs")

    kept: list[str] = []
    for number in range(5):
        (documents / "edition.md").write_text(f"Edition {number}.")
        assert server.run(folder, documents).statuses == [WELL]
        kept = directory.names()
        current = directory.served()
        assert current in kept
        assert directory.manifest(current).parent in kept
        assert "gen-000002" in kept
        assert directory.verify("gen-000002") == []

    assert len(kept) == 3
    reader.close()
    (documents / "edition.md").write_text("The last edition.")
    assert server.run(folder, documents).statuses == [WELL]
    assert "gen-000002" not in directory.names()
