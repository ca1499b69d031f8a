"""Build a generation of the index: plan, parse, chunk, embed, write, check and promote."""

import logging
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from footnote_qa.index.access import AccessTable
from footnote_qa.index.building.attachments import Attachments
from footnote_qa.index.building.gate import Gate, checks
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.building.pipeline import Assembly, Recipe, assemble
from footnote_qa.index.building.plan import Action, Planned, Progress, make_plan
from footnote_qa.index.building.recognition import CACHE
from footnote_qa.index.building.served import Before, before
from footnote_qa.index.chunking import CHUNKER_VERSION
from footnote_qa.index.embedding import advice, count_missing, embed_all
from footnote_qa.index.errors import IndexDamagedError
from footnote_qa.index.sources import (
    SourceSpec,
    key_of,
    known_sources,
    left_out,
    open_sources,
    save_states,
)
from footnote_qa.index.sources.sync import SyncContext
from footnote_qa.index.storage import (
    ENCODER,
    FOLDER,
    INDEXED,
    LEXICAL,
    LEXICAL_VERSION,
    MANIFEST,
    PASSAGES,
    VECTORS,
    DocumentRow,
    GateCheck,
    Generation,
    IndexDirectory,
    Manifest,
    about,
    now,
    staged_name,
    write_lexical,
    write_plugin_vectors,
    write_vectors,
)
from footnote_qa.index.types import Embedder, Problem, ProblemKind, Source

log = logging.getLogger(__name__)

