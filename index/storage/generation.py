"""Generations of the index on disk: written, sealed by a manifest, promoted, rolled back."""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from footnote_qa.index.access import AccessTable
from footnote_qa.index.atomic_files import (
    fsync_path,
    hold,
    private_folder,
    replace_text,
    sha256_file,
    unheld,
)
from footnote_qa.index.errors import (
    BuildRunningError,
    IndexDamagedError,
    IndexingError,
    IndexMissingError,
    StaleIndexError,
)
from footnote_qa.index.sources.sync import numbers_in
from footnote_qa.index.storage.manifest import (
    FORMAT,
    MANIFEST,
    FileEntry,
    GateCheck,
    Manifest,
    damaged,
    faults,
    read_manifest,
    write_manifest,
)
from footnote_qa.index.storage.names import in_order, is_generation, is_staged, number_of
from footnote_qa.index.storage.open_generation import (
    ENCODER,
    LEXICAL,
    PASSAGES,
    VECTORS,
    Generation,
)

__all__ = [
    "ENCODER",
    "FORMAT",
    "LEXICAL",
    "MANIFEST",
    "PASSAGES",
    "VECTORS",
    "GateCheck",
    "Generation",
    "IndexDirectory",
    "Manifest",
]

log = logging.getLogger(__name__)

_CURRENT = "CURRENT"


