import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import web
from tests.fakes.embedder import HashEmbedder


@pytest.fixture(scope="session")
def web_index(embedder: HashEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small index; to be copied, never changed."""
    folder = tmp_path_factory.mktemp("web-index")
    web.build(folder, embedder, web.DOCUMENTS)
    return folder


@pytest.fixture
def folder(web_index: Path, tmp_path: Path) -> Path:
    """A copy of the folder with the index, which a test may build again."""
    copy = tmp_path / "data"
    shutil.copytree(web_index, copy)
    return copy


@pytest.fixture
def pages(folder: Path, tmp_path: Path) -> Iterator[web.Pages]:
    """The pages over the small index."""
    with web.pages(tmp_path / "state", folder / "index") as served:
        yield served
