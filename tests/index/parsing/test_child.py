import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.index.errors import IndexingError, UnreadableDocumentError
from footnote_qa.index.parsing import child, parse
from footnote_qa.index.parsing.child import ParserPool
from footnote_qa.index.types import ProblemKind

pytestmark = pytest.mark.slow  # each test starts processes

WORKER = Path(__file__).with_name("misbehaving_worker.py")
SOURCE = b"# Leave\n\nYou get 25 days \xf0\x9f\x8c\xb4.\n"


@pytest.fixture
def pool() -> Iterator[ParserPool]:
    command = (sys.executable, "-P", "-B", str(WORKER))
    with ParserPool(timeout_s=10, memory_bytes=1_000_000_000, command=command) as opened:
        yield opened


def kind_of(pool: ParserPool, name: str) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        pool.parse(b"content", name)
    return caught.value.kind


def test_the_child_answers_what_the_parser_does() -> None:
    with ParserPool() as pool:
        parsed = pool.parse(SOURCE, "leave.md")

    assert parsed == parse(SOURCE, name="leave.md")


def test_a_problem_of_the_parser_comes_back_as_it_is() -> None:
    with ParserPool() as pool, pytest.raises(UnreadableDocumentError) as caught:
        pool.parse(b"x", "clip.xyz")

    assert caught.value.kind is ProblemKind.UNSUPPORTED
    assert ".xyz" in caught.value.reason


def test_a_hang_costs_one_file() -> None:
    command = (sys.executable, "-P", "-B", str(WORKER))
    with ParserPool(timeout_s=0.5, command=command) as pool:
        kind = kind_of(pool, "hang")
        following = pool.parse(SOURCE, "leave.md")

    assert kind is ProblemKind.TIMEOUT
    assert following.title == "Leave"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("exit", ProblemKind.CRASH),
        ("crash", ProblemKind.CRASH),
        pytest.param(
            "burst",
            ProblemKind.MEMORY,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="no limit of address space"),
        ),
    ],
)
def test_what_ends_the_child_costs_one_file(pool: ParserPool, name: str, kind: ProblemKind) -> None:
    assert kind_of(pool, name) is kind
    assert pool.parse(SOURCE, "leave.md").title == "Leave"


def test_the_reason_says_how_the_process_ended(pool: ParserPool) -> None:
    with pytest.raises(UnreadableDocumentError, match="with status 3"):
        pool.parse(b"", "exit")
    with pytest.raises(UnreadableDocumentError, match="by signal 11"):
        pool.parse(b"", "crash")


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of address space")
def test_a_file_larger_than_the_memory_of_the_child_is_out_of_memory() -> None:
    with ParserPool(memory_bytes=200_000_000) as pool:
        assert kind_of_content(pool, bytes(300_000_000)) is ProblemKind.MEMORY


def kind_of_content(pool: ParserPool, content: bytes) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        pool.parse(content, "big.txt")
    return caught.value.kind


def test_one_child_serves_many_files_and_is_then_replaced(
    pool: ParserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "_MAX_FILES", 3)

    pids = [pool.parse(b"", "pid").text for _ in range(7)]

    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


def test_threads_are_served_by_children_of_their_own(pool: ParserPool) -> None:
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(pool.parse(SOURCE, "a.md").text))
        for _ in range(3)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [SOURCE.decode()] * 3


def test_a_child_that_died_while_idle_costs_no_file(pool: ParserPool) -> None:
    pid = int(pool.parse(b"", "pid").text)
    os.kill(pid, 9)
    pool._idle[0]._process.wait()

    assert pool.parse(SOURCE, "leave.md").title == "Leave"


def test_what_a_library_prints_is_not_taken_for_an_answer(pool: ParserPool) -> None:
    assert pool.parse(b"", "print").text.isdigit()


def test_the_child_writes_no_file(pool: ParserPool) -> None:
    assert pool.parse(b"", "file").text == "OSError"


def test_the_child_opens_no_connection(pool: ParserPool) -> None:
    assert pool.parse(b"", "connect").text == "PermissionError"


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's network namespaces")
def test_the_child_has_a_network_of_its_own(pool: ParserPool) -> None:
    ours = str(Path("/proc/self/ns/net").readlink())
    may = subprocess.run(["unshare", "--user", "--net", "true"], check=False, capture_output=True)
    if may.returncode and os.geteuid() != 0:
        pytest.skip("this system lets nobody but root make a network namespace")

    assert pool.parse(b"", "network").text != ours


def test_the_child_imports_neither_models_nor_indexes(pool: ParserPool) -> None:
    modules = set(pool.parse(b"", "modules").text.split())

    assert not modules & {
        "torch",
        "faiss",
        "tantivy",
        "llama_index",
        "sentence_transformers",
        "bot",
    }


def test_the_child_inherits_no_secret(pool: ParserPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-canary")

    with ParserPool(command=pool._command[:-2]) as fresh:
        names = fresh.parse(b"", "environment").text.split()

    assert "SLACK_BOT_TOKEN" not in names


def test_a_child_that_cannot_start_is_reported_with_its_message() -> None:
    command = (sys.executable, "-c", "raise SystemExit('no such module')")

    with ParserPool(command=command) as pool, pytest.raises(IndexingError, match="no such module"):
        pool.parse(b"", "a.md")


def test_closing_the_pool_ends_its_children(pool: ParserPool) -> None:
    pool.parse(b"", "pid")
    process = pool._idle[0]._process

    pool.__exit__(None, None, None)

    assert isinstance(process, subprocess.Popen)
    assert process.poll() == 0
