from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.killing import BuildServer, Scene, make_scene


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuildServer]:
    server = BuildServer(tmp_path_factory.mktemp("fork-model"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, server: BuildServer) -> Scene:
    folder: Path = tmp_path_factory.mktemp("scene")
    return make_scene(folder, server)
