"""Wait while a database cannot be reached, with growing pauses and few lines in the log."""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from footnote_qa.bot.errors import StoreUnavailableError

log = logging.getLogger(__name__)

PATIENCE_S: Final = 75.0
"""A failover takes half a minute; after this time, callers get the error."""

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0
LOG_EVERY_S: Final = 10.0

T = TypeVar("T")


class Outages:
    """Knows whether the database can be reached; may be used from any thread.

    Args:
        where: The database, without secrets.
        now: Seconds on a clock that never goes back.
        sleep: Waits this many seconds.
    """

    def __init__(
        self,
        where: str,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._where = where
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._began: float | None = None
        self._ended: float | None = None
        self._logged = 0.0

    def lasting_s(self) -> float:
        """Return how long the present outage lasts; 0 if there is none."""
        with self._lock:
            return 0.0 if self._began is None else max(self._now() - self._began, 1e-6)

    def over_s(self) -> float:
        """Return the seconds since the last outage ended; infinite if there was none."""
        with self._lock:
            return float("inf") if self._ended is None else self._now() - self._ended

    def failed(self, error: Exception) -> None:
        """Note that the database could not be reached."""
        with self._lock:
            now = self._now()
            if self._began is None:
                self._began = now
            elif now - self._logged < LOG_EVERY_S:
                return
            self._logged = now
            seconds = round(now - self._began, 1)
        details = {"database": self._where, "seconds": seconds, "reason": str(error)}
        log.warning("the state cannot be reached: questions wait", extra=details)

    def succeeded(self) -> None:
        """Note that the database was reached."""
        with self._lock:
            began, self._began = self._began, None
            if began is None:
                return
            seconds = round(self._now() - began, 1)
            self._ended = self._now()
        details = {"database": self._where, "seconds": seconds}
        log.warning("the state can be reached again", extra=details)

    def wait_out(self, work: Callable[[], T]) -> T:
        """Do *work* until the database can be reached; raise its error if that takes too long."""
        pause_s = FIRST_PAUSE_S
        deadline = self._now() + PATIENCE_S
        while True:
            try:
                return work()
            except StoreUnavailableError:
                # Whoever comes late in a long outage does not wait as long again.
                if self._now() + pause_s > deadline or self.lasting_s() > PATIENCE_S:
                    raise
            self._sleep(pause_s * random.uniform(0.7, 1.3))  # noqa: S311 replicas come back apart
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
