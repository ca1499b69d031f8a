"""Build the parts of the bot from its settings; only this module maps settings to parts."""

import contextlib
import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from footnote_qa.bot.database import PostgresUrl, Target, parse_state_url
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.index_store import current_index, following, index_directory, stored_generation
from footnote_qa.bot.plugin_parts import embedder, plugin_reranker, vector_store
from footnote_qa.bot.settings import Settings
from footnote_qa.bot.source_settings import SourceSettings
from footnote_qa.index.errors import IndexingError
from footnote_qa.index.extras import EXTRAS, install
from footnote_qa.index.sources import BUILT_IN, AudienceRule, SourceSpec
from footnote_qa.index.storage import IndexDirectory
from footnote_qa.index.types import QuestionEncoder, Reranker, Searcher
from footnote_qa.plugins.registry import is_reference

if TYPE_CHECKING:
    from footnote_qa.bot.engine import AnswerEngine, Export
    from footnote_qa.bot.llm import Ledger, Model, Portfolio
    from footnote_qa.bot.state import QuestionRepository
    from footnote_qa.index.building import Builder, BuildOptions, Gate, Ocr, Progress
    from footnote_qa.index.search import Fusion, LiveIndex

__all__ = [
    "MEGABYTE",
    "READER",
    "SearchingEncoder",
    "build_options",
    "builder",
    "current_index",
    "dropped_sources",
    "engine",
    "following",
    "fusion",
    "index_directory",
    "ledger",
    "live_index",
    "portfolio",
    "read_ahead",
    "source_specs",
    "spec_of",
    "specs_of_paths",
    "store",
    "stored_generation",
    "tracing",
]

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
READER = "reader"
"""Name of the reranker that uses the offline answerer's own network."""


def specs_of_paths(paths: Sequence[Path]) -> tuple[SourceSpec, ...]:
    """Return a source for each folder or file named on the command line."""
    places = dict.fromkeys(str(path.absolute()) for path in paths)
    seen: dict[Path, str] = {}
    for place in places:  # the same folder by another name, such as docs/. or a link, is one
        seen.setdefault(Path(place).resolve(), place)
    return tuple(SourceSpec(path=place) for place in seen.values())


def source_specs(settings: Settings) -> tuple[SourceSpec, ...]:
    """Return the sources in the settings; if there are none, those of the generation in use."""
    if settings.sources:
        specs: list[SourceSpec] = []
        for source in settings.sources:
            spec = spec_of(source)
            specs += [] if spec in specs else [spec]
        return tuple(specs)
    return _remembered(index_directory(settings))


def dropped_sources(settings: Settings) -> tuple[str, ...]:
    """Return the places of the index in use that the settings don't name, if they name any."""
    if not settings.sources:
        return ()
    named = [(spec.kind, spec.path) for spec in source_specs(settings)]
    folders = [Path(path) for kind, path in named if kind == "folder"]
    return tuple(
        spec.path
        for spec in _remembered(index_directory(settings))
        if (spec.kind, spec.path) not in named
        and not (spec.kind == "folder" and any(map(Path(spec.path).is_relative_to, folders)))
    )


def spec_of(source: SourceSettings) -> SourceSpec:
    """Return the description of the source that a generation remembers."""
    if source.kind in BUILT_IN:
        path = str(source.path.absolute()) if source.path else source.repository or source.sitemap
    else:
        path = source.place
    return SourceSpec(
        path=path or "",
        kind=source.kind,
        name=source.name,
        include=source.include,
        exclude=source.exclude,
        url=source.url,
        audience=source.audience,
        rules=tuple(AudienceRule(match=one.match, audience=one.audience) for one in source.rules),
        ref=source.ref,
        allow_private=source.allow_private,
        reader=source.reader or "",
        arguments=source.arguments,
        environment=source.environment,
        load=source.load,
        skip_ignored=source.skip_ignored,
        every=source.every,
    )


def _remembered(directory: IndexDirectory) -> tuple[SourceSpec, ...]:
    """Return the sources of the generation in use; if it is damaged, of the newest readable one.

    A build repairs a damaged index, so it still has to know what to build from.
    """
    try:
        served = directory.current()
    except IndexingError:
        served = None
    for name in [served, *reversed(directory.names())]:
        with contextlib.suppress(IndexingError):
            if name is not None:
                return directory.manifest(name).sources
    return ()


