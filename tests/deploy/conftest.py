from pathlib import Path

import pytest
from filelock import FileLock

from tests.bot.slack.conftest import slack, start
from tests.fakes.distribution import build, copy_project
from tests.fakes.indexed import shared_folder

__all__ = ["slack", "start"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, in `dist` of the copy that it was made of: built once for all workers."""
    shared = shared_folder(tmp_path_factory)
    project = shared / "project"
    with FileLock(shared / "project.lock"):
        if not project.exists():
            build(copy_project(shared / "copy"), "wheel")
            (shared / "copy").rename(project)
    (made,) = (project / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="session")
def project(wheel: Path) -> Path:
    """The copy of our files that the wheel was made of."""
    return wheel.parents[1]
