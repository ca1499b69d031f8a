from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder
from tests.fakes.building import make_builder, write_documents
from tests.fakes.embedder import HashEmbedder


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    return write_documents(tmp_path / "docs")


@pytest.fixture
def builder(tmp_path: Path, embedder: HashEmbedder) -> Builder:
    embedder.embedded.clear()
    return make_builder(tmp_path, embedder)
