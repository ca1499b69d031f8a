import hashlib
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.sources import SourceSpec, git, open_sources
from footnote_qa.index.sources.git import GitSource
from footnote_qa.index.types import Problem, ProblemKind, SourceFile

DAY_S = 86_400
START_S = 1_900_000_000


class Repository:
    """A repository whose commits are a day apart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commits = 0
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        seconds = START_S + self.commits * DAY_S
        who = {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": f"{seconds} +0000"}
        roles = {f"GIT_{r}_{k}": v for k, v in who.items() for r in ("AUTHOR", "COMMITTER")}
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", **roles},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def commit(self, **files: str | None) -> str:
        """Commit files, whose names are written with `__` for `/`; None removes one."""
        for key, text in files.items():
            path = self.folder / key.replace("__", "/").replace("_md", ".md")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True) if text is None else path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x")
        self.commits += 1
        return self.git("rev-parse", "HEAD").strip()

    def sign(self) -> None:
        """Put a signature, which git would have checked, on the newest commit."""
        facts, blank, words = self.git("cat-file", "commit", "HEAD").partition("\n\n")
        mark = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n xx\n -----END PGP SIGNATURE-----"
        path = self.folder / ".git/signed"
        path.write_text(f"{facts}\n{mark}{blank}{words}")
        commit = self.git("hash-object", "-t", "commit", "-w", str(path)).strip()
        self.git("update-ref", "HEAD", commit)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return Repository(tmp_path / "repo")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def files(source: GitSource) -> dict[str, SourceFile]:
    found = list(source.files())
    assert all(isinstance(one, SourceFile) for one in found), found
    return {one.document: one for one in found if isinstance(one, SourceFile)}


def only_problem(source: GitSource) -> Problem:
    (found,) = (one for one in source.files() if isinstance(one, Problem))
    return found


def test_the_files_of_the_commit_come_with_all_that_is_known(
    repository: Repository, cache: Path
) -> None:
    repository.commit(a_md="one", hr__Über_md="Grüße")
    repository.commit(a_md="two")
    (repository.folder / "a.md").write_text("not committed")

    found = files(
        GitSource(
            repository=str(repository.folder),
            cache=cache,
            prefix="wiki",
            url="https://x.test/blob/main/",
            audience=("hr",),
        )
    )

    assert list(found) == ["wiki/a.md", "wiki/hr/Über.md"]
    first, second = found.values()
    assert (first.read(), second.read()) == (b"two", "Grüße".encode())
    assert second.url == "https://x.test/blob/main/hr/%C3%9Cber.md"
    assert second.name == "Über.md"
    assert second.size_bytes == 7
    assert second.audience == ("hr",)
    assert second.modified_at == datetime.fromtimestamp(START_S, UTC)
    assert first.modified_at == datetime.fromtimestamp(START_S + DAY_S, UTC)
    assert [one.sha256 for one in found.values()] == [
        hashlib.sha256(one.read()).hexdigest() for one in found.values()
    ]


def test_another_branch_tag_or_commit_can_be_named(repository: Repository, cache: Path) -> None:
    old = repository.commit(a_md="one")
    repository.git("tag", "v1")
    repository.commit(a_md="two", b_md="x")

    for ref in (old, "v1", "main~1"):
        found = files(GitSource(repository=str(repository.folder), cache=cache, ref=ref))
        assert [one.read() for one in found.values()] == [b"one"], ref


def test_an_unchanged_file_is_neither_read_nor_looked_for_again(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(a_md="one", b_md="x")
    source = GitSource(repository=str(repository.folder), cache=cache)
    before = files(source)
    repository.commit(b_md="y", c_md=None)
    asked: list[set[str]] = []
    real = git._hashes

    def hashes(folder: Path, blobs: set[str]) -> dict[str, str]:
        asked.append(blobs)
        return real(folder, blobs)

    monkeypatch.setattr(git, "_hashes", hashes)

    after = files(source)
    again = files(source)

    blob = repository.git("rev-parse", "HEAD:b.md").strip()
    assert asked == [{blob}]
    assert after["a.md"].sha256 == before["a.md"].sha256
    assert after["a.md"].modified_at == before["a.md"].modified_at
    assert after["b.md"].sha256 == hashlib.sha256(b"y").hexdigest()
    assert {name: one.sha256 for name, one in again.items()} == {
        name: one.sha256 for name, one in after.items()
    }


@pytest.mark.parametrize("damage", [b"", b"[1]", b'{"a.md": 1}', b"\xff"])
def test_a_damaged_memory_is_made_again(repository: Repository, cache: Path, damage: bytes) -> None:
    repository.commit(a_md="one")
    source = GitSource(repository=str(repository.folder), cache=cache)
    before = files(source)
    (cache / "files.json").write_bytes(damage)

    assert files(source)["a.md"].sha256 == before["a.md"].sha256


@pytest.mark.slow
def test_thousands_of_files_are_read(repository: Repository, cache: Path) -> None:
    repository.commit(**{f"d__{number}_md": f"text {number}" for number in range(3000)})

    found = files(GitSource(repository=str(repository.folder), cache=cache))

    assert len(found) == 3000
    assert found["d/2999.md"].sha256 == hashlib.sha256(b"text 2999").hexdigest()


def test_a_copy_is_kept_of_a_repository_elsewhere_and_follows_it(
    repository: Repository, cache: Path
) -> None:
    repository.commit(a_md="one")
    source = GitSource(repository=repository.folder.as_uri(), cache=cache)
    assert files(source)["a.md"].read() == b"one"
    repository.git("commit", "--quiet", "--amend", "--message=rewritten")
    repository.commit(a_md="two")

    assert files(source)["a.md"].read() == b"two"


def test_patterns_choose_and_hidden_files_are_left_out(repository: Repository, cache: Path) -> None:
    names = ("a_md", "old__b_md", "in__c_md", "in__d.txt", ".github__e_md")
    repository.commit(**dict.fromkeys(names, "x"))

    chosen = GitSource(
        repository=str(repository.folder), cache=cache, include=("*.md",), exclude=("old",)
    )

    assert list(files(chosen)) == ["a.md", "in/c.md"]


def test_nothing_that_the_repository_brings_along_is_run(
    repository: Repository, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    tool = tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    tool.chmod(0o700)
    repository.commit(a_md="one", **{".gitattributes": "*.md filter=evil diff=evil export-subst\n"})
    keys = "core.fsmonitor core.pager core.sshCommand core.alternateRefsCommand diff.external"
    keys += " diff.evil.textconv filter.evil.smudge gpg.program"
    for key in keys.split():
        repository.git("config", key, str(tool))
    repository.git("config", "log.showSignature", "true")
    repository.sign()
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc", "post-index-change"):
        path = repository.folder / ".git/hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(tool.read_text())
        path.chmod(0o700)
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[core]\nhooksPath = {repository.folder / '.git/hooks'}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    ran.unlink(missing_ok=True)

    here = files(GitSource(repository=str(repository.folder), cache=cache / "1"))
    copied = files(GitSource(repository=repository.folder.as_uri(), cache=cache / "2"))

    assert here["a.md"].read() == copied["a.md"].read() == b"one"
    assert not ran.exists()


def test_a_missing_part_is_not_fetched_from_where_the_repository_says(
    repository: Repository, cache: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    repository.commit(a_md="one")
    blob = repository.git("rev-parse", "HEAD:a.md").strip()
    (repository.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for key, value in {
        "remote.origin.url": f"ext::touch {ran}",
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
        "protocol.ext.allow": "always",
    }.items():
        repository.git("config", key, value)

    with pytest.raises(SourceError):
        list(GitSource(repository=str(repository.folder), cache=cache).files())

    assert not ran.exists()


def test_a_link_is_unsafe(repository: Repository, cache: Path) -> None:
    (repository.folder / "passwd.md").symlink_to("/etc/passwd")
    repository.commit()

    problem = only_problem(GitSource(repository=str(repository.folder), cache=cache))

    assert (problem.document, problem.kind) == ("passwd.md", ProblemKind.UNSAFE)


def test_a_file_over_the_limit_is_too_big(repository: Repository, cache: Path) -> None:
    repository.commit(a_md="12345")

    here = str(repository.folder)
    assert files(GitSource(repository=here, cache=cache, max_file_bytes=5))
    problem = only_problem(GitSource(repository=here, cache=cache, max_file_bytes=4))
    assert problem.kind is ProblemKind.TOO_BIG


def test_a_pointer_to_a_large_file_is_no_text(repository: Repository, cache: Path) -> None:
    repository.commit(a_md="version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n")

    with pytest.raises(UnreadableDocumentError, match="Git LFS"):
        files(GitSource(repository=str(repository.folder), cache=cache))["a.md"].read()


def test_a_folder_in_a_repository_is_not_taken_for_one(repository: Repository, cache: Path) -> None:
    repository.commit(in__a_md="x")

    with pytest.raises(SourceError, match="git cannot read"):
        list(GitSource(repository=str(repository.folder / "in"), cache=cache).files())


@pytest.mark.parametrize("ref", ["nowhere", "--all", "HEAD:a.md"])
def test_a_wrong_commit_is_reported(repository: Repository, cache: Path, ref: str) -> None:
    repository.commit(a_md="x")

    with pytest.raises(SourceError, match="git cannot read"):
        list(GitSource(repository=str(repository.folder), cache=cache, ref=ref).files())


def test_a_missing_repository_is_reported(tmp_path: Path, cache: Path) -> None:
    for where in (str(tmp_path / "nowhere"), (tmp_path / "nowhere").as_uri()):
        with pytest.raises(SourceError, match="git cannot read"):
            list(GitSource(repository=where, cache=cache).files())


def test_git_is_opened_by_its_kind(repository: Repository, cache: Path) -> None:
    repository.commit(a_md="x")
    specs = [SourceSpec(path=str(repository.folder), kind="git"), SourceSpec(path=str(cache))]

    source, _ = open_sources(specs, max_file_bytes=100, cache=cache)

    assert [one.document for one in source.files()] == ["repo/a.md"]
    assert [path.name[:4] for path in cache.iterdir()] == ["git-"]
