"""The example plug-ins, installed into a folder of their own, and put on the path for one test."""

import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.fakes.api import small_model

__all__ = ["small_model"]

ROOT = Path(__file__).resolve().parents[2]


EXAMPLES = tuple(sorted((ROOT / "examples" / "plugins").glob("*/pyproject.toml")))


@pytest.fixture(scope="session")
def installed_examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every example plug-in; that pip installs them, `test_examples.py` shows."""
    target = tmp_path_factory.mktemp("installed")
    for one in EXAMPLES:
        project = tomllib.loads(one.read_text(encoding="utf-8"))["project"]
        shutil.copytree(one.parent / "src", target, dirs_exist_ok=True)
        write_metadata(target, project["name"], project["version"], project["entry-points"])
    return target


def write_metadata(
    folder: Path, name: str, version: str, groups: Mapping[str, Mapping[str, str]]
) -> None:
    """Write what pip writes about an installed package: its name, version and entry points."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [
        line
        for group, named in groups.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in named.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


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
        groups = {f"footnote_qa.{group}": named for group, named in entries.items()}
        write_metadata(folder, module, version, groups)
        made.append(module)
        return folder

    yield make
    for module in made:
        sys.modules.pop(module, None)
