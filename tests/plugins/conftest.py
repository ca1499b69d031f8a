"""The example plug-ins, installed into a folder of their own, and put on the path for one test."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.api import small_model

__all__ = ["small_model"]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def installed_examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every example plug-in, installed by pip as anybody would."""
    scratch, target = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("installed")
    copied = [
        shutil.copytree(one.parent, scratch / one.parent.name)
        for one in sorted((ROOT / "examples" / "plugins").glob("*/pyproject.toml"))
    ]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
            *("--no-build-isolation", "--disable-pip-version-check", "--target", str(target)),
            *map(str, copied),
        ],
        check=True,
        timeout=300,
    )
    return target


@pytest.fixture
def examples(installed_examples: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example plug-ins, installed for this test."""
    monkeypatch.syspath_prepend(str(installed_examples))
    return installed_examples


Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Make and install a package: a module with *code*, and entry points by group."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    made: list[str] = []

    def make(module: str, code: str, *, version: str = "1.0", **entries: dict[str, str]) -> Path:
        (folder / f"{module}.py").write_text(code)
        info = folder / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {module}\nVersion: {version}\n"
        )
        groups = (
            f"[footnote_qa.{group}]\n" + "\n".join(f"{k} = {v}" for k, v in named.items())
            for group, named in entries.items()
        )
        (info / "entry_points.txt").write_text("\n".join(groups) + "\n")
        made.append(module)
        return folder

    yield make
    for module in made:
        sys.modules.pop(module, None)
