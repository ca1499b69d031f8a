"""A folder, or one file, as a source of documents."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.sources.ignoring import Ignored, is_tool_folder
from footnote_qa.index.sources.names import (
    address,
    is_hidden,
    is_printable,
    prefixed,
    printable,
    too_big,
)
from footnote_qa.index.sources.patterns import Patterns
from footnote_qa.index.types import Problem, ProblemKind, SourceFile

_NOT_A_FILE = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}
_TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSource:
    """The files below a folder.

    Patterns are those of `.gitignore` files and match the path relative to `root`. Everything that
    matches `exclude` is left out, with everything below it. Hidden files and folders are left out
    too, and so are links to other folders of the same source, whose files are found there. If
    `root` is a file, it is read whatever the patterns say.

    Attributes:
        root: The folder, or one file.
        include: Patterns; a file must match at least one.
        exclude: Patterns; neither a file nor a folder above it may match one.
        prefix: Put before each document's id, as `prefix/…`; empty if there is one source only.
        url: Address of the root, to which a document's path is added; None if it has none.
        audience: Groups that may see the documents; empty means everybody.
        max_file_bytes: Largest file that is read.
        skip_ignored: Leave out what the folder's `.gitignore` and `.footnoteignore` files name,
            and the folders of tools, such as `node_modules`.
        left_out: Files and folders that `skip_ignored` left out at the last look, by path.
    """

    root: Path
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    prefix: str = ""
    url: str | None = None
    audience: tuple[str, ...] = ()
    max_file_bytes: int = 100_000_000
    skip_ignored: bool = True
    left_out: list[str] = field(default_factory=list, init=False, compare=False, repr=False)

    def files(self) -> Iterator[SourceFile | Problem]:
        """Yield every file found, sorted by document, and a problem for each one that was skipped.

        Raises:
            SourceError: If the root is missing or may not be read.
        """
        root = _existing(self.root)
        self.left_out.clear()
        if root.is_dir():
            found = list(self._below(root, root))
        else:
            found = [self._file(self.root.name, root)]
        yield from sorted(found, key=lambda one: one.document)

    def _below(self, root: Path, top: Path) -> Iterator[SourceFile | Problem]:
        folders = [(top, Ignored())]
        while folders:
            folder, ignored = folders.pop()
            try:
                entries = list(os.scandir(folder))
            except OSError as error:
                yield self._unreadable_folder(_relative(folder, root), error)
                continue
            ignored = (
                ignored.below(folder, _relative(folder, root)) if self.skip_ignored else ignored
            )
            for entry in entries:
                path = Path(entry.path)
                relative = _relative(path, root)
                is_folder = entry.is_dir(follow_symlinks=False)
                if self._leaves_out(path, relative, ignored, is_folder=is_folder):
                    continue
                if not is_printable(relative):
                    yield self._problem(
                        relative, ProblemKind.UNSAFE, "its name is not valid text; rename it"
                    )
                elif is_folder:
                    folders.append((path, ignored))
                else:
                    yield from self._met(relative, path, root)

    def _unreadable_folder(self, relative: str, error: OSError) -> Problem:
        if relative == ".":
            raise SourceError(
                f"the folder {self.root} cannot be read ({error.strerror}): check its permissions"
            ) from error
        return self._problem(
            relative,
            ProblemKind.UNREADABLE,
            f"the folder cannot be read ({error.strerror}): check its permissions",
        )

    def _leaves_out(self, path: Path, relative: str, ignored: Ignored, *, is_folder: bool) -> bool:
        if self._is_excluded(relative, is_folder=is_folder):
            return True
        if not self._is_ignored(path, relative, ignored, is_folder=is_folder):
            return False
        self.left_out.append(prefixed(self.prefix, printable(relative)))
        return True

    def _is_excluded(self, relative: str, *, is_folder: bool) -> bool:
        name = relative.rpartition("/")[2]
        if is_hidden(name):
            return True
        # Folders above it were checked before their files were listed.
        return bool(self.exclude and Patterns(self.exclude).says(relative + "/" * is_folder))

    def _is_ignored(self, path: Path, relative: str, ignored: Ignored, *, is_folder: bool) -> bool:
        if not self.skip_ignored:
            return False
        if ignored.says(relative, is_folder=is_folder):
            return is_folder or self._includes(relative)
        return is_folder and is_tool_folder(path)

    def _includes(self, relative: str) -> bool:
        return Patterns(self.include).says(relative) is True

    def _met(self, relative: str, path: Path, root: Path) -> Iterator[SourceFile | Problem]:
        """Yield the file at *path*, or its problem; nothing if the patterns leave it out."""
        if path.is_symlink():
            try:
                target = path.resolve(strict=True)
            except (OSError, RuntimeError):  # RuntimeError: links in a circle
                reason = "it is a broken link; fix or remove it"
                yield self._problem(relative, ProblemKind.UNREADABLE, reason)
                return
            if not target.is_relative_to(root):
                reason = "it is a link out of the source; put the file there instead"
                yield self._problem(relative, ProblemKind.UNSAFE, reason)
                return
            if target.is_dir():
                yield from self._linked_folder(relative, path, target)
                return
            path = target
        if self._includes(relative):
            yield self._file(relative, path)

    def _linked_folder(self, relative: str, path: Path, target: Path) -> Iterator[Problem]:
        if path.is_relative_to(target):
            yield self._problem(
                relative,
                ProblemKind.UNREADABLE,
                "it is a link to a folder that contains it; remove it",
            )

    def _file(self, relative: str, path: Path) -> SourceFile | Problem:
        try:
            status = path.stat()
        except OSError as error:
            return self._problem(relative, ProblemKind.UNREADABLE, _why(error))
        kind = _NOT_A_FILE.get(stat.S_IFMT(status.st_mode))
        if kind is not None:
            return self._problem(relative, ProblemKind.UNREADABLE, f"it is {kind}, not a file")
        if status.st_size > self.max_file_bytes:
            return self._problem(
                relative, ProblemKind.TOO_BIG, too_big(status.st_size, self.max_file_bytes)
            )
        return SourceFile(
            document=prefixed(self.prefix, relative),
            name=relative.rpartition("/")[2],
            title=None,
            size_bytes=status.st_size,
            modified_at=_utc(status.st_mtime),
            url=address(self.url, relative),
            audience=self.audience,
            read=partial(_read, path, self.max_file_bytes),
        )

    def _problem(self, relative: str, kind: ProblemKind, reason: str) -> Problem:
        document = prefixed(self.prefix, printable(relative))
        return Problem(document=document, kind=kind, reason=reason)


def _existing(root: Path) -> Path:
    try:
        return root.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise SourceError(
            f"there is no file or folder {root}: check the path of the source"
        ) from error


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _utc(timestamp: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(timestamp, UTC)
    except (OverflowError, ValueError, OSError):  # a file can claim any year
        return None


def _read(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of *path* as of a single moment.

    Raises:
        UnreadableDocumentError: UNREADABLE, TOO_BIG, or UNSAFE if a link has taken its place.
    """
    try:
        for _ in range(_TRIES):
            content = _read_once(path, max_bytes)
            if content is not None:
                return content
    except OSError as error:
        kind = ProblemKind.UNSAFE if error.errno == errno.ELOOP else ProblemKind.UNREADABLE
        raise UnreadableDocumentError(kind, _why(error)) from error
    raise UnreadableDocumentError(
        ProblemKind.UNREADABLE, "it changed while it was read; the next build reads it again"
    )


def _read_once(path: Path, max_bytes: int) -> bytes | None:
    """Return the bytes of *path*; None if it changed while it was read."""
    if path.resolve() != path:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    # Follow no link and wait for no pipe: the file may have been replaced since it was listed.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path, flags), "rb") as file:  # noqa: PTH123  pathlib cannot open with flags
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise UnreadableDocumentError(ProblemKind.UNREADABLE, "it is no longer a file")
        content = file.read(max_bytes + 1)
        after = os.fstat(file.fileno())
    if len(content) > max_bytes:
        raise UnreadableDocumentError(ProblemKind.TOO_BIG, too_big(after.st_size, max_bytes))
    is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return content if is_same and len(content) == after.st_size else None


def _why(error: OSError) -> str:
    known = {
        errno.EACCES: "it cannot be read: check its permissions",
        errno.ENOENT: "it was removed while the folder was read",
        errno.ELOOP: "a link has taken its place; put the file there instead",
    }
    return known.get(error.errno or 0, f"it cannot be read: {error.strerror}")
