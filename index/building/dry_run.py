"""Preview a build without writing anything: its actions, its chunks and how long it would take."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from footnote_qa.index.atomic_files import cores
from footnote_qa.index.building.attachments import Attachments
from footnote_qa.index.building.build import Builder, fresh, quiet
from footnote_qa.index.building.pipeline import Made, embedding_input, made_of, text_of
from footnote_qa.index.building.plan import Action, Planned, make_plan
from footnote_qa.index.building.served import before
from footnote_qa.index.embedding import count_missing, last_rate
from footnote_qa.index.sources import SourceSpec, known_sources, open_sources
from footnote_qa.index.sources.sync import SyncContext
from footnote_qa.index.storage import IndexDirectory
from footnote_qa.index.types import Problem

# Until a build has measured them: chunks a second and core, and how long it takes to prepare the
# model the first time. Both are for a machine that does nothing else.
_USUAL_RATE, _FIRST_S = 25.0, 12.0
_WRITING_S, _WRITING_S_PER_CHUNK = 0.5, 0.00035


def plan_build(
    directory: IndexDirectory,
    specs: Sequence[SourceSpec],
    *,
    max_file_bytes: int,
    cache: Path | None = None,
) -> list[Planned]:
    """Return what a build would do with each document; nothing is written.

    Args:
        directory: Where generations are.
        specs: Where documents come from.
        max_file_bytes: Largest file that is read.
        cache: What sources kept at the last build, so that they are not fetched again.
    """
    served = before(directory)
    # Services are not asked here: the bot looks every few minutes
    context = SyncContext(generation=directory.folder_in_use(), is_offline=True)
    sources = open_sources(
        specs, max_file_bytes=max_file_bytes, cache=cache, looking=True, context=context
    )
    rows = served.rows if served else ()
    with Attachments(rows) as attachments:
        return make_plan(
            sources,
            rows,
            quiet,
            attachments=attachments,
            known=known_sources(served.manifest.sources if served else (), specs),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The expected outcome of a build.

    Attributes:
        plan: The action for each document, by document.
        chunks: How many chunks the generation would have.
        to_embed: How many of them would be embedded.
        seconds: How long it would take, at the rate of the last build.
    """

    plan: tuple[Planned, ...]
    chunks: int
    to_embed: int
    seconds: float

    @property
    def to_reuse(self) -> int:
        """How many chunks already have a vector."""
        return self.chunks - self.to_embed


def preview(builder: Builder, specs: Sequence[SourceSpec]) -> Preview:
    """Return what *builder* would do with *specs*.

    Raises:
        SourceError: A source cannot be read at all.
    """
    started = time.monotonic()
    served = before(builder.directory)
    rows = served.rows if served else ()
    known = known_sources(served.manifest.sources if served else (), specs)
    found: dict[str, Planned] = {}
    inputs: list[str] = []
    with builder.attachments(served) as attachments:
        plan = make_plan(
            builder.open(specs, looking=True),
            rows,
            builder.progress,
            attachments=attachments,
            known=known,
        )
        recipe = builder.recipe(served)
        if recipe.before is None:
            plan = [fresh(entry) for entry in plan]
        for entry, made in made_of(plan, recipe, builder.progress):
            if isinstance(made, Made):
                inputs += _inputs(made)
            else:
                found[entry.document] = _failing(entry, made)
    model = builder.embedder.fingerprint
    missing = count_missing(inputs, model, cache_path=builder.cache_path)
    needed_s = _embedding_s(missing, last_rate(builder.cache_path, model))
    needed_s += _WRITING_S + _WRITING_S_PER_CHUNK * len(inputs)
    return Preview(
        plan=tuple(found.get(entry.document, entry) for entry in plan),
        chunks=len(inputs),
        to_embed=missing,
        seconds=round(time.monotonic() - started + needed_s, 1),
    )


def _inputs(made: Made) -> list[str]:
    """Return the texts that a build would embed."""
    document = made.document
    return [embedding_input(document, one.heading, text_of(document, one)) for one in made.chunks]


def _embedding_s(missing: int, rate: float | None) -> float:
    """Return how long it takes to embed *missing* chunks, at a measured *rate* or at the usual one.

    >>> _embedding_s(100, 50.0), _embedding_s(0, None)
    (2.0, 0.0)
    """
    if rate is not None or not missing:
        return missing / rate if rate else 0.0
    # Other work on the machine leaves only a share of it
    share = cores() / (cores() + os.getloadavg()[0])
    return (_FIRST_S + missing / (_USUAL_RATE * cores())) / share


def _failing(entry: Planned, problem: Problem) -> Planned:
    same = entry.action is Action.UNCHANGED
    action = entry.action if same else Action.UNREADABLE
    return replace(entry, action=action, problem=problem)
