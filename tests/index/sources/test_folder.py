import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.sources.folder import FolderSource
from footnote_qa.index.types import Problem, ProblemKind, SourceFile


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


def write(root: Path, *names: str, content: str = "text") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def names(source: FolderSource) -> list[str]:
    return [one.document for one in source.files()]


def only_file(source: FolderSource) -> SourceFile:
    (found,) = source.files()
    assert isinstance(found, SourceFile)
    return found


def only_problem(source: FolderSource) -> Problem:
    (found,) = source.files()
    assert isinstance(found, Problem)
    return found


def refusal(file: SourceFile) -> UnreadableDocumentError:
    with pytest.raises(UnreadableDocumentError) as caught:
        file.read()
    return caught.value


def test_files_of_any_suffix_are_met_in_the_order_of_their_ids(root: Path) -> None:
    write(root, "b.md", "a/z.txt", "a.pdf", "a/b/c.mp4", "Z")

    assert names(FolderSource(root=root)) == ["Z", "a.pdf", "a/b/c.mp4", "a/z.txt", "b.md"]


def test_a_file_comes_with_all_that_is_known(root: Path) -> None:
    write(root, "hr/Überstunden 1.md", content="Grüße")
    os.utime(root / "hr/Überstunden 1.md", (1_900_000_000, 1_900_000_000))

    file = only_file(
        FolderSource(root=root, prefix="wiki", url="https://x.test/w/", audience=("hr",))
    )

    assert file.document == "wiki/hr/Überstunden 1.md"
    assert file.name == "Überstunden 1.md"
    assert file.size_bytes == 7
    assert file.modified_at == datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)
    assert file.url == "https://x.test/w/hr/%C3%9Cberstunden%201.md"
    assert file.audience == ("hr",)
    assert file.read() == "Grüße".encode()


def test_a_root_that_is_a_file_is_that_file(root: Path) -> None:
    write(root, "a.md", "b.md")

    file = only_file(FolderSource(root=root / "a.md", include=("*.pdf",), url="https://x.test"))

    assert file.document == "a.md"
    assert file.url == "https://x.test/a.md"
    assert file.read() == b"text"


def test_hidden_files_are_left_out_silently_but_a_hidden_root_is_read(tmp_path: Path) -> None:
    root = tmp_path / ".footnote" / "answers"
    write(root, "a.md", ".git/config", ".DS_Store", "~$a.docx", "b/.hidden/c.md")

    assert names(FolderSource(root=root)) == ["a.md"]


def test_patterns_choose_the_files(root: Path) -> None:
    write(root, "a.md", "b.txt", "g/c.md", "g/old/d.md", "node_modules/x/e.md")

    chosen = FolderSource(root=root, include=("*.md",), exclude=("node_modules", "g/old/"))

    assert names(chosen) == ["a.md", "g/c.md"]
    assert names(FolderSource(root=root, include=("g/**",))) == ["g/c.md", "g/old/d.md"]
    assert names(FolderSource(root=root, include=("g/*", "!g/*/"))) == ["g/c.md"]
    assert names(FolderSource(root=root, exclude=("**/*.md",))) == ["b.txt"]


