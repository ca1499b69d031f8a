"""Pages, help, messages, docstrings and names of tests are in plain English, by a list of words."""

from pathlib import Path

import pytest

from tests.plain_english import EXCLUDED, files, find, find_in_markdown, find_in_python

ROOT = Path(__file__).resolve().parents[1]
CLEAN: tuple[str, ...] = (
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md"),
    *("docs", "bot", "index", "eval", "prompts", "benchmarks", "training", "examples", "tests"),
)


def words(text: str) -> list[str]:
    return [finding.words for finding in find_in_markdown(text)]


@pytest.mark.parametrize("path", CLEAN)
def test_no_word_of_the_list_is_used(path: str) -> None:
    found = [
        f"{file}:{each.line}: {each.words}" for file in files([ROOT / path]) for each in find(file)
    ]

    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The quote stands in the text.", ["stands"]),
        ("SLA stands for service level agreement. Understand the standard.", []),
        ("A stand-in of the stand-alone kind.", []),
        ("The new index is served at\nonce.", ["at once"]),
        ("The user is told why, and the command tells more.", ["told", "tells"]),
        ("Amend the wholesale order.", []),
        ("Whole sentences stay whole.", ["Whole", "whole"]),
        ("What it does not know, it does not say.", ["What …"]),
        ("Is it true? Whether it is depends on the text.", ["Whether …"]),
        ("What does it cost? Nothing.", []),
        ("## What is weak\n\nNothing.", []),
        ('The message is "a supplier stands here".', []),
        ("> It stands here.\n\n`at once`\n\n```\nat once\n```\n", []),
        ("[a link](docs/whole.md)", []),
        ("They can be told apart, and look alike.", ["alike"]),
    ],
)
def test_a_word_of_the_list_is_found_in_prose_alone(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_a_finding_has_the_line_of_its_file() -> None:
    text = "Fine.\n\n```\nwhole\n```\n\nStill fine,\nbut this is told.\n"

    assert [finding.line for finding in find_in_markdown(text)] == [8]


SOURCE = '''\
"""What it costs."""
# It stands here.
NAME = "whole"
MESSAGE = f"{NAME} stood here"


def test_it_is_served_at_once():
    """All of it.

    >>> "whole" == "anew"
    False
    """
'''


def test_docstrings_comments_texts_and_names_of_tests_are_searched() -> None:
    found = [(finding.line, finding.words) for finding in find_in_python(SOURCE)]

    assert found == [(1, "What …"), (2, "stands"), (4, "stood"), (7, "at once")]


def test_the_contents_of_example_documents_are_not_searched() -> None:
    searched = {str(file.relative_to(ROOT)) for file in files([ROOT / "examples", ROOT / "tests"])}

    assert "examples/README.md" in searched
    assert not [name for name in searched if name.startswith(tuple(f"{e}/" for e in EXCLUDED))]


def test_the_texts_of_tests_can_be_left_out() -> None:
    found = [finding.line for finding in find_in_python(SOURCE, texts=False)]

    assert found == [1, 2, 7]
