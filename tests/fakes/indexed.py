"""A data folder in which the example documents are indexed with the real model."""

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from footnote_qa.index.building import Builder, BuildOptions, quiet
from footnote_qa.index.embedding import EMBEDDED, open_embedder
from footnote_qa.index.storage import IndexDirectory
from footnote_qa.index.types import Embedder
from tests.fakes.building import specs

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "documents"


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all workers of this test run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def index_examples(shared: Path) -> Path:
    """Return a data folder in which the example documents are indexed, made by the first."""
    data = shared / "examples-data"
    with FileLock(shared / "examples.lock"):
        if not (shared / "examples.ready").exists():
            build(data, EXAMPLES)
            (shared / "examples.ready").touch()
    return data


def build(data: Path, documents: Path) -> None:
    """Index *documents* with the real model."""
    Builder(
        directory=IndexDirectory(data / "index"),
        cache_path=data / "cache" / "embeddings.sqlite",
        embedder=embedder(data),
        options=BuildOptions(),
        progress=quiet,
    ).build(specs(documents))


def embedder(data: Path) -> Embedder:
    return open_embedder(EMBEDDED, export_cache=data / "cache" / "encoders")


def copy_data(data: Path, copy: Path) -> None:
    """Copy *data*, so that a test may change it."""
    shutil.copytree(data, copy)


def copy_embeddings(data: Path, other: Path) -> None:
    """Let builds into *other* find the embeddings of every text that is indexed in *data*."""
    (other / "cache").mkdir(parents=True)
    shutil.copy(data / "cache" / "embeddings.sqlite", other / "cache")
