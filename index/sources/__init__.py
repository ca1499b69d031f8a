"""Document sources: their settings, which a generation remembers, and how to open them."""

import atexit
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.audience_rules import AudienceRule, RuledSource
from footnote_qa.index.sources.folder import FolderSource
from footnote_qa.index.sources.names import prefixed
from footnote_qa.index.sources.patterns import check as check_patterns
from footnote_qa.index.sources.services import (
    key_of,
    open_connector,
    open_synced,
    webhook_secret,
)
from footnote_qa.index.sources.spec import BUILT_IN, Argument, SourceSpec
from footnote_qa.index.sources.sync import SourceId, SyncContext, SyncedSource
from footnote_qa.index.types import Problem, Source, SourceFile

__all__ = [
    "BUILT_IN",
    "Argument",
    "AudienceRule",
    "NamedSource",
    "SourceSpec",
    "check_patterns",
    "key_of",
    "known_sources",
    "left_out",
    "open_connector",
    "open_sources",
    "save_states",
    "service_prefixes",
    "source_folders",
    "webhook_secret",
]

_WRITTEN_INTO = (".sqlite", ".jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSource:
    """A source of several, or one that could not be opened.

    Attributes:
        name: Prefix of its documents' ids; "" if it is the only source.
        source: Where the documents come from; None if it could not be opened.
        fault: Why it could not be opened.
    """

    name: str
    source: Source | None
    fault: SourceError | None = None

    def files(self) -> Iterator[SourceFile | Problem]:
        """Yield the files of the source.

        Raises:
            SourceError: It cannot be read.
        """
        if self.source is None:
            raise self.fault or SourceError(f"the source {self.name} cannot be opened")
        yield from self.source.files()


def known_sources(before: Sequence[SourceSpec], now: Sequence[SourceSpec]) -> frozenset[str]:
    """Return the names of the sources whose documents can stay if they cannot be read.

    They have the same settings as before, or there is nothing of them yet.
    """
    if len(now) <= 1:
        return frozenset()
    old = dict(zip(_distinct_names(before), before, strict=True)) if len(before) > 1 else {}
    new = dict(zip(_distinct_names(now), now, strict=True))
    return frozenset(name for name, spec in new.items() if old.get(name, spec) == spec)


def open_sources(
    specs: Sequence[SourceSpec],
    *,
    max_file_bytes: int,
    cache: Path | None = None,
    looking: bool = False,
    context: SyncContext | None = None,
) -> list[Source]:
    """Open every source; if there are several, their documents' ids begin with the source's name.

    Args:
        specs: The sources to open.
        max_file_bytes: Largest file that is read.
        cache: Folder for what sources keep between builds; None keeps nothing.
        looking: Read the cache but change nothing in it, because a build may be using it.
        context: Where the sync of a service begins; None begins with nothing.
    """
    names = _distinct_names(specs) if len(specs) > 1 else [""]
    opened: list[Source] = []
    cache_of = partial(_own_cache, cache=cache, looking=looking)
    for spec, name in zip(specs, names, strict=True):
        try:
            source = _open(
                spec,
                name,
                max_file_bytes=max_file_bytes,
                cache_of=cache_of,
                context=context or SyncContext(),
            )
        except SourceError as error:
            opened.append(NamedSource(name=name, source=None, fault=error))
            continue
        if spec.rules and not isinstance(source, SyncedSource):  # that one narrows by itself
            source = RuledSource(source=source, rules=spec.rules, prefix=name)
        opened.append(NamedSource(name=name, source=source))
    return opened


def service_prefixes(specs: Sequence[SourceSpec]) -> dict[str, str]:
    """Return the key of each service among these sources, with the prefix of its documents' ids."""
    names = _distinct_names(specs) if len(specs) > 1 else ["" for _ in specs]
    return {
        key_of(spec): prefixed(name, "")
        for spec, name in zip(specs, names, strict=True)
        if spec.kind not in BUILT_IN
    }


def save_states(sources: Sequence[Source], folder: Path) -> None:
    """Write what each service had at its last sync into the folder of a new generation."""
    for source in sources:
        inner = source.source if isinstance(source, NamedSource) else source
        if isinstance(inner, SyncedSource):
            inner.save(folder)


def _open(
    spec: SourceSpec,
    prefix: str,
    *,
    max_file_bytes: int,
    cache_of: Callable[[SourceSpec], Path],
    context: SyncContext,
) -> Source:
    if spec.is_remembered and spec.kind != "folder" and not context.is_offline:
        raise SourceError(
            f"the source {spec.path or spec.reader or spec.kind} is known from the index alone, "
            "which may come from elsewhere: add it to [[sources]] in the settings"
        )
    if spec.kind not in BUILT_IN:
        return open_synced(
            spec,
            SourceId(
                key=key_of(spec),
                name=prefix or spec.name or _own_name(spec) or spec.kind,
                kind=spec.kind,
                prefix=prefix,
            ),
            max_file_bytes=max_file_bytes,
            store=cache_of(spec),
            context=context,
        )
    # Imported when a source needs it: nearly all sources are folders.
    if spec.kind == "git":
        from footnote_qa.index.sources.git import GitSource  # noqa: PLC0415

        return GitSource(
            repository=spec.path,
            cache=cache_of(spec),
            ref=spec.ref,
            include=spec.include,
            exclude=spec.exclude,
            prefix=prefix,
            url=spec.url,
            audience=spec.audience,
            max_file_bytes=max_file_bytes,
        )
    if spec.kind == "website":
        from footnote_qa.index.sources.website import WebsiteSource  # noqa: PLC0415

        return WebsiteSource(
            sitemap=spec.path,
            cache=cache_of(spec),
            include=spec.include,
            exclude=spec.exclude,
            prefix=prefix,
            audience=spec.audience,
            max_file_bytes=max_file_bytes,
            allow_private=spec.allow_private,
        )
    if spec.kind == "llama_index":
        from footnote_qa.index.sources.llama_reader import LlamaReaderSource  # noqa: PLC0415

        return LlamaReaderSource(
            reader=spec.reader,
            arguments=spec.arguments,
            environment=spec.environment,
            load=spec.load,
            include=spec.include,
            exclude=spec.exclude,
            prefix=prefix,
            audience=spec.audience,
            max_file_bytes=max_file_bytes,
        )
    return FolderSource(
        root=Path(spec.path),
        include=spec.include,
        exclude=spec.exclude,
        prefix=prefix,
        url=spec.url,
        audience=spec.audience,
        max_file_bytes=max_file_bytes,
        skip_ignored=spec.skip_ignored,
    )


def left_out(sources: Sequence[Source]) -> list[str]:
    """Return the files and folders that folder sources left out at their last look, in order."""
    found: list[str] = []
    for source in sources:
        opened = source.source if isinstance(source, NamedSource) else source
        inner = opened.source if isinstance(opened, RuledSource) else opened
        if isinstance(inner, FolderSource):
            found += inner.left_out
    return sorted(found)


def _own_cache(spec: SourceSpec, *, cache: Path | None, looking: bool) -> Path:
    """Return the folder in which this source keeps its data."""
    kept = cache / _folder_name(spec) if cache else None
    if kept is not None and not looking:
        return kept
    folder = Path(tempfile.mkdtemp(prefix="footnote-source-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if kept is not None and kept.is_dir():
        # Files that a running build replaces meanwhile are fetched again.
        with suppress(shutil.Error):
            shutil.copytree(kept, folder, copy_function=_linked, dirs_exist_ok=True)
    return folder


def _folder_name(spec: SourceSpec) -> str:
    # Patterns are part of the key: two sources may read one website, and each deletes other pages.
    if spec.kind in BUILT_IN:
        told = (spec.kind, spec.path, spec.ref, spec.include, spec.exclude)
        return f"{spec.kind}-{hashlib.sha256(repr(told).encode()).hexdigest()[:16]}"
    return f"{re.sub(r'[^a-z0-9]+', '-', spec.kind.lower())}-{key_of(spec)}"


def source_folders(specs: Sequence[SourceSpec]) -> frozenset[str]:
    """Return the names of the folders in which these sources keep their data."""
    return frozenset(map(_folder_name, specs))


def _linked(here: str, there: str) -> None:
    # Sources replace files, so a link is a copy that costs nothing. Into some they write.
    if here.endswith(_WRITTEN_INTO):
        shutil.copy2(here, there)
        return
    try:
        os.link(here, there)
    except OSError:  # on another disk, or owned by someone else
        shutil.copy2(here, there)


def _distinct_names(specs: Sequence[SourceSpec]) -> list[str]:
    """Name each source by its own name or its folder's; a second one of that name gets "-2".

    >>> _distinct_names([SourceSpec(path="/a/docs"), SourceSpec(path="/b/docs")])
    ['docs', 'docs-2']
    """
    names: list[str] = []
    for spec in specs:
        wanted = spec.name or _own_name(spec) or "source"
        name, number = wanted, 2
        while name in names:
            name, number = f"{wanted}-{number}", number + 1
        names.append(name)
    return names


def _own_name(spec: SourceSpec) -> str:
    if spec.kind == "website":
        return urlsplit(spec.path).hostname or ""
    if spec.kind == "llama_index":
        return spec.reader.rpartition(":")[2]
    if spec.kind not in BUILT_IN:
        return urlsplit(spec.path).hostname or spec.path.replace("/", "-") or spec.kind
    return Path(spec.path).name.removesuffix(".git" if spec.kind == "git" else "")