def build_options(settings: Settings, *, full: bool = False, force: bool = False) -> "BuildOptions":
    """Return how the index is built."""
    from footnote_qa.index.building import BuildOptions  # noqa: PLC0415 - imports the parsers
    from footnote_qa.index.parsing import chosen_plugins  # noqa: PLC0415

    return BuildOptions(
        chunk_tokens=settings.index.chunk_tokens,
        max_file_bytes=settings.index.max_file_mb * MEGABYTE,
        parse_timeout_s=settings.index.parse_timeout_s,
        keep_generations=settings.index.keep_generations,
        max_lost_share=settings.index.max_lost_share,
        full=full,
        force=force,
        ocr=_ocr(settings),
        vector_store=vector_store(settings),
        parsers=chosen_plugins(settings.documents.parsers),
    )


def _ocr(settings: Settings) -> "Ocr | None":
    """Return how words in pictures are read; None if that is off.

    Raises:
        TextRecognitionError: It is on, and no program for it is installed.
    """
    wanted = settings.documents.ocr
    if wanted == "off":
        return None
    from footnote_qa.index.building import Ocr  # noqa: PLC0415 - imports the parsers
    from footnote_qa.index.parsing import ocr_engines  # noqa: PLC0415

    engine = ocr_engines.find_engine(wanted, settings.documents.ocr_languages)
    return Ocr(engine=engine, page_timeout_s=settings.documents.ocr_page_timeout_s)


def builder(
    settings: Settings,
    options: "BuildOptions",
    *,
    progress: "Progress",
    directory: IndexDirectory | None = None,
    gate: "Gate | None" = None,
) -> "Builder":
    """Return a builder for the index of these settings, or for a separate one in *directory*.

    Args:
        settings: All settings.
        options: How to build.
        progress: Called at each step.
        directory: Folder of the generations; None takes that of the settings.
        gate: A further condition for promotion.
    """
    from footnote_qa.index.building import Builder  # noqa: PLC0415 - imports the parsers

    cache = settings.data_dir / "cache"
    return Builder(
        directory=directory or index_directory(settings),
        cache_path=cache / "embeddings.sqlite",
        embedder=embedder(settings, export_cache=cache / "encoders"),
        options=options,
        progress=progress,
        gate=gate,
    )


def live_index(settings: Settings, directory: IndexDirectory | None = None) -> "LiveIndex":
    """Open the index in use; raises `IndexingError`."""
    from footnote_qa.index.search import LiveIndex  # noqa: PLC0415 - imports FAISS

    found = directory or current_index(settings)
    if not found.names():
        found.served()  # its error names the place that was looked into
    return LiveIndex(found.root, fusion=fusion(settings))


def fusion(settings: Settings) -> "Fusion":
    """Return how both rankings are combined.

    Raises:
        IndexingError: The reranker, a CrossEncoder, cannot be loaded.
        SpanModelError: The reranker, the reader's own network, cannot be loaded.
    """
    from footnote_qa.index.search import Fusion  # noqa: PLC0415 - imports FAISS

    search = settings.search
    return Fusion(
        dense_weight=search.dense_weight,
        candidates=search.candidates,
        reranker=_reranker(settings) if search.reranker else None,
        reranked=search.reranked,
        rerank_weight=search.rerank_weight,
    )


def _reranker(settings: Settings) -> "Reranker":
    if is_reference(settings.search.reranker) and not Path(settings.search.reranker).exists():
        return plugin_reranker(settings)
    if settings.search.reranker != READER:
        return _cross_reranker(settings.search.reranker)
    from footnote_qa.bot.extractive import SpanReranker, loaded  # noqa: PLC0415

    return SpanReranker(loaded(settings.models.offline_reader).point)


@cache
def _cross_reranker(model: str) -> "Reranker":
    from footnote_qa.index.search import CrossReranker  # noqa: PLC0415 - imports torch

    return CrossReranker(model)


def read_ahead(settings: Settings) -> None:
    """Begin to load the network that `engine` needs, while the index is opened."""
    from footnote_qa.bot.extractive import load_ahead  # noqa: PLC0415 - imports ONNX Runtime

    load_ahead(settings.models.offline_reader)