SOURCES = "sources"
"""Folder for what sources keep between builds; it is beside the cache of vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """The outcome of a build.

    Attributes:
        generation: The new generation, or the one in use if nothing had changed.
        promoted: Whether it is in use now.
        actions: How many documents got each action; documents with a problem count as unreadable.
        chunks: How many chunks the generation has.
        embedded: How many of their vectors were computed.
        problems: Files that are not in the index, by document.
        notes: Files that are in it in part, or with an earlier text, by document.
        gate: Conditions for promotion and whether each was met.
        seconds: How long the build took.
        left_out: Files and folders that ignore files name, that belong to tools, or that hold no
            text to read, by path.
        advice: What to do if the model does not read the languages of the documents; else "".
    """

    generation: str
    promoted: bool
    actions: Counter[Action]
    chunks: int
    embedded: int
    problems: tuple[Problem, ...]
    gate: tuple[GateCheck, ...]
    seconds: float
    left_out: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()
    advice: str = ""


def quiet(step: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Everything that a build works with.

    Attributes:
        directory: Where generations are.
        cache_path: Where vectors are kept between builds.
        embedder: Turns chunks into vectors.
        options: How to build.
        progress: Called at each step.
        gate: One more condition for promotion, such as a question set; None for none.
        is_due: Whether the service with this key is asked now, or else its documents stay; None
            asks all.
    """

    directory: IndexDirectory
    cache_path: Path
    embedder: Embedder
    options: BuildOptions
    progress: Progress = quiet
    gate: Gate | None = None
    is_due: Callable[[str], bool] | None = None

    def build(
        self, specs: Sequence[SourceSpec], sources: Sequence[Source] | None = None
    ) -> BuildResult:
        """Build a generation of *specs* and promote it if it passes its gate.

        Args:
            specs: Where documents come from; the generation remembers them.
            sources: The opened sources; None opens *specs*.

        Raises:
            BuildRunningError: Another build is running.
            SourceError: A source cannot be read at all.
            ModelError: The embedding model cannot be loaded.
        """
        started = time.monotonic()
        with self.directory.locked():
            if sources is None:
                sources = self.open(specs)
            served = before(self.directory)
            with self.attachments(served) as attachments:
                try:
                    plan = make_plan(
                        sources,
                        served.rows if served else (),
                        self.progress,
                        attachments=attachments,
                        known=known_sources(served.manifest.sources if served else (), specs),
                    )
                finally:
                    # A withdrawn permission counts now, whatever becomes of this build
                    self.directory.publish_access()
                if served is not None and self._nothing_to_do(plan, served, specs):
                    result = _unchanged(plan, served)
                else:
                    result = self._build(specs, plan, served, sources)
            if self.directory.access.mark() is not None and result.promoted:
                self.directory.access.forget_all_but([key_of(spec) for spec in specs])
        return replace(
            result,
            seconds=round(time.monotonic() - started, 3),
            left_out=tuple(sorted([*left_out(sources), *result.left_out])),
        )

    def open(self, specs: Sequence[SourceSpec], *, looking: bool = False) -> list[Source]:
        """Open sources; what they keep between builds is beside the cache of vectors."""
        return open_sources(
            specs,
            max_file_bytes=self.options.max_file_bytes,
            cache=self.cache_path.parent / SOURCES,
            looking=looking,
            context=SyncContext(
                generation=self.directory.folder_in_use(),
                access=None if looking else AccessTable(self.directory.root),
                is_due=self.is_due,
            ),
        )

    def attachments(self, served: Before | None) -> Attachments:
        """Return what finds the files attached to mails; those of unchanged mails are known."""
        is_same = served is not None and self._same_recipe(served.manifest)
        return Attachments(served.rows if served and is_same else ())

    @property
    def _chunk_tokens(self) -> int:
        # The title and headings before a chunk also need room in the model's input.
        return min(self.options.chunk_tokens, max(32, self.embedder.max_tokens - 56))

    def _same_recipe(self, manifest: Manifest) -> bool:
        return not self.options.full and (
            manifest.parser,
            manifest.chunker,
            manifest.chunk_tokens,
            manifest.fingerprint,
        ) == (self.options.parser, CHUNKER_VERSION, self._chunk_tokens, self.embedder.fingerprint)

    def _nothing_to_do(
        self, plan: Sequence[Planned], served: Before, specs: Sequence[SourceSpec]
    ) -> bool:
        rows = {row.document: row for row in served.rows}
        return (
            self._same_recipe(served.manifest)
            and served.manifest.lexical == LEXICAL_VERSION
            and not served.manifest.lexical_only
            and served.manifest.vector_store == self.options.vector_store
            and served.manifest.sources == tuple(specs)
            and all(_is_same(entry, rows.get(entry.document)) for entry in plan)
        )

    def recipe(self, served: Before | None) -> Recipe:
        """Return how chunks are made; chunks of *served* are reused if they would be the same."""
        same = served is not None and self._same_recipe(served.manifest)
        return Recipe(
            embedder=self.embedder,
            chunk_tokens=self._chunk_tokens,
            parse_timeout_s=self.options.parse_timeout_s,
            ocr=self.options.ocr,
            ocr_cache=self.cache_path.parent / CACHE,
            parsers=self.options.parsers,
            before=served.passages if served and same else None,
            served=served.passages if served else None,
            since=served.manifest.created_at if served else None,
        )

    def _build(  # noqa: PLR0917  what it is built from
        self,
        specs: Sequence[SourceSpec],
        plan: Sequence[Planned],
        served: Before | None,
        sources: Sequence[Source],
    ) -> BuildResult:
        recipe = self.recipe(served)
        # Files that failed before are tried again with another parser, or in a full build.
        plan = plan if recipe.before else [fresh(entry) for entry in plan]
        staged = self.directory.stage()
        # Ids are never used again, not even after a rollback to an older generation.
        next_id = max([m.next_chunk_id for m in self.directory.readable().values()], default=1)
        assembly = assemble(
            plan, staged / PASSAGES, recipe=recipe, next_id=next_id, progress=self.progress
        )
        (staged / LEXICAL).mkdir(mode=0o700)
        write_lexical(staged / LEXICAL, assembly.lexical)
        self.embedder.save_encoder(staged / ENCODER)
        save_states(sources, staged)
        manifest = Manifest(
            generation=staged_name(staged),
            created_at=now(),
            parent=served.manifest.generation if served else None,
            model=self.embedder.model,
            fingerprint=self.embedder.fingerprint,
            dim=self.embedder.dim,
            parser=self.options.parser,
            chunker=CHUNKER_VERSION,
            chunk_tokens=self._chunk_tokens,
            next_chunk_id=assembly.next_id,
            documents=assembly.documents,
            chunks=len(assembly.ids),
            sources=tuple(specs),
            lexical=LEXICAL_VERSION,
            vector_store=self.options.vector_store,
        )
        if served is None and self._is_large(assembly):
            staged, manifest = self._serve_words(staged, manifest)
        embedded = self._embed(staged, assembly)
        manifest, promoted = self._seal(staged, manifest, served)
        return BuildResult(
            generation=manifest.generation,
            promoted=promoted,
            actions=_counted(plan, assembly.found),
            chunks=len(assembly.ids),
            embedded=embedded,
            problems=assembly.problems,
            gate=manifest.gate,
            seconds=0,
            left_out=tuple(one.document for one in assembly.left_out),
            notes=tuple(sorted(assembly.notes, key=lambda note: note.document)),
            advice=advice(self.embedder.model, assembly.languages, what="documents"),
        )

    def _is_large(self, assembly: Assembly) -> bool:
        most = self.options.words_first_chunks
        return len(assembly.ids) > most and most < count_missing(
            assembly.inputs, self.embedder.fingerprint, cache_path=self.cache_path
        )

    def _serve_words(self, staged: Path, manifest: Manifest) -> tuple[Path, Manifest]:
        """Serve a first index by its words now; return the folder for the next generation."""
        words, is_served = self._seal(staged, replace(manifest, lexical_only=True), None)
        staged = self.directory.stage()
        shutil.copytree(
            self.directory.root / words.generation,
            staged,
            ignore=shutil.ignore_patterns(MANIFEST),
            dirs_exist_ok=True,
        )
        told = {"generation": words.generation, "fault": _failed_checks(words)}
        if is_served:
            log.info("first generation serves words", extra=told)
        else:
            log.warning("first generation is not served before its vectors are there", extra=told)
        return staged, replace(
            manifest, generation=staged_name(staged), parent=words.generation, created_at=now()
        )

    def _embed(self, staged: Path, assembly: Assembly) -> int:
        embedded = embed_all(
            assembly.inputs, self.embedder, cache_path=self.cache_path, progress=self.progress
        )
        self.progress("writing", 0, 0)
        if assembly.ids:
            if store := self.options.vector_store:
                write_plugin_vectors(staged / FOLDER, assembly.ids, embedded.vectors, target=store)
            else:
                write_vectors(staged / VECTORS, assembly.ids, embedded.vectors)
        return embedded.computed

    def _seal(
        self, staged: Path, manifest: Manifest, served: Before | None
    ) -> tuple[Manifest, bool]:
        """Check and seal the staged folder, and serve it if it passes; return whether it does."""
        manifest = replace(manifest, gate=tuple(self._check(staged, manifest, served)))
        manifest = self.directory.seal(staged, manifest)
        is_promoted = manifest.passed or self.options.force
        if is_promoted:
            wrong = self.directory.verify(manifest.generation)
            if wrong:
                raise IndexDamagedError(f"{manifest.generation} was not written well ({wrong[0]})")
            self.directory.promote(manifest.generation)
        self.directory.collect(self.options.keep_generations)
        if not manifest.passed:
            message = "generation is served by force" if is_promoted else "generation is not served"
            told = {"generation": manifest.generation, "fault": _failed_checks(manifest)}
            log.warning(message, extra=told)
        return manifest, is_promoted

    def _check(
        self, staged: Path, manifest: Manifest, served: Before | None
    ) -> Iterator[GateCheck]:
        self.progress("checking", 0, 0)
        with closing(Generation(staged, manifest)) as generation:
            same_sources = served is not None and served.manifest.sources == manifest.sources
            rows = served.rows if served and same_sources else ()
            yield from checks(generation, rows, max_lost_share=self.options.max_lost_share)
            if self.gate is not None and not manifest.lexical_only:
                yield from self.gate(generation)


