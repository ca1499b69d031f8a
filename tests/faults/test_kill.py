"""P1 and P2: a rebuild is stopped, or the disk fails, at each of its system calls."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.building import make_builder, specs
from tests.fakes.embedder import HashEmbedder
from tests.faults.fork_server import FAILED, WELL
from tests.faults.killing import (
    CHANGING,
    ROOT,
    STORING,
    BuildServer,
    Scene,
    calls_of,
    need_strace,
    served,
)

pytestmark = pytest.mark.slow

SIGKILL = -9
AT_EACH = 7  # after every seventh fault the next build is run too
SAMPLED = 8  # outside a campaign, one system call in eight is killed


# strace counts the calls of each thread by itself. The threads that write the words make more of
# them than the main one does meanwhile, and would always be the first to reach a number: what comes
# after them is counted from where they are done.
BEGINNINGS = ("start", "checking")


def points(
    server: BuildServer, scene: Scene, folder: Path, calls: str
) -> Iterator[tuple[str, str, int]]:
    """Yield every system call of a build: where counting begins, the call, its number."""
    need_strace()
    log = folder / "calls"
    options = ["-o", str(log), "-e", f"trace={calls}"]
    for begin in BEGINNINGS:
        copy = scene.copy(folder / "count")
        ended = server.run(copy, scene.documents, strace=options, begin=begin)
        assert ended.statuses == [WELL], ended.complaints
        yield from ((begin, call, number) for call, number in calls_of(log))


def test_p1_a_build_killed_at_any_system_call_leaves_exactly_old_or_exactly_new(
    server: BuildServer, scene: Scene, tmp_path: Path, *, campaign: bool
) -> None:
    seen = {"old": 0, "new": 0}
    tried = list(points(server, scene, tmp_path, CHANGING))[:: 1 if campaign else SAMPLED]
    for number, point in enumerate(tried):
        begin, call, when = point
        folder = scene.copy(tmp_path / "index")
        inject = f"inject={call}:signal=SIGKILL:when={when}"
        options = ["-o", os.devnull, "-e", f"trace={call}", "-e", inject]

        ended = server.run(folder, scene.documents, strace=options, begin=begin)

        assert ended.statuses[0] in {SIGKILL, WELL}, (point, ended.complaints)
        now = served(folder)
        assert now in (scene.old, scene.new), point
        seen["old" if now == scene.old else "new"] += 1
        if number % AT_EACH == 0:
            assert server.run(folder, scene.documents).statuses == [WELL], point
            assert served(folder) == scene.new, point
            assert not list((folder / "index").glob("*.staged")), point
            assert not list((folder / "index").glob(".CURRENT.*")), point
    # Kills before the promotion and after it were both among them.
    assert min(seen.values()) > (5 if campaign else 0), seen


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EDQUOT"])
def test_p2_a_full_or_broken_disk_fails_the_build_in_one_line_and_the_old_index_serves(
    server: BuildServer, scene: Scene, tmp_path: Path, error: str, *, campaign: bool
) -> None:
    failed = 0
    sampled = 1 if campaign and error == "ENOSPC" else 3 if campaign else SAMPLED
    tried = list(points(server, scene, tmp_path, STORING))[::sampled]
    for number, point in enumerate(tried):
        begin, call, when = point
        folder = scene.copy(tmp_path / "index")
        inject = f"inject={call}:error={error}:when={when}+"
        options = ["-o", os.devnull, "-e", f"trace={call}", "-e", inject]

        ended = server.run(folder, scene.documents, strace=options, begin=begin)

        assert ended.statuses[0] in {FAILED, WELL}, (point, ended.complaints)
        assert served(folder) in (scene.old, scene.new), point
        if ended.statuses == [FAILED]:
            failed += 1
            complaint = ended.complaints[0].strip()
            assert len(complaint.splitlines()) == 1, (point, complaint)
            assert "cannot" in complaint, point
        if number % AT_EACH == 0:
            assert server.run(folder, scene.documents).statuses == [WELL], point
            assert served(folder) == scene.new, point
    assert failed > (5 if campaign else 2)


def test_p2_a_file_that_may_not_grow_fails_the_build_in_one_line(
    scene: Scene, tmp_path: Path, embedder: HashEmbedder
) -> None:
    folder = scene.copy(tmp_path / "index")
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from footnote_qa.index.errors import IndexingError\n"
        "from tests.fakes.building import make_builder, specs\n"
        "from tests.fakes.embedder import HashEmbedder\n"
        "(Path(sys.argv[1]) / 'model').mkdir()\n"
        "embedder = HashEmbedder(Path(sys.argv[1]) / 'model')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: make_builder(Path(sys.argv[1]), embedder).build(specs(Path(sys.argv[2])))\n"
        "except IndexingError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(folder), str(scene.documents)]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )

    assert "File too large" in result.stdout
    assert len(result.stdout.strip().splitlines()) == 1
    assert served(folder) == scene.old
    assert make_builder(folder, embedder).build(specs(scene.documents)).promoted
    assert served(folder) == scene.new
