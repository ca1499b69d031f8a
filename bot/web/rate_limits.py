"""Limit how often a session may ask, and how often a token may be guessed."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_MOST_KEYS: Final = 10_000
_PER_S: Final = 60.0


class RateLimit:
    """A bucket for each key, which fills evenly; may be called from one thread.

    Args:
        per_minute: How many in a minute, and how many at most in a row.
        now: Seconds on a clock that never goes back.

    >>> limit = RateLimit(per_minute=1, now=lambda: 0.0)
    >>> limit.wait_s("a"), limit.wait_s("a"), limit.wait_s("b")
    (0.0, 60.0, 0.0)
    """

    def __init__(self, *, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._now = now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Take one from the bucket of *key*; return 0, or the seconds until there is one."""
        now = self._now()
        left, at = self._left.pop(key, (self._most, now))
        left = min(self._most, left + (now - at) * self._most / _PER_S)
        allowed = left >= 1.0
        self._left[key] = (left - 1.0 if allowed else left, now)
        while len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        return 0.0 if allowed else round((1.0 - left) * _PER_S / self._most, 1)