class SearchingEncoder(Searcher, QuestionEncoder, Protocol):
    """An index that searches and that embeds texts as questions."""


def engine(settings: Settings, index: SearchingEncoder) -> "AnswerEngine":
    """Return the engine for *index*, with the portfolio of the settings."""
    from footnote_qa.bot.citations import EntailmentCheck  # noqa: PLC0415
    from footnote_qa.bot.engine import AnswerEngine, Room  # noqa: PLC0415
    from footnote_qa.bot.extractive import ExtractiveAnswerer, loaded  # noqa: PLC0415

    offline = ExtractiveAnswerer(
        loaded(settings.models.offline_reader).point,
        settings.models.offline_threshold,
        encode=index.encode,
    )
    return AnswerEngine(
        index,
        portfolio(settings),
        fallback=offline,
        k=settings.search.k,
        proves=EntailmentCheck(index.encode),
        room=Room(
            model=settings.search.context_tokens, extractive=settings.search.extractive_tokens
        ),
        export=tracing(settings),
    )


def tracing(settings: Settings) -> "Export | None":
    """Return what sends traces to the collector of the settings; None if none is set.

    Raises:
        SettingsError: `tracing.endpoint` is set, and the packages for it are missing.
    """
    endpoint = settings.tracing.endpoint or settings.otlp_traces_endpoint or settings.otlp_endpoint
    if not endpoint:
        return None
    try:
        return _exporter(endpoint, texts=settings.tracing.texts)
    except ModuleNotFoundError as error:
        how = install("tracing")
        if settings.tracing.endpoint:
            raise SettingsError(
                f"tracing.endpoint needs packages that are not installed: {how}"
            ) from error
        # The variable is there for every program on the machine
        log.warning("no traces are sent: packages are missing", extra={"install": how})
        return None


@cache
def _exporter(endpoint: str, *, texts: bool) -> "Export":
    from footnote_qa.bot.tracing import TraceExporter  # noqa: PLC0415 - OpenTelemetry is an extra

    return TraceExporter(endpoint, texts=texts)


def portfolio(settings: Settings) -> "Portfolio":
    """Return the models of the settings with their spending so far; raises `BotError`."""
    from footnote_qa.bot.llm import Portfolio  # noqa: PLC0415

    if not settings.models.providers:
        return Portfolio([], settings.models)
    return Portfolio(_models(settings), settings.models, ledger(settings))


def renew_models(engine: "AnswerEngine", settings: Settings) -> None:
    """Ask the models with the keys of these settings from now on; raises `SettingsError`."""
    if settings.models.providers:
        engine.portfolio.renew(_models(settings))


def _models(settings: Settings) -> "Sequence[Model]":
    try:
        from footnote_qa.bot.llm import build_models  # noqa: PLC0415 - imports llama-index
    except ModuleNotFoundError as error:
        kinds = {one.kind.replace("_", "-") for one in settings.models.providers}
        how = install(*sorted(kinds & EXTRAS.keys()) or ["llama-index"])
        raise SettingsError(f"models.providers needs packages that are missing: {how}") from error
    return build_models(settings.models)


def ledger(settings: Settings) -> "Ledger":
    """Open the record of spending on models; raises `BotError`."""
    from footnote_qa.bot.llm import Ledger  # noqa: PLC0415

    return Ledger(_state_target(settings, "spend.sqlite"))


def store(settings: Settings) -> "QuestionRepository":
    """Open the durable state; raises `StoreError`."""
    from footnote_qa.bot.state import QuestionRepository  # noqa: PLC0415

    return QuestionRepository(state_target(settings))


def answers_folder(settings: Settings) -> Path:
    """Return the folder of the approved answers."""
    return settings.data_dir / "answers"


def state_target(settings: Settings) -> Target:
    """Return where the durable state is: the database of the settings, or the usual file."""
    return _state_target(settings, "state.sqlite")


def _state_target(settings: Settings, name: str) -> Target:
    if settings.state.url is None:
        return settings.data_dir / name
    target = parse_state_url(settings.state.url.get_secret_value())
    if isinstance(target, PostgresUrl) or name == "state.sqlite":
        return target
    return target.with_name(name)  # beside the file that the settings name
