"""A circuit breaker: a supplier that fails again and again is left alone for a while."""

import threading
import time
from collections.abc import Callable
from typing import Final

FAILURES: Final = 5
PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 300.0
"""A supplier that asks for an hour is probed after this long all the same."""


class Breaker:
    """Says whether a supplier may be asked.

    Closed, everybody may ask. After some failures in a row it is open, and nobody may. When the
    pause is over one question goes through as a probe, and its outcome closes or opens it again.

    Args:
        now: Seconds on a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: float | None = None
        self._probe_until: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether everybody may ask."""
        return self._open_until is None

    def admit(self) -> bool:
        """Whether this question may ask; after a pause that is true for one question only."""
        with self._lock:
            if self._open_until is None:
                return True
            if self._now() < max(self._open_until, self._probe_until or 0.0):
                return False
            # A probe whose outcome never comes, since its process was stopped, blocks no other
            self._probe_until = self._now() + PAUSE_S
            return True

    def succeeded(self) -> None:
        """Close: the supplier works."""
        with self._lock:
            self._failures, self._open_until, self._probe_until = 0, None, None

    def failed(self, retry_after_s: float | None = None) -> None:
        """Count a failure; with *retry_after_s* the supplier itself asks for a pause."""
        with self._lock:
            self._failures += 1
            was_open = self._open_until is not None
            if was_open or self._failures >= FAILURES or retry_after_s is not None:
                pause_s = PAUSE_S if retry_after_s is None else retry_after_s
                self._open_until = self._now() + min(pause_s, LONGEST_PAUSE_S)
                self._probe_until = None
