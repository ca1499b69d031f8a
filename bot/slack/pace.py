"""How often answers may be streamed, so that Slack's limits for the workspace are never reached."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

STARTS_A_MINUTE: Final = 15
"""Slack lets some 20 streams a minute start; answers beyond these are posted as a whole."""

APPENDS_A_MINUTE: Final = 80
"""Slack allows some 100 a minute, all streams together."""

SHORTEST_S: Final = 1.0
MINUTE_S: Final = 60.0


class Pace:
    """Shared by all streams of a process.

    Args:
        now: Seconds on a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.is_known = True  # whether the workspace has streaming at all
        self._starts: deque[float] = deque()
        self._active = 0

    def begin(self) -> bool:
        """Count one more stream, unless there were too many in the last minute."""
        now = self.now()
        while self._starts and now - self._starts[0] >= MINUTE_S:
            self._starts.popleft()
        if not self.is_known or len(self._starts) >= STARTS_A_MINUTE:
            return False
        self._starts.append(now)
        self._active += 1
        return True

    def end(self) -> None:
        """Count one stream less."""
        self._active -= 1

    def interval_s(self) -> float:
        """Return how long each stream waits between two pieces."""
        return max(SHORTEST_S, MINUTE_S * self._active / APPENDS_A_MINUTE)
