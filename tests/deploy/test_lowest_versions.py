"""The lowest versions that the metadata allows are enough: a part of the tests passes with them."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TESTED = (
    *("tests/index/parsing", "tests/index/storage", "tests/index/chunking", "tests/index/search"),
    *("tests/index/building", "tests/bot/citations", "tests/bot/extractive", "tests/bot/cli"),
)
QUESTION = "How much of its computing capacity would OpenAI get from Project Stargate?"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, *, campaign: bool) -> Path:
    """The Python of an environment with the lowest versions; packages for tests are found last."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if not campaign or uv is None:
        pytest.skip("installs packages for minutes: `make test-faults` runs it, and needs uv")
    folder = tmp_path_factory.mktemp("lowest")
    pins, environment = folder / "pins.txt", folder / "environment"
    compiling = ["pip", "compile", "--quiet", "--resolution", "lowest-direct"]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    commands = (
        [*compiling, "--python-version", version, "pyproject.toml", "--output-file", str(pins)],
        ["venv", "--quiet", "--python", sys.executable, str(environment)],
        ["pip", "install", "--quiet", "--python", str(environment), "--requirement", str(pins)],
    )
    for command in commands:
        done = subprocess.run([uv, *command], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode and "network" in done.stderr.lower():
            pytest.skip(f"needs a package index: {done.stderr.strip().splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
    (packages,) = environment.glob("lib/python3*/site-packages")
    tests = sysconfig.get_path("purelib")
    (packages / "tests.pth").write_text(f"{tests}\n", encoding="utf-8")
    return environment / "bin" / "python"


def run(python: Path, *words: str, cwd: Path) -> str:
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    done = subprocess.run(
        [str(python), "-W", "default", "-m", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_it_builds_and_answers(python: Path, tmp_path: Path) -> None:
    run(python, "footnote_qa", "index", "build", str(ROOT / "examples" / "documents"), cwd=tmp_path)

    said = run(python, "footnote_qa", "ask", QUESTION, cwd=tmp_path)

    assert "75%" in said


def test_the_tests_pass(python: Path) -> None:
    words = ("pytest", "-q", "-W", "default", "-p", "no:cacheprovider", "-m", "not slow", *TESTED)

    said = run(python, *words, cwd=ROOT)

    assert "failed" not in said
