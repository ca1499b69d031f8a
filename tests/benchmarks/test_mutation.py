"""Small faults are drawn and put into a copy of the code."""

import ast
from pathlib import Path

import pytest

from benchmarks.mutation import drawn, is_caught

SOUND = "LEAST = 3\n\n\ndef is_long(text: str) -> bool:\n    return len(text) > LEAST and True\n"


def project(folder: Path, test: str) -> Path:
    (folder / "bot").mkdir()
    (folder / "tests").mkdir()
    (folder / "bot" / "sizes.py").write_text(SOUND, encoding="utf-8")
    (folder / "tests" / "test_sizes.py").write_text(
        f"from bot.sizes import is_long\n\n\ndef test_it():\n    {test}\n", encoding="utf-8"
    )
    (folder / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\npythonpath='.'\nmarkers=['slow','live']\n"
    )
    return folder


def test_every_fault_is_one_place_of_valid_code(tmp_path: Path) -> None:
    root = project(tmp_path, "assert is_long('four')")

    faults = drawn(root, 10, seed=1)

    assert sorted(fault.new for fault in faults) == ["4", ">=", "False", "or"]
    for fault in faults:
        changed = SOUND[: fault.start] + fault.new + SOUND[fault.end :]
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(SOUND))
    assert drawn(root, 10, seed=1) == faults


@pytest.mark.slow
def test_a_fault_is_caught_by_a_test_that_looks_and_only_by_that(tmp_path: Path) -> None:
    root = project(tmp_path, "assert is_long('four') and not is_long('one')")

    outcomes = {fault.new: is_caught(root, fault) for fault in drawn(root, 10, seed=1)}

    assert outcomes == {"4": True, "False": True, ">=": True, "or": True}
    (root / "tests" / "test_sizes.py").write_text(
        "from bot.sizes import is_long\n\n\ndef test_it():\n    assert is_long('fourteen')\n"
    )
    assert not any(
        is_caught(root, fault) for fault in drawn(root, 10, seed=1) if fault.new != "False"
    )
    assert (root / "bot" / "sizes.py").read_text() == SOUND


@pytest.mark.slow
def test_a_slow_test_catches_a_fault_only_if_slow_tests_run(tmp_path: Path) -> None:
    root = project(tmp_path, "assert not is_long('one')")
    test = root / "tests" / "test_sizes.py"
    test.write_text(f"import pytest\npytestmark = pytest.mark.slow\n{test.read_text()}")
    (fault,) = [one for one in drawn(root, 10, seed=1) if one.new == ">="]

    assert [is_caught(root, fault, slow=slow) for slow in (False, True)] == [False, True]
