"""What changed in the documents since the index was built, looked at now and then."""

import logging
import threading
from collections.abc import Callable
from typing import Final, Self

log = logging.getLogger(__name__)

EVERY_S: Final = 300.0


class Freshness:
    """Looks aside, so that no question waits for it.

    Args:
        look: Says in words what changed; "" if nothing did. May take long, and may fail.
        every_s: How long to wait between two looks.
    """

    def __init__(self, look: Callable[[], str], *, every_s: float = EVERY_S) -> None:
        self._look = look
        self._every_s = every_s
        self._told = ""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="freshness", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()

    def told(self) -> str:
        """Return what the last look saw."""
        return self._told

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._told = self._look()
            except Exception:  # whatever a source does, answering goes on
                log.warning("documents not looked at", exc_info=True)
                self._told = ""
            self._ending.wait(self._every_s)
