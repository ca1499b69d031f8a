"""Public names that were renamed: the old name works for two minor releases, and warns."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """A public name that was renamed.

    Attributes:
        instead: The name that replaces it, in `footnote_qa`.
        since: The release that renamed it.
        removed_in: The release that no longer has it, at least two minor releases later.
    """

    instead: str
    since: str
    removed_in: str


RENAMED: Mapping[str, Renamed] = {}
"""By old name; `docs/python-api.md` has the rules."""


def renamed(name: str, found: Renamed) -> object:
    """Return what replaces *name*, and warn whoever imports it."""
    warnings.warn(
        f"footnote_qa.{name} is called {found.instead} since {found.since}, and is removed in "
        f"{found.removed_in}",
        DeprecationWarning,
        stacklevel=3,
    )
    value: object = getattr(import_module("footnote_qa"), found.instead)
    return value
