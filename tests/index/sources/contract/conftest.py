from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.services.syncing import Syncing
from tests.index.sources.contract.worlds import TOKEN, WORLDS, World, world_of


@pytest.fixture(params=sorted(WORLDS))
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(request.param) as found:
        monkeypatch.setenv(TOKEN, found.service.token)
        yield found


@pytest.fixture
def syncing(world: World, tmp_path: Path) -> Syncing:
    return Syncing(world.spec, tmp_path)
