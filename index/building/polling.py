"""When each service is asked again while the sources are watched."""

import time
from collections.abc import Callable, Sequence

from footnote_qa.index.sources import BUILT_IN, SourceSpec, key_of

_LEAST_S = 10.0  # between two syncs of a service that calls often
USUAL_S = 600.0
"""Seconds between two syncs of a service whose settings name no other time."""


class Polling:
    """Knows which services are due; one that is asked is due again after its own time.

    Args:
        specs: All sources; those that are no services are left to others.
        now: Seconds on a clock that never goes back.
    """

    def __init__(
        self, specs: Sequence[SourceSpec], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._every = {
            key_of(spec): spec.every or USUAL_S for spec in specs if spec.kind not in BUILT_IN
        }
        self._now = now
        self._asked: dict[str, float] = {}
        self._called: set[str] = set()

    @property
    def every_s(self) -> float | None:
        """The shortest time between two syncs; None if there is no service."""
        return min(self._every.values(), default=None)

    def wake(self, key: str) -> None:
        """Let a service be asked soon, because it says that something has changed."""
        self._called.add(key)

    def is_awaited(self) -> bool:
        """Return whether a service that was woken can be asked now."""
        return any(
            self._now() - self._asked.get(key, -_LEAST_S) >= _LEAST_S for key in tuple(self._called)
        )

    def is_due(self, key: str) -> bool:
        """Return whether the service with this key is asked now, and take it as asked if so."""
        now, last = self._now(), self._asked.get(key)
        every = _LEAST_S if key in self._called else self._every.get(key, USUAL_S)
        if last is not None and now - last < every:
            return False
        self._called.discard(key)
        self._asked[key] = now
        return True
