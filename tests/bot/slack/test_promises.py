"""Each promise of docs/slack.md names tests that exist, and each tested fault is on the page."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "slack.md"


def names_of_tests(*names: str) -> set[str]:
    """Return the names of the tests in files of this folder."""
    return {
        node.name
        for name in names
        for node in ast.parse((HERE / name).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_that_the_page_names_starts_the_complete_bot() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))

    starting = names_of_tests(*(path.name for path in HERE.glob("test_*_process.py")))

    assert len(named) > 40
    assert named - starting == set()


def test_every_fault_that_is_tested_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")

    left_out = {name for name in names_of_tests("test_fault_process.py") if name not in page}

    assert left_out == set()
