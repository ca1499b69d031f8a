"""The distribution as it would be published, and environments to install it into."""

import shutil
import site
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MADE_OF = ("src", "bot", "index", "eval", "prompts", "LICENSES", "docs/package.md")
_FILES = ("pyproject.toml", "LICENSE", "NOTICE")
# Without compression: it takes most of the time, and what is in the archive is the same
_BUILD = """
import sys, zlib
compressor = zlib.compressobj
zlib.compressobj = lambda level, *rest: compressor(0, *rest)
from setuptools import build_meta
print(getattr(build_meta, sys.argv[1])("dist"))
"""


def copy_project(folder: Path) -> Path:
    """Copy what a distribution is made of, so that building it leaves nothing here."""
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    folder.mkdir()
    for name in (*_MADE_OF, *_FILES):
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=left_out)
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
    return folder


def build(project: Path, kind: str) -> Path:
    """Build "wheel" or "sdist" in *project*, without a package index, and return the file."""
    (project / "dist").mkdir(exist_ok=True)
    done = run(sys.executable, "-c", _BUILD, f"build_{kind}", cwd=project)
    return project / "dist" / done.splitlines()[-1]


def wheel_of(folder: Path, name: str, files: dict[str, str]) -> Path:
    """Write a wheel of another project, version 1, with these files."""
    about = f"{name}-1.dist-info"
    files = files | {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    made = folder / f"{name}-1-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in (files | {f"{about}/RECORD": record}).items():
            archive.writestr(path, text)
    return made


class Environment:
    """A virtual environment in which our dependencies can be imported, but nothing of this folder.

    Args:
        folder: Where it is made.
    """

    def __init__(self, folder: Path) -> None:
        run(sys.executable, "-m", "venv", "--without-pip", str(folder))
        self.folder, self.python = folder, folder / "bin" / "python"
        (self.packages,) = folder.glob("lib/python3*/site-packages")
        # Searched last; the .pth files in it, such as those of editable installs, are not read
        dependencies = sysconfig.get_path("purelib", vars={"base": sys.prefix})
        assert dependencies in site.getsitepackages()
        (self.packages / "dependencies.pth").write_text(f"{dependencies}\n", encoding="utf-8")

    def install(self, *wheels: Path) -> None:
        """Install wheels as a person would, but without an index and without dependencies."""
        self._pip("install", "--no-deps", "--no-index", "--no-compile", *map(str, wheels))

    def uninstall(self, name: str) -> None:
        """Remove a package again."""
        self._pip("uninstall", "--yes", name)

    def _pip(self, *words: str) -> None:
        pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        run(*pip, "--quiet", "--disable-pip-version-check", *words)

    def names(self) -> set[str]:
        """Return the names at the top of site-packages."""
        return {path.name for path in self.packages.iterdir()} - {"dependencies.pth"}


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a command without the paths of this environment, and return what it printed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout
