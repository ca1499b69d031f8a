"""The files of one commit of a git repository, as a source of documents."""

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, cast

from footnote_qa.index.atomic_files import private_folder, replace_text
from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.sources.names import (
    address,
    is_hidden,
    is_printable,
    prefixed,
    printable,
    too_big,
)
from footnote_qa.index.sources.patterns import takes
from footnote_qa.index.types import Problem, ProblemKind, SourceFile

# Programs that a repository's own settings could run are disabled; arguments override settings.
_SAFE = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "log.showSignature=false"),
    *("-c", "core.quotePath=false"),
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
)
_REMOTE = re.compile(r"(?:https?|ssh|file)://|[\w.-]+@[\w.-]+:")
_REMOTE_PROTOCOLS = "https:http:ssh:file"
# Fetching writes into this file, and a cache copied by links would share it.
_NO_NOTE = "--no-write-fetch-head"
_FETCH_TIMEOUT_S = 1800.0
_TIMEOUT_S = 600.0
_LINK, _SUBMODULE = "120000", "160000"
_LARGE_FILE_MARK = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    path: str
    mode: str
    blob: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Cached facts about a file, valid as long as its blob is the same."""

    blob: str
    sha256: str
    committed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSource:
    """The files of one commit; nothing is checked out, and no hook or filter runs.

    Facts about each blob are cached, so that an unchanged file is neither read nor looked up in the
    history again.

    Attributes:
        repository: Folder of a repository, or the URL of one, which is then copied to `cache`.
        cache: The source's own folder for data kept between builds.
        ref: Branch, tag or commit.
        include: Patterns; a path must match them.
        exclude: Patterns; neither a path nor a folder above it may match them.
        prefix: Put before each document's id; empty if there is one source only.
        url: Address of the root, to which a document's path is added; None if it has none.
        audience: Groups that may see the documents; empty means everybody.
        max_file_bytes: Largest file that is read.
    """

    repository: str
    cache: Path
    ref: str = "HEAD"
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    prefix: str = ""
    url: str | None = None
    audience: tuple[str, ...] = ()
    max_file_bytes: int = 100_000_000

    def files(self) -> Iterator[SourceFile | Problem]:
        """Yield every file of the commit, sorted by document, and a problem for each one skipped.

        Raises:
            SourceError: If there is no such repository or no such commit.
        """
        folder, ref = self._folder()
        commit = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}")
        entries = {entry.path: entry for entry in _entries(folder, commit.decode().strip())}
        chosen = [entry for path, entry in entries.items() if self._is_chosen(path)]
        known = self._known(folder, commit.decode().strip(), chosen)
        found = [self._file(folder, entry, known) for entry in chosen]
        yield from sorted(found, key=lambda one: one.document)

    def _folder(self) -> tuple[Path, str]:
        """Return the folder of the repository and the name of the commit there."""
        if not _REMOTE.match(self.repository):
            return Path(self.repository), self.ref
        private_folder(self.cache)
        copy = self.cache / "copy.git"
        if not copy.is_dir():
            _git(self.cache, "init", "--quiet", "--bare", "--template=", "copy.git")
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--prune", _NO_NOTE)
        # With a plus, because a branch may have been rewritten.
        _git(copy, "fetch", *options, "--", self.repository, f"+{self.ref}:refs/heads/footnote")
        return copy, "refs/heads/footnote"

    def _is_chosen(self, path: str) -> bool:
        names = path.split("/")
        return not any(map(is_hidden, names)) and takes(path, self.include, self.exclude)

    def _known(self, folder: Path, commit: str, entries: Sequence[_Entry]) -> Mapping[str, _Known]:
        """Return hash and time of each readable file; only new blobs are looked up."""
        memory = self.cache / "files.json"
        before = _remembered(memory)
        wanted = [entry for entry in entries if self._unfit(entry) is None]
        known = {
            entry.path: before[entry.path]
            for entry in wanted
            if entry.path in before and before[entry.path].blob == entry.blob
        }
        fresh = [entry for entry in wanted if entry.path not in known]
        if fresh:
            times = _commit_times(folder, commit, {entry.path for entry in fresh})
            hashes = _hashes(folder, {entry.blob for entry in fresh})
            known |= {
                entry.path: _Known(
                    blob=entry.blob,
                    sha256=hashes[entry.blob],
                    committed_at=times.get(entry.path, 0),
                )
                for entry in fresh
            }
        if known != before:
            private_folder(self.cache)
            rows = {path: [one.blob, one.sha256, one.committed_at] for path, one in known.items()}
            replace_text(memory, json.dumps(rows))
        return known

    def _unfit(self, entry: _Entry) -> tuple[ProblemKind, str] | None:
        if entry.mode == _LINK:
            return ProblemKind.UNSAFE, "it is a link; put the file there instead"
        if entry.mode == _SUBMODULE:
            reason = "it is a submodule; add it as a source of its own"
            return ProblemKind.UNSUPPORTED, reason
        if not is_printable(entry.path) or ".." in entry.path.split("/"):
            return ProblemKind.UNSAFE, "its name is not valid text; rename it"
        if entry.size_bytes > self.max_file_bytes:
            return ProblemKind.TOO_BIG, too_big(entry.size_bytes, self.max_file_bytes)
        return None

    def _file(
        self, folder: Path, entry: _Entry, known: Mapping[str, _Known]
    ) -> SourceFile | Problem:
        document = prefixed(self.prefix, printable(entry.path))
        unfit = self._unfit(entry)
        if unfit is not None:
            return Problem(document=document, kind=unfit[0], reason=unfit[1])
        seconds = known[entry.path].committed_at
        return SourceFile(
            document=document,
            name=entry.path.rpartition("/")[2],
            title=None,
            size_bytes=entry.size_bytes,
            modified_at=datetime.fromtimestamp(seconds, UTC) if seconds else None,
            url=address(self.url, entry.path),
            audience=self.audience,
            read=partial(_read, folder, entry.blob),
            sha256=known[entry.path].sha256,
        )


def _git(folder: Path, *arguments: str) -> bytes:
    """Run git in *folder* and return its output; raises `SourceError`."""
    try:
        done = subprocess.run(  # noqa: S603  no shell, and no argument comes from a document
            ["git", *_SAFE, *arguments],  # noqa: S607  the git on the user's PATH
            cwd=folder,
            env=_environment(folder, is_remote=arguments[0] == "fetch"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_FETCH_TIMEOUT_S if arguments[0] == "fetch" else _TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(
            f"git cannot read {folder} ({type(error).__name__}): check that git is installed and"
            " the repository is there"
        ) from error
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip().split("\n")[-1]
        raise SourceError(f"git cannot read {folder}: {printable(complaint)}")
    return done.stdout


def _environment(folder: Path, *, is_remote: bool) -> dict[str, str]:
    # A git hook or alias that runs Footnote would point git at its own repository.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(("GIT_SSH", "GIT_CONFIG_", "GIT_ASKPASS"))
    }
    return inherited | {
        "GIT_ALLOW_PROTOCOL": _REMOTE_PROTOCOLS if is_remote else "none",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        # Use only the folder itself, not a repository that the folder is inside of.
        "GIT_CEILING_DIRECTORIES": str(folder.resolve().parent),
        "LC_ALL": "C",
    }


def _entries(folder: Path, commit: str) -> Iterator[_Entry]:
    listed = _git(folder, "ls-tree", "-r", "-z", "-l", "--full-tree", commit)
    for row in os.fsdecode(listed).split("\0"):
        facts, _, path = row.partition("\t")
        if path:
            mode, _, blob, size = facts.split()
            yield _Entry(
                path=path, mode=mode, blob=blob, size_bytes=int(size) if size.isdecimal() else 0
            )


def _commit_times(folder: Path, commit: str, paths: set[str]) -> dict[str, int]:
    """Return when each of *paths* was last changed, in seconds since 1970."""
    told = _git(folder, "log", "-z", "--format=%x01%ct", "--name-only", "--no-renames", commit)
    times: dict[str, int] = {}
    seconds = 0
    for word in os.fsdecode(told).split("\0"):
        if word.startswith("\x01") and word[1:].strip().isdecimal():
            seconds = int(word[1:])
        elif (path := word.removeprefix("\n")) in paths:
            times.setdefault(path, seconds)  # the newest commit comes first
    return times


def _hashes(folder: Path, blobs: set[str]) -> dict[str, str]:
    """Return the SHA-256 of each blob's bytes, all read by one process."""
    return {blob: hashlib.sha256(content).hexdigest() for blob, content in _contents(folder, blobs)}


def _contents(folder: Path, blobs: set[str]) -> Iterator[tuple[str, bytes]]:
    # A file, not a pipe: git would wait for us to read, while we wait for git to read.
    with tempfile.TemporaryFile() as wanted:
        wanted.write("".join(f"{blob}\n" for blob in sorted(blobs)).encode())
        wanted.seek(0)
        yield from _batch(folder, wanted)


def _batch(folder: Path, wanted: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    with subprocess.Popen(  # noqa: S603  as above
        ["git", *_SAFE, "cat-file", "--batch", "--buffer"],  # noqa: S607  as above
        cwd=folder,
        env=_environment(folder, is_remote=False),
        stdin=wanted,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        answers = cast("IO[bytes]", process.stdout)  # with PIPE it is not None
        while header := answers.readline():
            name, kind, *size = header.decode().split()
            if kind != "blob":
                raise SourceError(f"{folder} lacks an object ({name}): run `git fsck` there")
            yield name, answers.read(int(size[0]))
            answers.read(1)


def _read(folder: Path, blob: str) -> bytes:
    try:
        content = _git(folder, "cat-file", "blob", blob)
    except SourceError as error:
        raise UnreadableDocumentError(
            ProblemKind.UNREADABLE, "git can no longer read it; build again"
        ) from error
    if content.startswith(_LARGE_FILE_MARK):
        # Not "unreadable": every build would try it again in vain.
        raise UnreadableDocumentError(
            ProblemKind.UNSUPPORTED, "it is in Git LFS, and only its pointer is in the repository"
        )
    return content


def _remembered(memory: Path) -> dict[str, _Known]:
    try:
        rows = json.loads(memory.read_text(encoding="utf-8"))
        return {
            path: _Known(blob=str(blob), sha256=str(sha256), committed_at=int(seconds))
            for path, (blob, sha256, seconds) in rows.items()
        }
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # no cache yet, or a damaged one: everything is read again