def test_the_message_on_a_missing_root_says_what_to_do(root: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere: check the path of the source"):
        list(FolderSource(root=root / "nowhere").files())


def test_a_link_out_of_the_root_is_unsafe(root: Path) -> None:
    write(root.parent, "secret.md")
    (root / "link.md").symlink_to(root.parent / "secret.md")

    problem = only_problem(FolderSource(root=root, prefix="wiki"))

    assert problem.kind is ProblemKind.UNSAFE
    assert problem.document == "wiki/link.md"


def test_a_link_to_a_folder_out_of_the_root_is_unsafe(root: Path) -> None:
    write(root.parent / "other", "secret.md")
    (root / "link").symlink_to(root.parent / "other")

    assert only_problem(FolderSource(root=root)).kind is ProblemKind.UNSAFE


def test_a_link_within_the_root_is_read(root: Path) -> None:
    write(root, "..2030/a.md")
    (root / "a.md").symlink_to(root / "..2030" / "a.md")

    assert only_file(FolderSource(root=root)).read() == b"text"


def test_a_folder_linked_within_the_root_is_met_once(root: Path) -> None:
    write(root, "v2/a.md")
    (root / "latest").symlink_to("v2")

    assert names(FolderSource(root=root)) == ["v2/a.md"]


@pytest.mark.parametrize("target", ["missing", "link.md", "..", "."])
def test_a_link_that_leads_nowhere_or_in_a_circle_is_a_problem(root: Path, target: str) -> None:
    folder = root / "in"
    folder.mkdir()
    (folder / "link.md").symlink_to(target)

    problem = only_problem(FolderSource(root=root))

    assert problem.kind is ProblemKind.UNREADABLE
    assert problem.document == "in/link.md"
    assert "link" in problem.reason


def test_a_pipe_is_a_problem_and_does_not_block(root: Path) -> None:
    os.mkfifo(root / "pipe.md")

    problem = only_problem(FolderSource(root=root))

    assert (problem.kind, problem.reason) == (ProblemKind.UNREADABLE, "it is a pipe, not a file")


def test_a_socket_is_a_problem(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.md")

        problem = only_problem(FolderSource(root=root))

    assert problem.reason == "it is a socket, not a file"


def test_a_name_that_is_not_text_is_unsafe_and_shown(root: Path) -> None:
    try:
        (Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.md"))).write_text("x")
    except OSError:
        pytest.skip("this file system takes no such name")

    problem = only_problem(FolderSource(root=root))

    assert problem.kind is ProblemKind.UNSAFE
    assert problem.document == r"caf\xe9.md"


def test_a_name_with_a_control_character_is_unsafe_and_shown(root: Path) -> None:
    (root / "a\x1b[31m\n.md").write_text("x")

    assert only_problem(FolderSource(root=root)).document == r"a\x1b[31m\x0a.md"


def test_a_file_over_the_limit_is_too_big(root: Path) -> None:
    write(root, "a.md", content="12345")

    assert only_file(FolderSource(root=root, max_file_bytes=5)).read() == b"12345"
    assert only_problem(FolderSource(root=root, max_file_bytes=4)).kind is ProblemKind.TOO_BIG


def test_a_file_that_grew_over_the_limit_is_too_big(root: Path) -> None:
    write(root, "a.md", content="12345")
    file = only_file(FolderSource(root=root, max_file_bytes=5))
    write(root, "a.md", content="123456")

    assert refusal(file).kind is ProblemKind.TOO_BIG


def test_a_file_that_is_gone_is_unreadable(root: Path) -> None:
    write(root, "a.md")
    file = only_file(FolderSource(root=root))
    (root / "a.md").unlink()

    error = refusal(file)

    assert error.kind is ProblemKind.UNREADABLE
    assert "removed" in error.reason


def test_a_file_replaced_by_a_link_is_not_followed(root: Path) -> None:
    write(root, "a.md")
    write(root.parent, "secret.md")
    file = only_file(FolderSource(root=root))
    (root / "a.md").unlink()
    (root / "a.md").symlink_to(root.parent / "secret.md")

    assert refusal(file).kind is ProblemKind.UNSAFE


def test_a_folder_replaced_by_a_link_is_not_followed(root: Path) -> None:
    write(root, "in/a.md")
    write(root.parent / "other", "a.md", content="secret")
    file = only_file(FolderSource(root=root))
    (root / "in").rename(root / "moved")
    (root / "in").symlink_to(root.parent / "other")

    assert refusal(file).kind is ProblemKind.UNSAFE


def test_a_file_replaced_by_a_pipe_is_unreadable_and_does_not_block(root: Path) -> None:
    write(root, "a.md")
    file = only_file(FolderSource(root=root))
    (root / "a.md").unlink()
    os.mkfifo(root / "a.md")

    assert refusal(file).kind is ProblemKind.UNREADABLE


@pytest.fixture
def locked(root: Path) -> Iterator[Path]:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    write(root, "in/a.md")
    yield root
    (root / "in").chmod(0o700)
    (root / "in/a.md").chmod(0o600)


def test_a_file_without_permission_is_unreadable(locked: Path) -> None:
    (locked / "in/a.md").chmod(0)

    error = refusal(only_file(FolderSource(root=locked)))

    assert error.kind is ProblemKind.UNREADABLE
    assert "permissions" in error.reason


def test_a_folder_without_permission_is_a_problem(locked: Path) -> None:
    (locked / "in").chmod(0)

    problem = only_problem(FolderSource(root=locked))

    assert (problem.document, problem.kind) == ("in", ProblemKind.UNREADABLE)


def changing(monkeypatch: pytest.MonkeyPatch, path: Path, times: int) -> None:
    """Let *path* grow just after each of the first *times* that it is opened and looked at."""
    seen = 0
    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        nonlocal seen
        status = real(descriptor)
        seen += 1
        # Each reading looks twice: before and after.
        if seen % 2 and seen < 2 * times:
            with path.open("a") as file:
                file.write("+")
        return status

    monkeypatch.setattr(os, "fstat", fstat)


def test_a_file_that_changes_once_while_it_is_read_is_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, "a.md")
    file = only_file(FolderSource(root=root))
    changing(monkeypatch, root / "a.md", times=1)

    assert file.read() == b"text+"


def test_a_file_that_keeps_changing_is_unreadable(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, "a.md")
    file = only_file(FolderSource(root=root))
    changing(monkeypatch, root / "a.md", times=2)

    error = refusal(file)

    assert error.kind is ProblemKind.UNREADABLE
    assert "changed while it was read" in error.reason
