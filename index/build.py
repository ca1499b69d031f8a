"""Documents become a generation: plan, parse, chunk, embed, write, gate, promote."""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from index.assemble import Assembly, Recipe, assemble, embed_all
from index.chunking import CHUNKER_VERSION
from index.errors import (
    BuildRunningError,
    IndexDamagedError,
    IndexingError,
    IndexMissingError,
    StaleIndexError,
)
from index.files import private_folder
from index.gate import Gate, checks
from index.generation import (
    ENCODER,
    LEXICAL,
    PASSAGES,
    VECTORS,
    GateCheck,
    Generation,
    IndexDirectory,
    Manifest,
    now,
    staged_name,
)
from index.lexical import write_lexical
from index.parsing import PARSER_VERSION
from index.passages import INDEXED, DocumentRow, PassageReader
from index.plan import Action, Planned, Progress, make_plan
from index.sources import SourceSpec, open_sources
from index.types import Embedder, Problem, Source
from index.vectors import write_vectors

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How an index is built.

    Attributes:
        chunk_tokens: Longest chunk.
        max_file_bytes: Larger files are not read.
        parse_timeout_s: For one file.
        keep_generations: How many stay on disk at least.
        max_lost_share: Share of documents that may be lost without `force`.
        full: Parse and chunk everything again.
        force: Promote whatever the gate says.
    """

    chunk_tokens: int = 200
    max_file_bytes: int = 100 * 1024 * 1024
    parse_timeout_s: float = 60
    keep_generations: int = 3
    max_lost_share: float = 0.5
    full: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """What a build did.

    Attributes:
        generation: The generation built, or the one that is served if nothing had changed.
        promoted: Whether it is served now.
        actions: How many documents each action was taken with.
        chunks: How many chunks the generation has.
        embedded: How many of their vectors were computed.
        problems: Files that are not in it, by document.
        gate: Conditions for promotion and whether they held.
        seconds: How long it took.
    """

    generation: str
    promoted: bool
    actions: Counter[Action]
    chunks: int
    embedded: int
    problems: tuple[Problem, ...]
    gate: tuple[GateCheck, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The generation that is served when a build begins.

    Attributes:
        manifest: What it is.
        passages: Its documents and chunks.
    """

    manifest: Manifest
    passages: PassageReader


def quiet(step: str, done: int, total: int) -> None:
    """Show no progress."""


def before(directory: IndexDirectory) -> Before | None:
    """Open the documents of the generation that is served; None if there is none to build on.

    A damaged one is as good as none: the build then starts from nothing and mends it.
    """
    try:
        name = directory.current()
        if name is None:
            return None
        wrong = directory.verify(name)
        if wrong:
            log.warning("served generation is damaged", extra={"fault": wrong[0]})
            return None
        manifest = directory.manifest(name)
        return Before(manifest=manifest, passages=PassageReader(directory.root / name / PASSAGES))
    except (IndexDamagedError, IndexMissingError, StaleIndexError) as error:
        log.warning("served generation cannot be built on", extra={"fault": str(error)})
        return None


