"""Generations in an object store: uploaded complete, promoted by a conditional write, collected."""

import logging
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final

from footnote_qa.index.atomic_files import fsync_path, private_folder, sha256_file
from footnote_qa.index.errors import (
    IndexDamagedError,
    IndexMissingError,
    ObjectStoreError,
    PromotionConflictError,
)
from footnote_qa.index.replication.object_store import ObjectStore, Version
from footnote_qa.index.storage import (
    MANIFEST,
    FileEntry,
    Manifest,
    faults,
    is_generation,
    parse_manifest,
)

log = logging.getLogger(__name__)

_CURRENT: Final = "CURRENT"
_SHARED: Final = "access"
_SETTLED: Final = timedelta(seconds=10)
_FOLDER: Final = "generations"
_MANY: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """The content of CURRENT.

    Attributes:
        names: The generation in use, then those that were in use before, the last one first.
        version: Of CURRENT itself; None if it does not exist.
    """

    names: tuple[str, ...] = ()
    version: Version | None = None


class GenerationStore:
    """All generations in an object store, and the one in use.

    Each generation is a folder whose manifest is written last. Its name is never used twice, so an
    object never changes. CURRENT alone is replaced, and only if nobody replaced it meanwhile.
    """

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._conditions_hold = False

    @property
    def url(self) -> str:
        """Where it is."""
        return self._objects.url

    def pointer(self) -> Pointer:
        """Read CURRENT.

        Raises:
            ObjectStoreError: The store cannot be reached.
            IndexDamagedError: CURRENT names no generation.
        """
        found = self._objects.read(_CURRENT)
        if found is None:
            return Pointer()
        names = tuple(found[0].decode("utf-8", errors="replace").split())
        if not names or not all(map(is_generation, names)):
            raise IndexDamagedError(
                f"CURRENT in {self.url} names no generation: delete it there, then run "
                "`footnote index build`"
            )
        return Pointer(names=names, version=found[1])

    def manifest(self, name: str) -> Manifest:
        """Read the manifest of a generation.

        Raises:
            ObjectStoreError: The store cannot be reached.
            IndexMissingError: There is no such generation, or its upload was not finished.
            IndexDamagedError: The manifest is not what was written.
            StaleIndexError: It was written by other code.
        """
        return self._manifest(name)[1]

    def _manifest(self, name: str) -> tuple[bytes, Manifest]:
        found = self._objects.read(_key(name, MANIFEST))
        if found is None:
            raise IndexMissingError(f"there is no generation {name} in {self.url}")
        manifest = parse_manifest(found[0], name, Path(_key(name, MANIFEST)))
        if wrong := [path for path in manifest.files if not _is_below(path)]:
            raise IndexDamagedError(f"the manifest of {name} in {self.url} names {wrong[0]!r}")
        return found[0], manifest

    def fetch(self, name: str, folder: Path, *, known: Iterable[tuple[Path, Manifest]]) -> None:
        """Copy a generation into *folder*, and compare every file with the manifest.

        What an earlier attempt left in *folder* is kept if it is right. Files that a generation on
        this machine also has are copied from there.

        Args:
            name: Which generation.
            folder: Gets the files, the manifest last.
            known: Generations on this machine, with their manifests.

        Raises:
            ObjectStoreError: The store cannot be reached.
            IndexMissingError: There is no such generation.
            IndexDamagedError: An object is missing, or is not what was written.
            StaleIndexError: It was written by other code.
            OSError: *folder* cannot be written.
        """
        content, manifest = self._manifest(name)
        near = {
            entry.sha256: source / path
            for source, its in known
            for path, entry in its.files.items()
        }
        for path, entry in manifest.files.items():
            target = folder / path
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if target.is_file() and sha256_file(target) == entry.sha256:
                continue
            if not _copied(near.get(entry.sha256), target, entry.sha256):
                self._download(_key(name, path), target, entry)
            fsync_path(target)
        (folder / MANIFEST).write_bytes(content)
        fsync_path(folder / MANIFEST)
        for one in folder.rglob("*"):
            one.chmod(0o700 if one.is_dir() else 0o600)
        if wrong := faults(folder, manifest):
            raise IndexDamagedError(f"{name} from {self.url} is damaged ({wrong[0]})")

    def _download(self, key: str, target: Path, entry: FileEntry) -> None:
        what = "is not what was written"
        try:
            if self._objects.read_into(key, target, size_bytes=entry.size_bytes) == entry.sha256:
                return
        except FileNotFoundError:
            what = "is missing"
        target.unlink(missing_ok=True)
        raise IndexDamagedError(
            f"{key} in {self.url} {what}: go back with `footnote index rollback`, or run "
            "`footnote index build --full`"
        )

    def upload(self, folder: Path, manifest: Manifest) -> None:
        """Copy a sealed generation into the store; its manifest follows when all else is there.

        Raises:
            ObjectStoreError: The store cannot be reached, or holds something else than was sent.
            PromotionConflictError: Another generation of this name is there.
        """
        name, content = manifest.generation, (folder / MANIFEST).read_bytes()
        earlier = self._objects.read(_key(name, MANIFEST))
        if earlier is not None and earlier[0] != content:
            raise PromotionConflictError(f"there is another {name} in {self.url}: build again")
        there = self._sizes(name)
        for path, entry in manifest.files.items():
            if earlier is None or there.get(path) != entry.size_bytes:
                self._objects.write_file(_key(name, path), folder / path)
        there = self._sizes(name)
        for path, entry in manifest.files.items():
            if there.get(path) != entry.size_bytes:
                raise ObjectStoreError(
                    f"{_key(name, path)} in {self.url} has {there.get(path, 0)} bytes, not "
                    f"{entry.size_bytes}: run the command again"
                )
        if earlier is None and self._objects.write_new(_key(name, MANIFEST), content) is None:
            found = self._objects.read(_key(name, MANIFEST))  # an answer that was lost, or another
            if found is None or found[0] != content:
                raise PromotionConflictError(f"there is another {name} in {self.url}: build again")

    def _sizes(self, name: str) -> dict[str, int]:
        prefix = _key(name, "")
        found = self._objects.objects(prefix.rstrip("/"))
        return {one.key.removeprefix(prefix): one.size_bytes for one in found}

    def promote(self, name: str, since: Pointer, *, keep: int) -> Pointer:
        """Use a generation from now on if CURRENT is still what it was.

        Args:
            name: A generation that is complete in the store.
            since: What CURRENT said when the work began.
            keep: How many names CURRENT holds at most.

        Raises:
            ObjectStoreError: The store cannot be reached, or ignores the conditions of writes.
            PromotionConflictError: CURRENT was changed meanwhile.
        """
        self._check_conditions()
        names = (name, *[one for one in since.names if one != name])[:keep]
        content = "".join(f"{one}\n" for one in names).encode()
        fault: ObjectStoreError | None = None
        try:
            if since.version is None:
                version = self._objects.write_new(_CURRENT, content)
            else:
                version = self._objects.replace(_CURRENT, content, known=since.version)
            if version is not None:
                return Pointer(names=names, version=version)
        except ObjectStoreError as error:
            fault = error
        now = self.pointer()
        if now.names == names:  # it was written, and the store's answer was lost
            return now
        if fault is not None:
            raise fault
        served = now.names[0] if now.names else "no generation"
        raise PromotionConflictError(
            f"another builder was faster: {served} is in use in {self.url}, and {name} was not put "
            "into use. Run the command again to start from there"
        )

    def _check_conditions(self) -> None:
        """Try whether the store refuses to overwrite what it should not."""
        if self._conditions_hold:
            return
        key = f"probe-{secrets.token_hex(8)}"
        first = self._objects.write_new(key, b"1")
        again = self._objects.write_new(key, b"2")
        if first is not None:
            wrong = {"e_tag": '"00000000000000000000000000000000"', "version": "1"}
            other = wrong if set(first) == {"e_tag"} else first | wrong
            again = again or self._objects.replace(key, b"3", known=other)
        self._objects.remove([key])
        if first is None or again is not None:
            raise ObjectStoreError(
                f"{self.url} ignores the conditions If-Match and If-None-Match, so two builders "
                "could overwrite each other: use a store that knows them"
            )
        self._conditions_hold = True

    def share(self, path: Path) -> None:
        """Write the table of groups and withheld documents, for readers on other machines.

        Raises:
            ObjectStoreError: The store cannot be reached.
        """
        self._objects.write_file(f"{_SHARED}/{path.name}", path)

    def shared(self, path: Path, *, known: datetime | None) -> datetime | None:
        """Take over the table, unless it is the one of the time *known*; return its time.

        Raises:
            ObjectStoreError: The store cannot be reached.
            OSError: *path* cannot be written.
        """
        key = f"{_SHARED}/{path.name}"
        found = next((one for one in self._objects.objects(_SHARED) if one.key == key), None)
        if found is None or found.modified_at == known:
            return None if found is None else known
        read = self._objects.read(key)
        if read is not None and not (path.exists() and path.read_bytes() == read[0]):
            private_folder(path.parent)
            scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            scratch.touch(mode=0o600)
            scratch.write_bytes(read[0])
            scratch.replace(path)
        # Within one second it can be written twice
        is_settled = datetime.now(UTC) - found.modified_at > _SETTLED
        return found.modified_at if is_settled else None

    def collect(self, pointer: Pointer, *, grace: timedelta) -> list[str]:
        """Remove generations that CURRENT does not name and that nobody has written to lately.

        Args:
            pointer: What CURRENT says.
            grace: How long ago the last of their objects must have been written; an upload must
                not take longer than that between two files.

        Returns:
            Names of those removed.
        """
        removed = []
        since = datetime.now(UTC) - grace
        for name in self._objects.folders(_FOLDER):
            if name in pointer.names or not is_generation(name):
                continue
            found = self._objects.objects(_key(name, "").rstrip("/"))
            if not found or max(one.modified_at for one in found) > since:
                continue
            if self.pointer().version != pointer.version:
                break  # somebody promotes, maybe this one
            self._objects.remove([_key(name, MANIFEST)])  # first: half of it is then no generation
            keys = [one.key for one in found]
            for start in range(0, len(keys), _MANY):
                self._objects.remove(keys[start : start + _MANY])
            removed.append(name)
        return removed


def _key(name: str, path: str) -> str:
    return f"{_FOLDER}/{name}/{path}"


def _is_below(path: str) -> bool:
    """Return whether a path of a manifest stays in its folder.

    >>> _is_below("lexical/meta.json"), _is_below("../x"), _is_below("/etc/x"), _is_below("")
    (True, False, False, False)
    """
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts


def _copied(source: Path | None, target: Path, sha256: str) -> bool:
    """Copy a file of another generation; return whether it was there and is right."""
    if source is None or not source.is_file():
        return False
    try:
        shutil.copyfile(source, target)
    except OSError:
        return False
    return sha256_file(target) == sha256
