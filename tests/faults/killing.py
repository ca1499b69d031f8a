"""Builds that are stopped or failed at a chosen system call, and what is then served."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pytest

from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.storage.generation import Generation
from tests.fakes.building import write_documents

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = ("days of leave", "the token for Slack", "where do bicycles stand", "parental leave")

# What changes a disk, or makes it last. Reading changes nothing.
CHANGING = (
    "openat,write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,mkdir,unlink,unlinkat,"
    "rmdir,chmod,fchmod,ftruncate,fallocate,link,linkat,flock"
)
# Where a full or broken disk shows.
STORING = "write,pwrite64,fsync,fdatasync,rename,mkdir,ftruncate"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How builds ended: exit statuses, negative for signals, and what they complained of."""

    statuses: list[int]
    complaints: list[str]


class BuildServer:
    """Runs builds in forks of a process that has imported everything."""

    def __init__(self, model_folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.fork_server", str(model_folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._requests = cast("IO[str]", self._process.stdin)
        self._answers = cast("IO[str]", self._process.stdout)
        assert json.loads(self._answers.readline()) == {"ready": True}

    def run(
        self,
        folder: Path,
        documents: Path,
        *,
        strace: Sequence[str] = (),
        begin: str = "start",
        times: int = 1,
    ) -> Ended:
        """Build once, or *times* at the same time; under strace, from the step *begin* on."""
        request = {
            "folder": str(folder),
            "documents": str(documents),
            "times": times,
            "wait_at": begin,
        }
        self._send(request)
        pids = json.loads(self._answers.readline())["pids"]
        with _traced(pids[0], strace):
            self._send({})
            return Ended(**json.loads(self._answers.readline()))

    def _send(self, value: object) -> None:
        self._requests.write(json.dumps(value) + "\n")
        self._requests.flush()

    def close(self) -> None:
        """End it."""
        self._requests.close()
        self._answers.close()
        self._process.wait(30)


@contextmanager
def _traced(pid: int, options: Sequence[str]) -> Iterator[None]:
    if not options:
        yield
        return
    command = ["strace", "-f", "-p", str(pid), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        first = strace.stderr.readline()
        if "attached" not in first:
            strace.kill()
            pytest.skip(f"strace may not trace here: {first.strip()}")
        yield
        strace.wait(60)


def need_strace() -> None:
    """Skip the test where there is no strace."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace, to stop a build at each of its system calls")


def calls_of(log: Path) -> list[tuple[str, int]]:
    """Return the calls of a trace, each with its number in its thread: strace counts by thread.

    Opening a file to read it is left out: being stopped there is being stopped at the next call.
    """
    counts: Counter[tuple[str, str]] = Counter()
    found = set()
    for line in log.read_text(errors="replace").splitlines():
        thread, _, rest = line.partition(" ")
        name, opened, arguments = rest.strip().partition("(")
        if opened and name.isidentifier():
            counts[thread, name] += 1
            if name != "openat" or re.search("O_CREAT|O_WRONLY|O_RDWR", arguments):
                found.add((name, counts[thread, name]))
    return sorted(found)


def content(generation: Generation) -> dict[str, object]:
    """Return what a generation says: every text, every chunk, and what it finds."""
    passages = generation.passages
    chunks = list(passages.all_chunks())
    assert generation.vectors is not None
    assert len(generation.vectors) == len(chunks) == generation.manifest.chunks
    texts = {row.document: passages.document(row.document) for row in passages.rows()}
    return {
        "texts": {name: found.text for name, found in texts.items() if found},
        "chunks": [(chunk.document, chunk.start, chunk.text) for chunk in chunks],
    }


def served(folder: Path) -> dict[str, object]:
    """Return what the index in *folder* serves, opened as the bot opens it."""
    live = LiveIndex(folder / "index")
    found = {
        question: [
            (p.chunk.document, p.chunk.start, round(p.fused, 6))
            for p in live.search(question, k=10, audience=None).passages
        ]
        for question in QUESTIONS
    }
    return content(live.generation) | {"found": found}


def change(documents: Path) -> None:
    """Edit, add, rename and remove."""
    (documents / "slack.md").write_text("# Tokens\n\nThe new token for Slack begins with xapp.\n")
    (documents / "parental.md").write_text("# Parental leave\n\nIt lasts fourteen weeks.\n")
    (documents / "leave.md").rename(documents / "holidays.md")
    (documents / "parking.txt").unlink()


@dataclass(frozen=True, kw_only=True)
class Scene:
    """An index, the documents as they are now, and what it serves before and after a rebuild."""

    template: Path
    documents: Path
    old: dict[str, object]
    new: dict[str, object]

    def copy(self, folder: Path) -> Path:
        """Copy the index as it was before the rebuild, and return where it is."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.template, folder)
        return folder


def make_scene(folder: Path, server: BuildServer) -> Scene:
    """Build an index twice, change the documents, and learn what a rebuild makes of them."""
    template, documents = folder / "template", write_documents(folder / "docs")
    for text in ("Second edition.", "Third edition."):
        assert server.run(template, documents).statuses == [0]
        (documents / "edition.md").write_text(text)
    assert server.run(template, documents).statuses == [0]
    old = served(template)
    change(documents)
    done = folder / "done"
    shutil.copytree(template, done)
    assert server.run(done, documents).statuses == [0]
    new = served(done)
    assert old != new
    return Scene(template=template, documents=documents, old=old, new=new)