def dry_run(
    directory: IndexDirectory, specs: Sequence[SourceSpec], *, max_file_bytes: int
) -> list[Planned]:
    """Return what a build would do with each document; nothing is written."""
    served = before(directory)
    sources = open_sources(specs, max_file_bytes=max_file_bytes)
    return make_plan(sources, served.passages.rows() if served else (), quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """What builds work with.

    Attributes:
        directory: Where generations are.
        cache_path: Where vectors are kept from build to build.
        embedder: Turns chunks into vectors.
        options: How to build.
        progress: Told of each step.
        gate: Further condition for promotion, such as a question set; None for none.
    """

    directory: IndexDirectory
    cache_path: Path
    embedder: Embedder
    options: BuildOptions
    progress: Progress = quiet
    gate: Gate | None = None

    def build(
        self, specs: Sequence[SourceSpec], sources: Sequence[Source] | None = None
    ) -> BuildResult:
        """Build a generation of *specs* and promote it if it passes its gate.

        Args:
            specs: Where documents come from; remembered in the generation.
            sources: The same, opened; None opens *specs*.

        Raises:
            BuildRunningError: Another build is at work.
            SourceError: A source as a whole cannot be read.
            ModelError: The embedding model cannot be loaded.
        """
        started = time.monotonic()
        with _locked(self.directory):
            if sources is None:
                sources = open_sources(specs, max_file_bytes=self.options.max_file_bytes)
            served = before(self.directory)
            plan = make_plan(sources, served.passages.rows() if served else (), self.progress)
            if served is not None and self._nothing_to_do(plan, served, specs):
                result = _unchanged(plan, served)
            else:
                result = self._build(specs, plan, served)
        return replace(result, seconds=round(time.monotonic() - started, 3))

    @property
    def _chunk_tokens(self) -> int:
        # The title and headings before a chunk need room in the model's input too.
        return min(self.options.chunk_tokens, max(32, self.embedder.max_tokens - 56))

    def _same_recipe(self, manifest: Manifest) -> bool:
        return not self.options.full and (
            manifest.parser,
            manifest.chunker,
            manifest.chunk_tokens,
            manifest.fingerprint,
        ) == (PARSER_VERSION, CHUNKER_VERSION, self._chunk_tokens, self.embedder.fingerprint)

    def _nothing_to_do(
        self, plan: Sequence[Planned], served: Before, specs: Sequence[SourceSpec]
    ) -> bool:
        rows = {row.document: row for row in served.passages.rows()}
        return (
            self._same_recipe(served.manifest)
            and served.manifest.sources == tuple(specs)
            and all(_is_same(entry, rows.get(entry.document)) for entry in plan)
        )

    def _build(
        self, specs: Sequence[SourceSpec], plan: Sequence[Planned], served: Before | None
    ) -> BuildResult:
        staged = self.directory.stage()
        reused = served if served and self._same_recipe(served.manifest) else None
        if reused is None:
            # What failed before another parser, or a full build, gets another chance.
            plan = [replace(entry, problem=None) if entry.file else entry for entry in plan]
        assembly = assemble(
            plan,
            staged / PASSAGES,
            recipe=Recipe(
                embedder=self.embedder,
                chunk_tokens=self._chunk_tokens,
                parse_timeout_s=self.options.parse_timeout_s,
                before=reused.passages if reused else None,
            ),
            next_id=served.manifest.next_chunk_id if served else 1,
            progress=self.progress,
        )
        embedded = self._write_rankings(staged, assembly)
        manifest = Manifest(
            generation=staged_name(staged),
            created_at=now(),
            parent=served.manifest.generation if served else None,
            model=self.embedder.model,
            fingerprint=self.embedder.fingerprint,
            dim=self.embedder.dim,
            parser=PARSER_VERSION,
            chunker=CHUNKER_VERSION,
            chunk_tokens=self._chunk_tokens,
            next_chunk_id=assembly.next_id,
            documents=assembly.documents,
            chunks=len(assembly.ids),
            sources=tuple(specs),
        )
        manifest = replace(manifest, gate=tuple(self._check(staged, manifest, served)))
        promoted = self._seal(staged, manifest)
        return BuildResult(
            generation=manifest.generation,
            promoted=promoted,
            actions=Counter(entry.action for entry in plan),
            chunks=len(assembly.ids),
            embedded=embedded,
            problems=assembly.problems,
            gate=manifest.gate,
            seconds=0,
        )

    def _write_rankings(self, staged: Path, assembly: Assembly) -> int:
        vectors, embedded = embed_all(
            assembly.inputs, self.embedder, cache_path=self.cache_path, progress=self.progress
        )
        self.progress("writing", 0, 0)
        if assembly.ids:
            write_vectors(staged / VECTORS, assembly.ids, vectors)
        (staged / LEXICAL).mkdir(mode=0o700)
        write_lexical(staged / LEXICAL, assembly.lexical)
        self.embedder.save_encoder(staged / ENCODER)
        return embedded

    def _check(
        self, staged: Path, manifest: Manifest, served: Before | None
    ) -> Iterator[GateCheck]:
        self.progress("checking", 0, 0)
        generation = Generation(staged, manifest)
        same_sources = served is not None and served.manifest.sources == manifest.sources
        rows: Sequence[DocumentRow] = served.passages.rows() if served and same_sources else ()
        yield from checks(generation, rows, max_lost_share=self.options.max_lost_share)
        if self.gate is not None:
            yield from self.gate(generation)
        generation.close()

    def _seal(self, staged: Path, manifest: Manifest) -> bool:
        manifest = self.directory.seal(staged, manifest)
        if not (manifest.passed or self.options.force):
            return False
        wrong = self.directory.verify(manifest.generation)
        if wrong:
            raise IndexDamagedError(f"{manifest.generation} was not written well ({wrong[0]})")
        self.directory.promote(manifest.generation)
        self.directory.collect(self.options.keep_generations)
        return True


def _is_same(entry: Planned, row: DocumentRow | None) -> bool:
    if entry.action is Action.UNREADABLE:
        return row is not None and row.status != INDEXED and entry.problem is not None
    if entry.action is not Action.UNCHANGED or row is None or entry.file is None:
        return False
    if row.status != INDEXED:
        return entry.problem is not None
    return (row.modified_at, row.url, row.audience) == (
        entry.file.modified_at,
        entry.file.url,
        entry.file.audience,
    )


def _unchanged(plan: Sequence[Planned], served: Before) -> BuildResult:
    return BuildResult(
        generation=served.manifest.generation,
        promoted=True,
        actions=Counter(entry.action for entry in plan),
        chunks=served.manifest.chunks,
        embedded=0,
        problems=tuple(entry.problem for entry in plan if entry.problem is not None),
        gate=served.manifest.gate,
        seconds=0,
    )


@contextmanager
def _locked(directory: IndexDirectory) -> Iterator[None]:
    private_folder(directory.root)
    try:
        # A soft lock would outlive a killed build: never fall back to one.
        with FileLock(directory.lock_path, timeout=0, mode=0o600, fallback_to_soft=False):
            yield
    except Timeout as error:
        raise BuildRunningError(
            f"another build is at work in {directory.root}: wait for it to end"
        ) from error
    except OSError as error:
        raise IndexingError(f"cannot write in {directory.root}: {error.strerror}") from error
