"""The example plug-ins are packages that pip installs, and `footnote plugins` finds each."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from footnote_qa.plugins import Kind
from footnote_qa.plugins.registry import installed
from tests.plugins.conftest import EXAMPLES


@pytest.mark.slow
def test_pip_installs_each_example_and_its_entry_point_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "installed"
    copied = [shutil.copytree(one.parent, tmp_path / one.parent.name) for one in EXAMPLES]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
            *("--no-build-isolation", "--disable-pip-version-check", "--target", str(target)),
            *map(str, copied),
        ],
        check=True,
        timeout=600,
    )
    monkeypatch.syspath_prepend(str(target))

    assert {one.parent.name for one in EXAMPLES} == set(Kind)
    for kind in Kind:
        [found] = installed(kind)
        assert (target / found.target.partition(":")[0] / "__init__.py").is_file()