class IndexDirectory:
    """The folder that holds all generations and the name of the one in use.

    Attributes:
        root: The folder.
        access: Who is in which group of a source, and which documents nobody may see.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._current = root / _CURRENT
        self.access = AccessTable(root)

    @property
    def lock_path(self) -> Path:
        """The file that a build locks."""
        return self.root / "build.lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock: nobody else can build or promote here meanwhile.

        Raises:
            BuildRunningError: Another build holds the lock.
            IndexingError: The folder cannot be read or written.
        """
        try:
            private_folder(self.root)
            # A soft lock would outlive a killed build: never fall back to one.
            with FileLock(self.lock_path, timeout=0, mode=0o600, fallback_to_soft=False):
                yield
        except Timeout as error:
            raise BuildRunningError(
                f"another build is running in {self.root}: wait for it to end"
            ) from error
        except OSError as error:
            raise IndexingError(f"cannot write in {self.root}: {error.strerror}") from error

    def current(self) -> str | None:
        """Return the name of the generation in use, or None before the first."""
        try:
            name = self._current.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            fault = damaged(self._current, f"cannot be read ({error.strerror})")
            raise IndexDamagedError(fault) from error
        except UnicodeDecodeError as error:
            raise IndexDamagedError(damaged(self._current, "names no generation")) from error
        if not is_generation(name):
            raise IndexDamagedError(damaged(self._current, f"names no generation ({name[:40]!r})"))
        return name

    def served(self) -> str:
        """Return the name of the generation in use; raises `IndexMissingError`."""
        name = self.current()
        if name is None:
            raise IndexMissingError(
                f"there is no index in {self.root}: run `footnote index build FOLDER`"
            )
        return name

    def folder_in_use(self) -> Path | None:
        """Return the folder of the generation in use; None if there is none."""
        try:
            name = self.current()
        except IndexDamagedError:
            return None
        return None if name is None else self.root / name

    def current_mark(self) -> tuple[int, int, int] | None:
        """Return a value that changes whenever CURRENT is replaced; None if there is no CURRENT."""
        try:
            stat = self._current.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def names(self) -> list[str]:
        """Return the names of all sealed generations, oldest first."""
        return [name for name in self._folders() if (self.root / name / MANIFEST).is_file()]

    def _folders(self) -> list[str]:
        try:
            found = [path.name for path in self.root.iterdir() if is_generation(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise IndexDamagedError(damaged(self.root, f"cannot be read ({error})")) from error
        return sorted(found, key=in_order)

    def kept(self, name: str) -> str:
        """Return *name* if that generation is on disk; raises `IndexMissingError`."""
        if name not in self._folders():
            raise IndexMissingError(
                f"there is no generation {name!r} in {self.root}: run `footnote index generations`"
            )
        return name

    def manifest(self, name: str) -> Manifest:
        """Read a generation's manifest.

        Raises:
            IndexMissingError: There is no such generation.
            IndexDamagedError: The manifest cannot be read.
            StaleIndexError: It was written by other code.
        """
        return read_manifest(self.root / name)

    def readable(self) -> dict[str, Manifest]:
        """Return the manifests that can be read, by name, oldest first."""
        found = {}
        for name in self.names():
            try:
                found[name] = self.manifest(name)
            except (IndexDamagedError, IndexMissingError, StaleIndexError):
                continue
        return found

    def verify(self, name: str) -> list[str]:
        """Compare every file of a generation with its manifest; return the differences."""
        return faults(self.root / name, self.manifest(name))

    def open(self, name: str | None = None) -> Generation:
        """Check every checksum of a generation and open it; it is not removed while it is open.

        Args:
            name: Which generation; None opens the one in use.

        Raises:
            IndexMissingError: There is no such generation.
            IndexDamagedError: A file does not match the manifest.
            StaleIndexError: It was made by other code or another model.
        """
        name = name or self.served()
        folder = self.root / name
        try:
            held = hold(folder / MANIFEST)
        except FileNotFoundError as error:
            raise IndexMissingError(damaged(folder / MANIFEST, "is missing")) from error
        except OSError as error:
            fault = damaged(folder / MANIFEST, f"cannot be read ({error.strerror})")
            raise IndexDamagedError(fault) from error
        try:
            return self._open(name, held)
        except BaseException:
            os.close(held)
            raise

    def _open(self, name: str, held: int) -> Generation:
        folder = self.root / name
        wrong = self.verify(name)
        if wrong:
            raise IndexDamagedError(damaged(folder, f"is damaged ({wrong[0]})"))
        generation = Generation(folder, self.manifest(name), held=held)
        generation.withhold(self.access.withheld(generation.synced))
        return generation

    def open_best(self) -> Generation:
        """Open the generation in use or, if it is damaged, the newest promoted one that is intact.

        Raises:
            IndexMissingError: There is no generation at all.
            IndexDamagedError: None is intact.
        """
        try:
            return self.open()
        except (IndexDamagedError, StaleIndexError) as error:
            first = error
        except IndexMissingError as error:
            if not self.names():
                raise
            first = IndexDamagedError(str(error))
        for name in reversed(self.names()):
            try:
                if self.manifest(name).passed:
                    generation = self.open(name)
                    log.error(
                        "served an older generation",
                        extra={"generation": name, "fault": str(first)},
                    )
                    return generation
            except (IndexDamagedError, StaleIndexError, IndexMissingError):
                continue
        raise first

    def stage(self) -> Path:
        """Create the empty folder of the next generation and return it; remove earlier leftovers.

        Only the holder of the build lock may call this.
        """
        numbers = [0, *map(number_of, self.names()), *map(number_of, self._folders())]
        for path in list(self.root.iterdir()):
            if is_staged(path.name):
                numbers.append(number_of(path.name))
                shutil.rmtree(path, ignore_errors=True)
            elif path.name.startswith(f".{_CURRENT}."):
                path.unlink(missing_ok=True)
        folder = self.root / f"{self.new_name(max(numbers) + 1)}.staged"
        folder.mkdir(mode=0o700)
        return folder

    def new_name(self, number: int) -> str:
        """Return the name of the generation with this number."""
        return f"gen-{number:06d}"

    def seal(self, staged: Path, manifest: Manifest) -> Manifest:
        """Write the manifest, flush everything to disk and give the folder its final name."""
        files: dict[str, FileEntry] = {}
        for path in sorted(staged.rglob("*")):
            if path.is_file():
                path.chmod(0o600)
                fsync_path(path)
                entry = FileEntry(sha256=sha256_file(path), size_bytes=path.stat().st_size)
                files[path.relative_to(staged).as_posix()] = entry
            else:
                path.chmod(0o700)
                fsync_path(path)
        sealed = replace(manifest, files=files)
        write_manifest(staged, sealed)
        staged.rename(self.root / manifest.generation)
        fsync_path(self.root)
        return sealed

    def promote(self, name: str) -> None:
        """Use this generation from now on, in one step."""
        replace_text(self._current, f"{name}\n")

    def rollback(self, name: str | None = None, *, force: bool = False) -> Manifest:
        """Use another generation again, if all of its checksums are right.

        Args:
            name: Which generation; None takes the newest older intact one that passed its gate.
            force: Use the named generation even if it failed its gate.

        Raises:
            IndexMissingError: There is none.
            IndexDamagedError: It is damaged.
            IndexingError: It failed its gate.
        """
        with self.locked():
            chosen = self._older() if name is None else self.kept(name)
            wrong = self.verify(chosen)
            if wrong:
                raise IndexDamagedError(f"{chosen} is damaged ({wrong[0]}): choose another one")
            manifest = self.manifest(chosen)
            if not (manifest.passed or force):
                raise IndexingError(f"{chosen} did not pass its gate: add --force to serve it")
            self.promote(chosen)
        return manifest

    def _older(self) -> str:
        served = self.served()
        for name, manifest in reversed(self.readable().items()):
            if number_of(name) < number_of(served) and manifest.passed and not self.verify(name):
                return name
        raise IndexMissingError(
            f"no intact generation is older than {served}: run `footnote index generations`"
        )

    def collect(self, keep: int) -> list[str]:
        """Remove generations that are no longer needed; the caller must hold the build lock.

        These are kept: the generation in use and its parent, the newest *keep* that passed their
        gates, the newest of all, and those that a reader has open.

        Returns:
            Names of those removed.
        """
        try:
            current, manifests = self.current(), self.readable()
        except IndexDamagedError:  # the generation in use is unknown, so nothing is removed
            return []
        passed = [name for name, manifest in manifests.items() if manifest.passed]
        kept = {current, *passed[-keep:], *self.names()[-1:]}
        if current in manifests:
            kept.add(manifests[current].parent)
        return [name for name in self._folders() if name not in kept and self.remove(name)]

    def publish_access(self) -> None:
        """Let readers on other machines know who is in which group; here there are none."""

    def purge(self) -> tuple[list[str], list[str]]:
        """Remove every generation but the one in use.

        Returns:
            Names of those removed, and of those that a reader has open, which stay.

        Raises:
            BuildRunningError: A build is running.
        """
        with self.locked():
            served = self.served()
            others = [name for name in self._folders() if name != served]
            removed = [name for name in others if self.remove(name)]
            held = [name for name in others if name not in removed]
            if not held:
                # No generation is left in which these would have to be hidden
                self.access.forget_withheld(numbers_in(self.root / served))
        return removed, held

    def remove(self, name: str) -> bool:
        """Remove a generation unless a reader has it open; return whether it was removed."""
        folder = self.root / name
        manifest = folder / MANIFEST
        if manifest.exists():
            with unheld(manifest) as is_free:
                if not is_free:
                    return False
                # Deleted first, so that a kill never leaves half a generation behind.
                manifest.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        return True


def now() -> datetime:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
