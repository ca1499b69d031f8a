"""The folder of generations on this machine, kept equal to an object store."""

import logging
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock

from footnote_qa.index.access import ACCESS
from footnote_qa.index.atomic_files import fsync_path, private_folder
from footnote_qa.index.errors import (
    BuildRunningError,
    IndexDamagedError,
    IndexingError,
    IndexMissingError,
    ObjectStoreError,
    PromotionConflictError,
    StaleIndexError,
)
from footnote_qa.index.replication.generation_store import GenerationStore, Pointer
from footnote_qa.index.storage import (
    MANIFEST,
    IndexDirectory,
    Manifest,
    in_order,
    number_of,
    staged_name,
)

log = logging.getLogger(__name__)

_FETCHED = ".fetched"


class SharedIndexDirectory(IndexDirectory):
    """Generations of an object store, with those that this machine uses in a local folder.

    Readers only need the local folder, so they serve on while the store cannot be reached. A build
    starts from the generation that the store names, and is promoted there first.

    Args:
        root: The local folder.
        store: Where the generations are.
        keep: How many generations the store keeps of those that were in use.
        grace: How long the store keeps all others, such as uploads that were not finished.
    """

    def __init__(
        self, root: Path, store: GenerationStore, *, keep: int = 3, grace: timedelta
    ) -> None:
        super().__init__(root)
        self._store = store
        self._keep = keep
        self._grace = grace
        self._pointer = Pointer()
        self._manifests: dict[str, Manifest] = {}
        self._access_at: datetime | None = None

    @property
    def url(self) -> str:
        """Where the store is."""
        return self._store.url

    def in_store(self) -> str | None:
        """Return the name of the generation in use in the store; raises `ObjectStoreError`."""
        return next(iter(self._store.pointer().names), None)

    def refresh(
        self, *, repair: bool = False, prepare: Callable[[str], None] = lambda _: None
    ) -> bool:
        """Take over the generation that the store names; return whether it is another one.

        It is fetched, compared with its manifest, and only then used here. The generation used
        before stays on the disk.

        Args:
            repair: Compare a generation that is already here as well, and fetch it again if it is
                damaged.
            prepare: Called with the name of a new generation, after it was fetched and before it
                is used.

        Raises:
            ObjectStoreError: The store cannot be reached.
            IndexDamagedError: CURRENT or the generation in the store is damaged.
            StaleIndexError: The generation was made by other code.
            IndexingError: The folder cannot be written.
        """
        self._pointer = self._store.pointer()
        self._take_access()
        if not self._pointer.names:
            return False
        name = self._pointer.names[0]
        left = self.used()
        if name == left and name in self._folders() and not (repair and self._is_damaged(name)):
            return False  # nothing to write: the folder may be read-only
        with self._fetching():
            self._fetch(name)
            if name == left:
                return False
            prepare(name)
            super().promote(name)
        self._tidy({name, left})
        log.info("generation fetched", extra={"generation": name})
        return True

    def _take_access(self) -> None:
        """Take over who is in which group, and what is withheld, if the store has another table."""
        try:
            self._access_at = self._store.shared(self.root / ACCESS, known=self._access_at)
        except OSError as error:
            raise IndexingError(f"cannot write in {self.root}: {error.strerror}") from error

    def publish_access(self) -> None:
        """Let readers on other machines know who is in which group, and what is withheld."""
        path = self.root / ACCESS
        if path.exists():
            self._store.share(path)

    def refresh_best(self) -> None:
        """Take over the newest generation of the store that can be used.

        Raises:
            ObjectStoreError: The store cannot be reached.
            IndexDamagedError: None can be used, and there is none here.
            StaleIndexError: All were made by other code, and there is none here.
        """
        try:
            self.refresh(repair=True)
        except (IndexDamagedError, IndexMissingError, StaleIndexError) as error:
            log.error("newest generation cannot be used", extra={"fault": str(error)})  # noqa: TRY400 - its message says all
            if self.used() is not None:
                return
            for name in self._pointer.names[1:]:
                with suppress(IndexDamagedError, IndexMissingError, StaleIndexError):
                    with self._fetching():
                        self._fetch(name)
                        super().promote(name)
                    return
            raise

    def used(self) -> str | None:
        """Return the name of the generation in use on this machine; None if there is none."""
        try:
            return self.current()
        except IndexDamagedError:
            return None

    def _is_damaged(self, name: str) -> bool:
        try:
            return bool(self.verify(name))
        except (IndexDamagedError, IndexMissingError, StaleIndexError):
            return True

    @contextmanager
    def _fetching(self) -> Iterator[None]:
        """Let one process at a time write into the local folder what comes from the store."""
        try:
            private_folder(self.root)
            with FileLock(self.root / "fetch.lock", mode=0o600, fallback_to_soft=False):
                yield
        except OSError as error:
            raise IndexingError(f"cannot write in {self.root}: {error.strerror}") from error

    def _fetch(self, name: str) -> None:
        """Fetch a generation, unless it is here and intact."""
        if name in self._folders() and not self._is_damaged(name):
            return
        folder = self.root / f"{name}{_FETCHED}"
        for other in self.root.glob(f"*{_FETCHED}"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        self._store.fetch(name, folder, known=self._here())
        if name in self._folders() and not self.remove(name):
            raise IndexDamagedError(f"{self.root / name} is damaged and in use: restart the bot")
        folder.rename(self.root / name)
        fsync_path(self.root)

    def _here(self) -> list[tuple[Path, Manifest]]:
        found = []
        for name in self._folders():
            with suppress(IndexDamagedError, IndexMissingError, StaleIndexError):
                found.append((self.root / name, super().manifest(name)))
        return found

    def _tidy(self, kept: set[str | None]) -> None:
        """Remove what readers no longer need, unless a build is running here."""
        with suppress(BuildRunningError), super().locked():
            for name in self._folders():
                if name not in kept:
                    self.remove(name)

    # --- What a build or a rollback does ---

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock, and start from the generation that the store names.

        Raises:
            BuildRunningError: Another build holds the lock on this machine.
            ObjectStoreError: The store cannot be reached.
        """
        with super().locked():
            try:
                self.refresh()
            except (IndexDamagedError, IndexMissingError, StaleIndexError) as error:
                log.warning("generation of the store is not built on", extra={"fault": str(error)})
            if not self._pointer.names:
                self._adopt()
            for name in self._pointer.names:  # chunks get ids that none of them has had
                with suppress(IndexDamagedError, IndexMissingError, StaleIndexError):
                    self._learn(name)
            yield

    def _learn(self, name: str) -> Manifest:
        """Read a manifest of the store, or the one here if that generation is here."""
        if name in self._folders():
            return super().manifest(name)
        if name not in self._manifests:
            self._manifests[name] = self._store.manifest(name)
        return self._manifests[name]

    def _adopt(self) -> None:
        """Put the generation of this folder into an empty store, under a name of its own."""
        name = self.used()
        if name is None or self._is_damaged(name):
            return
        staged = self.stage()
        shutil.copytree(self.root / name, staged, dirs_exist_ok=True)
        (staged / MANIFEST).unlink()
        manifest = self.manifest(name)
        self.seal(staged, replace(manifest, generation=staged_name(staged)))
        self.promote(staged_name(staged))

    def new_name(self, number: int) -> str:
        """Return a name that no other builder uses for its generation of this number."""
        return f"{super().new_name(number)}-{secrets.token_hex(4)}"

    def names(self) -> list[str]:
        """Return the names of the generations here and of those in the store, oldest first."""
        return sorted({*super().names(), *self._pointer.names}, key=in_order)

    def manifest(self, name: str) -> Manifest:
        """Read a generation's manifest, here or in the store."""
        if name not in self._pointer.names:
            return super().manifest(name)
        try:
            return self._learn(name)
        except ObjectStoreError as error:
            raise IndexMissingError(str(error)) from error

    def served(self) -> str:
        """Return the name of the generation in use here; raises `IndexMissingError`."""
        name = self.current()
        if name is None:
            raise IndexMissingError(
                f"there is no index in {self.url}: run `footnote index build FOLDER`"
            )
        return name

    def kept(self, name: str) -> str:
        """Return *name* once that generation is here; raises `IndexMissingError`."""
        if name in self._pointer.names:
            with self._fetching():
                self._fetch(name)
            return name
        if name in self._folders() and "-" in name.removeprefix("gen-"):
            return name  # one that did not pass its gate, so it was not uploaded
        raise IndexMissingError(
            f"there is no generation {name!r} in {self.url}: run `footnote index generations`"
        )

    def _older(self) -> str:
        served = self.served()
        for name in sorted(self._pointer.names, key=in_order, reverse=True):
            if number_of(name) < number_of(served):
                with suppress(IndexDamagedError, IndexMissingError, StaleIndexError):
                    if self.manifest(self.kept(name)).passed:
                        return name
        raise IndexMissingError(
            f"no intact generation is older than {served}: run `footnote index generations`"
        )

    def promote(self, name: str) -> None:
        """Upload a generation and use it from now on, unless another builder was faster.

        Raises:
            PromotionConflictError: Another builder was; this generation is removed here.
            ObjectStoreError: The store cannot be reached.
        """
        self._store.upload(self.root / name, self.manifest(name))
        try:
            self._pointer = self._store.promote(name, self._pointer, keep=self._keep)
        except PromotionConflictError:
            if name not in self._pointer.names:
                self.remove(name)
            raise
        with self._fetching():
            super().promote(name)

    def collect(self, keep: int) -> list[str]:
        """Remove generations that are no longer needed, here and in the store."""
        removed: list[str] = []
        try:
            removed += super().collect(keep)
            removed += self._store.collect(self._pointer, grace=self._grace)
        except (ObjectStoreError, IndexDamagedError) as error:
            log.warning("store not tidied", extra={"fault": str(error)})
        return removed
