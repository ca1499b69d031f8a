"""The table of promises names tests that exist, and has a row for each promise."""

import re

from tests.faults.killing import ROOT

PAGE = ROOT / "docs" / "reliability.md"


def test_each_of_the_promises_names_tests_that_exist() -> None:
    rows = re.findall(r"^\| (P\d+) \|(.+)\|.+\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert [name for name, _ in rows] == [f"P{number}" for number in range(1, 20)]
    for name, row in rows:
        files = re.findall(r"`(tests/[\w/]+\.py)`", row)
        tests = "\n".join((ROOT / file).read_text(encoding="utf-8") for file in files)
        named = re.findall(r"`(test_\w+)`", row)
        missing = [test for test in named if f"def {test}(" not in tests]
        assert named, name
        assert missing == [], name


def test_every_test_of_a_promise_is_in_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    tests = [
        test
        for path in sorted((ROOT / "tests" / "faults").glob("test_*.py"))
        for test in re.findall(r"^def (test_p\d+_\w+)\(", path.read_text("utf-8"), re.MULTILINE)
    ]

    assert len(tests) > 15
    assert [test for test in tests if f"`{test}`" not in page] == []
