"""Runs the blocks of commands of a page in one folder, and finds what the page says they print."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the language and the text of each block of a page of the site."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found: list[tuple[str, str]] = _BLOCK.findall(text)
    return found


def run(block: str, folder: Path) -> str:
    """Return what a block of commands prints; each of them must end well."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    modules = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", block],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": modules, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def missing(expected: str, printed: str) -> list[str]:
    """Return the lines of a page that a command did not print; times and ages may differ."""
    lines = [line.strip() for line in printed.splitlines()]
    return [
        line
        for line in expected.splitlines()
        if not any(one.startswith(line.strip()) for one in lines)
    ]
