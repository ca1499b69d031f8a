"""Slack's rate limits for streams, kept over all processes of the bot."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from footnote_qa.bot.errors import StoreError
from footnote_qa.bot.state import StreamCounter

log = logging.getLogger(__name__)

STARTS_A_MINUTE: Final = 15
"""Slack allows about 20 streams a minute; further answers are posted as one message."""

APPENDS_A_MINUTE: Final = 80
"""Slack allows about 100 calls a minute, all streams together."""

SHORTEST_S: Final = 1.0
MINUTE_S: Final = 60.0
COUNTED_EVERY_S: Final = 5.0


class StreamRateLimiter:
    """Limits the pace of all streams; `begin`, `end` and `look` may wait for the state.

    Args:
        now: Seconds on a clock that never goes back.
        shared: Counts the streams of all processes; None if there is only this one.
    """

    def __init__(
        self, now: Callable[[], float] = time.monotonic, shared: StreamCounter | None = None
    ) -> None:
        self.now = now
        self.is_known = True  # whether the workspace supports streaming
        self._shared = shared
        self._lock = threading.Lock()
        self._starts: deque[float] = deque()
        self._active = 0
        self._everywhere = 0
        self._looked_at = float("-inf")
        self._ids: list[str] = []

    def begin(self) -> bool:
        """Count one more stream, unless there were too many in the last minute."""
        with self._lock:
            now = self.now()
            while self._starts and now - self._starts[0] >= MINUTE_S:
                self._starts.popleft()
            if not self.is_known or len(self._starts) >= STARTS_A_MINUTE:
                return False
            if not self._begin_everywhere():
                return False
            self._starts.append(now)
            self._active += 1
            self._looked_at = float("-inf")
            return True

    def end(self) -> None:
        """Count one stream less."""
        with self._lock:
            self._active -= 1
            ended = self._ids.pop() if self._ids else None  # which one makes no difference
        if self._shared is None or ended is None:
            return
        try:
            self._shared.end(ended)
        except StoreError:  # it is counted for five minutes, then
            log.warning("end of a stream not counted", exc_info=True)

    def look(self) -> None:
        """Count the streams of all processes again, from time to time."""
        if self._shared is None or self.now() - self._looked_at < COUNTED_EVERY_S:
            return
        self._looked_at = self.now()
        try:
            self._everywhere = self._shared.active()
        except StoreError:
            log.warning("streams not counted", exc_info=True)

    def interval_s(self) -> float:
        """Return how long each stream waits between two pieces of text."""
        active = max(self._active, self._everywhere)
        return max(SHORTEST_S, MINUTE_S * active / APPENDS_A_MINUTE)

    def _begin_everywhere(self) -> bool:
        if self._shared is None:
            return True
        try:
            stream = self._shared.begin(most=STARTS_A_MINUTE, within_s=MINUTE_S)
        except StoreError:
            log.warning("stream not counted", exc_info=True)
            return False
        if stream is None:
            return False
        self._ids.append(stream)
        return True
