"""Data folders for the real embedding model, and one in which the example documents are indexed."""

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


def export_model(shared: Path) -> Path:
    """Return a data folder without an index. The model itself comes with the package."""
    data = shared / "model"
    (data / "cache" / "encoders").mkdir(parents=True, exist_ok=True)
    return data


def index_examples(shared: Path) -> Path:
    """Return a data folder in which the example documents are indexed, made by the first."""
    data = shared / "examples-data"
    model = export_model(shared)
    with FileLock(shared / "examples.lock"):
        if not (shared / "examples.ready").exists():
            link_model(model, data)
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


def link_model(model: Path, data: Path) -> None:
    """Let *data* have the exported model without making it again."""
    shutil.copytree(
        model / "cache" / "encoders", data / "cache" / "encoders", copy_function=os.link
    )


def copy_data(data: Path, copy: Path) -> None:
    """Copy *data*, so that a test may change it; the exported model is linked."""
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("encoders"))
    link_model(data, copy)
