from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.replication import GenerationStore, SharedIndexDirectory
from footnote_qa.index.storage import GateCheck, Generation
from tests.fakes import object_store
from tests.fakes.embedder import HashEmbedder

GRACE = timedelta(hours=24)
Machine = Callable[..., SharedIndexDirectory]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in object_store.KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def server(s3_server: str) -> str:
    """Address of an S3 interface."""
    return s3_server


@pytest.fixture
def url(server: str) -> str:
    """An empty bucket with a folder."""
    return object_store.new_bucket(server)


@pytest.fixture
def way(server: str) -> Iterator[object_store.Way]:
    """A connection to the server that can be cut."""
    made = object_store.Way(server)
    yield made
    made.close()


@pytest.fixture
def machine(tmp_path: Path, server: str, url: str) -> Machine:
    """Makes the local folder of a machine, by its name."""

    def make(name: str, *, at: str = server, **options: object) -> SharedIndexDirectory:
        options = {"grace": GRACE} | options
        store = GenerationStore(object_store.objects(at, url))
        return SharedIndexDirectory(tmp_path / name / "index", store, **options)  # type: ignore[arg-type] # named by the caller

    return make


def add(documents: Path, number: int) -> None:
    """Write one more document."""
    (documents / f"more-{number}.md").write_text(
        f"# More {number}\n\nRule number {number} holds.\n"
    )


def builder_on(
    directory: SharedIndexDirectory,
    embedder: HashEmbedder,
    *,
    meanwhile: Callable[[], object] = lambda: None,
    **options: bool | int,
) -> Builder:
    """Return what builds in *directory*; before it uploads, something happens *meanwhile*."""

    def gate(_: Generation) -> list[GateCheck]:
        meanwhile()
        return []

    return Builder(
        directory=directory,
        cache_path=directory.root.parent / "cache" / "embeddings.sqlite",
        embedder=embedder,
        gate=gate,
        options=BuildOptions(**options),  # type: ignore[arg-type] # named by the caller
    )
