"""Watch documents for changes and rebuild the index once the changes have settled."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event

from watchfiles import watch

from footnote_qa.index.building.build import BuildResult
from footnote_qa.index.errors import (
    BuildRunningError,
    IndexingError,
    PromotionConflictError,
    SourceError,
)

_REST_MS = 500  # no change for this long: a file being saved or copied is complete
_LONGEST_MS = 10_000  # if changes never settle, they are taken after this long


def ticks(
    roots: Sequence[Path], *, every_s: float | None = None, stop: Event | None = None
) -> Iterator[bool]:
    """Yield a few times a second whether something below *roots* has changed since.

    Args:
        roots: Folders and files; hidden files below them are ignored.
        every_s: Report a possible change after this many seconds, for sources that send no
            change events, such as network drives; None never does.
        stop: Ends the watching.

    Raises:
        SourceError: One of *roots* is missing.
    """
    last = time.monotonic()
    missing = [str(root) for root in roots if not root.exists()]
    if missing:
        raise SourceError(f"there is no {missing[0]} to watch: check the path of the source")
    for changes in watch(
        # An editor replaces a file, and a watch on the old file then sees no more changes.
        *sorted({root if root.is_dir() else root.parent for root in roots}),
        watch_filter=lambda _change, path: _is_below(Path(path), roots),
        debounce=_LONGEST_MS,
        step=_REST_MS,
        stop_event=stop,
        rust_timeout=_REST_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
    ):
        is_due = every_s is not None and time.monotonic() - last >= every_s
        if changes or is_due:
            last = time.monotonic()
        yield bool(changes) or is_due


def _is_below(path: Path, roots: Iterable[Path]) -> bool:
    """Return whether *path* is one of *roots*, or below one and not hidden there."""
    return any(
        path.is_relative_to(root)
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        for root in roots
    )


def keep_built(
    changed: Iterable[bool],
    build: Callable[[], BuildResult],
    report: Callable[[BuildResult | IndexingError], None],
) -> None:
    """Build first and after every change; report failures and wait for the next change.

    Args:
        changed: Whether something changed since; the next value is read when a build is over.
        build: Runs a build. If another build is running, or was promoted meanwhile in an object
            store, the next value of *changed* starts it again.
        report: Called after each build.
    """
    is_due = True
    for has_changed in changed:
        is_due = is_due or has_changed
        if not is_due:
            continue
        try:
            report(build())
        except BuildRunningError:
            continue
        except PromotionConflictError as error:
            report(error)
            continue
        except IndexingError as error:
            report(error)
        is_due = False
