"""Where documents come from: a description that a generation remembers, and how to open it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.sources.folder import FolderSource
from index.types import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """A folder or a file of documents, as the settings or the command line name it.

    Attributes:
        path: Absolute path.
        name: Put before its documents' ids when there are several sources.
        include: Globs of the files to take.
        exclude: Globs of the files to leave out.
        url: Where a person finds the folder; a document's path is appended.
        audience: Groups that may see its documents; empty means everybody.
    """

    path: str
    name: str = ""
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    url: str | None = None
    audience: tuple[str, ...] = ()


def open_sources(specs: Sequence[SourceSpec], *, max_file_bytes: int) -> list[Source]:
    """Open every source; their documents' ids are told apart by name if there are several."""
    names = _distinct_names(specs) if len(specs) > 1 else [""]
    return [
        FolderSource(
            root=Path(spec.path),
            include=spec.include,
            exclude=spec.exclude,
            prefix=name,
            url=spec.url,
            audience=spec.audience,
            max_file_bytes=max_file_bytes,
        )
        for spec, name in zip(specs, names, strict=True)
    ]


def _distinct_names(specs: Sequence[SourceSpec]) -> list[str]:
    """Name each source by its own name or its folder's; the second of a name gets "-2".

    >>> _distinct_names([SourceSpec(path="/a/docs"), SourceSpec(path="/b/docs")])
    ['docs', 'docs-2']
    """
    names: list[str] = []
    for spec in specs:
        wanted = spec.name or Path(spec.path).name or "source"
        name, number = wanted, 2
        while name in names:
            name, number = f"{wanted}-{number}", number + 1
        names.append(name)
    return names
