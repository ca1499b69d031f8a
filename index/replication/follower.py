"""Look for a new generation in the object store in the background, and fetch it."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from footnote_qa.index.errors import IndexingError, ObjectStoreError
from footnote_qa.index.replication.shared_directory import SharedIndexDirectory

log = logging.getLogger(__name__)

_LONGEST_S: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreState:
    """How the last looks into the store went.

    Attributes:
        fault: Why the last one failed; "" if it did not.
        seconds: Seconds since the last one that did not fail.
    """

    fault: str
    seconds: float


class Follower:
    """Fetches each new generation while the one before is in use.

    Args:
        directory: The local folder, up to date.
        every_s: Seconds between two looks; up to ten minutes while a generation is damaged, since
            each look then fetches it again.
        prepare: Called with the name of a new generation once it is on the disk; what uses the
            index opens it there, before it is used.

    Attributes:
        wait_s: Seconds until the next look.
    """

    def __init__(
        self,
        directory: SharedIndexDirectory,
        *,
        every_s: float,
        prepare: Callable[[str], None],
    ) -> None:
        self._directory = directory
        self._every_s = every_s
        self._prepare = prepare
        self._fault = ""
        self.wait_s = every_s
        self._well_s = time.monotonic()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index-store", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()

    def state(self) -> StoreState:
        """Return how the last looks into the store went."""
        return StoreState(fault=self._fault, seconds=time.monotonic() - self._well_s)

    def look(self) -> None:
        """Look once: fetch a new generation, or note why that failed."""
        try:
            self._directory.refresh(prepare=self._prepare)
        except ObjectStoreError as error:
            self.wait_s = self._every_s
            self._note(str(error))
        except Exception as error:  # noqa: BLE001 - whatever the store does, questions are answered
            self.wait_s = min(self.wait_s * 2, max(self._every_s, _LONGEST_S))
            self._note(str(error) if isinstance(error, IndexingError) else repr(error))
        else:
            self.wait_s = self._every_s
            self._well_s = time.monotonic()
            if self._fault:
                log.info("index store can be used again", extra={"store": self._directory.url})
            self._fault = ""

    def _note(self, fault: str) -> None:
        if fault != self._fault:  # once, not at every look
            log.warning("index store not followed, the index stays in use", extra={"fault": fault})
        self._fault = fault

    def _run(self) -> None:
        while not self._ending.wait(self.wait_s):
            self.look()
