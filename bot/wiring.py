"""Settings become parts: the one place that knows which part gets which setting."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import Settings
from index.generation import IndexDirectory
from index.sources import SourceSpec

if TYPE_CHECKING:
    from bot.engine import FootnoteQueryEngine
    from bot.store import Store
    from index.build import Builder, BuildOptions
    from index.plan import Progress
    from index.search import LiveIndex

MEGABYTE = 1024 * 1024


def index_directory(settings: Settings) -> IndexDirectory:
    """Return the folder of all generations."""
    return IndexDirectory(settings.data_dir / "index")


def specs_of_paths(paths: Sequence[Path]) -> tuple[SourceSpec, ...]:
    """Return a source for each folder or file named on the command line."""
    return tuple(SourceSpec(path=str(path.absolute())) for path in paths)


def source_specs(settings: Settings) -> tuple[SourceSpec, ...]:
    """Return the sources of the settings; if they name none, those of the served generation."""
    if settings.sources:
        return tuple(
            SourceSpec(
                path=str(source.path.absolute()),
                name=source.name,
                include=source.include,
                exclude=source.exclude,
                url=source.url,
                audience=source.audience,
            )
            for source in settings.sources
        )
    directory = index_directory(settings)
    name = directory.current()
    return directory.manifest(name).sources if name else ()


def build_options(settings: Settings, *, full: bool = False, force: bool = False) -> "BuildOptions":
    """Return how the index is built."""
    from index.build import BuildOptions  # noqa: PLC0415 - brings the parsers along

    return BuildOptions(
        chunk_tokens=settings.index.chunk_tokens,
        max_file_bytes=settings.index.max_file_mb * MEGABYTE,
        parse_timeout_s=settings.index.parse_timeout_s,
        keep_generations=settings.index.keep_generations,
        max_lost_share=settings.index.max_lost_share,
        full=full,
        force=force,
    )


def builder(
    settings: Settings,
    options: "BuildOptions",
    *,
    progress: "Progress",
    directory: IndexDirectory | None = None,
) -> "Builder":
    """Return what builds the index of these settings, or one in *directory* of its own."""
    from index.build import Builder  # noqa: PLC0415 - brings the parsers along
    from index.embedding import SentenceTransformerEmbedder  # noqa: PLC0415

    cache = settings.data_dir / "cache"
    return Builder(
        directory=directory or index_directory(settings),
        cache_path=cache / "embeddings.sqlite",
        embedder=SentenceTransformerEmbedder(settings.index.model, export_cache=cache / "encoders"),
        options=options,
        progress=progress,
    )


def live_index(settings: Settings, directory: IndexDirectory | None = None) -> "LiveIndex":
    """Open the index that is served; raises `IndexingError`."""
    from index.search import Fusion, LiveIndex  # noqa: PLC0415 - brings FAISS along

    fusion = Fusion(
        dense_weight=settings.search.dense_weight, candidates=settings.search.candidates
    )
    return LiveIndex((directory or index_directory(settings)).root, fusion=fusion)


def engine(settings: Settings, index: "LiveIndex") -> "FootnoteQueryEngine":
    """Return what answers from *index* with the portfolio of the settings."""
    from bot.engine import FootnoteQueryEngine  # noqa: PLC0415 - brings llama-index along
    from bot.providers import build_answerers  # noqa: PLC0415
    from bot.reader import OfflineAnswerer  # noqa: PLC0415

    threshold = settings.models.offline_threshold
    offline = (
        OfflineAnswerer(index.encode)
        if threshold is None
        else OfflineAnswerer(index.encode, threshold=threshold)
    )
    return FootnoteQueryEngine(
        index, build_answerers(settings.models), fallback=offline, k=settings.search.k
    )


def store(settings: Settings) -> "Store":
    """Open the durable state; raises `StoreError`."""
    from bot.store import Store  # noqa: PLC0415

    return Store(settings.data_dir / "state.sqlite")
