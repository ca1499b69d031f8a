"""Things that only whoever runs Footnote can do; the command line hands them in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from footnote_qa.index.storage import IndexDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check of the setup.

    Attributes:
        name: The thing that was checked.
        well: Whether it works as it is.
        message: The result; if it is not well, also the next step.
    """

    name: str
    well: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Access to the index and its surroundings.

    Attributes:
        directory: Opens the folder of all generations; raises `IndexingError`.
        examine: Checks the setup; may take seconds.
        spending: Says what models cost today, in lines.
    """

    directory: Callable[[], IndexDirectory]
    examine: Callable[[], Sequence[Finding]] = field(default=lambda: ())
    spending: Callable[[], Sequence[str]] = field(default=lambda: ())