def _failed_checks(manifest: Manifest) -> str:
    return "; ".join(f"{one.name}: {one.message}" for one in manifest.gate if not one.passed)


def fresh(entry: Planned) -> Planned:
    """Return *entry* without its earlier problem, so that its file is tried again."""
    return replace(entry, problem=None) if entry.file else entry


def _is_same(entry: Planned, row: DocumentRow | None) -> bool:
    if entry.action is Action.UNREADABLE:
        return row is not None and row.kind is not None and entry.problem is not None
    if entry.action is not Action.UNCHANGED or row is None:
        return False
    if entry.file is None:  # its source cannot be read now
        return True
    if row.status != INDEXED:
        return entry.problem is not None
    return row.source == about(entry.file)


def _counted(plan: Sequence[Planned], problems: Sequence[Problem]) -> Counter[Action]:
    kinds = {problem.document: problem.kind for problem in problems}
    return Counter(
        Action.UNREADABLE if entry.document in kinds else entry.action
        for entry in plan
        if kinds.get(entry.document) is not ProblemKind.LEFT_OUT
    )


def _unchanged(plan: Sequence[Planned], served: Before) -> BuildResult:
    kept = {row.document for row in served.rows if row.status == INDEXED}
    found = [entry.problem for entry in plan if entry.problem and entry.document not in kept]
    return BuildResult(
        generation=served.manifest.generation,
        promoted=True,
        actions=_counted(plan, found),
        chunks=served.manifest.chunks,
        embedded=0,
        problems=tuple(one for one in found if one.kind is not ProblemKind.LEFT_OUT),
        left_out=tuple(one.document for one in found if one.kind is ProblemKind.LEFT_OUT),
        gate=served.manifest.gate,
        seconds=0,
        notes=tuple(
            Problem(document=row.document, kind=row.kind, reason=row.reason or "")
            for row in served.rows
            if row.status == INDEXED and row.kind is not None
        ),
    )
