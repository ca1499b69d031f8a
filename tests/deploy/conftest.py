from pathlib import Path

import pytest

from tests.bot.slack.conftest import slack, start
from tests.fakes.distribution import build, copy_project

__all__ = ["slack", "start"]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the distribution is made of."""
    return copy_project(tmp_path_factory.mktemp("made") / "project")


@pytest.fixture(scope="session")
def wheel(project: Path) -> Path:
    """The wheel, built once for all tests of a worker."""
    return build(project, "wheel")
