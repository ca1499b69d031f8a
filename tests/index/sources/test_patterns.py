import time

import pytest

from footnote_qa.index.sources.patterns import check, matches, read_patterns, takes


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.md", "**/*", True),
        ("x/y/a.md", "**/*", True),
        ("x/y/a.md", "**", True),
        ("x/a.md", "*.md", True),
        ("x/a.md", "a.*", True),
        ("x.md/a.txt", "*.md", True),
        ("x/a.md", "x/*.md", True),
        ("x/y/a.md", "x/*.md", False),
        ("x/y/a.md", "x/**/*.md", True),
        ("x/a.md", "x/**/*.md", True),
        ("y/x/a.md", "x/**", False),
        ("x", "x/**", False),
        ("x/y/z", "x/", True),
        ("y/x/z", "x/", True),
        ("y/x/z", "/x/", False),
        ("x", "x/", False),
        ("x/y/a.md", "y", True),
        ("x/y/z/a.md", "**/y/**/a.md", True),
        ("y/a.md", "**/y/**/a.md", True),
        ("x/z/a.md", "**/y/**/a.md", False),
        ("a.md", "/a.md", True),
        ("x/a.md", "/a.md", False),
        ("a1.md", "a[0-9].md", True),
        ("A.MD", "*.md", False),
        ("a/b", "a?b", False),
    ],
)
def test_a_path_matches_as_documented(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


@pytest.mark.parametrize("pattern", ["**/a/" * 50 + "b", "a*" * 60 + "b", "*" * 200 + "b"])
def test_many_stars_cost_no_backtracking(pattern: str) -> None:
    started = time.process_time()

    assert not matches("/".join(["a"] * 200), pattern)
    assert not matches("a" * 200, pattern)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("path", ["x/caf\udce9.md", "x/\ud800.md"])
def test_a_name_that_is_no_unicode_matches_too(path: str) -> None:
    assert matches(path, "*.md")


def test_a_file_is_chosen_by_include_unless_exclude_matches_it_or_a_folder_above() -> None:
    def chosen(path: str) -> bool:
        return takes(path, ("*.md", "!README.md"), ("drafts", "*.tmp.md", "!keep.tmp.md"))

    paths = ["a.md", "README.md", "x/drafts/a.md", "a.tmp.md", "x/keep.tmp.md", "a.txt"]
    assert [chosen(path) for path in paths] == [True, False, False, False, True, False]


@pytest.mark.parametrize("pattern", ["[z-a]", "!", "a\\"])
def test_a_wrong_pattern_is_a_fault_of_the_settings_and_no_line_of_an_ignore_file(
    pattern: str,
) -> None:
    assert [repr(pattern) in fault for fault in check(["*.md"], [pattern])] == [True]
    assert read_patterns(f"*.tmp\n{pattern}\n# a remark\n").says("x/a.tmp") is True


def test_include_needs_a_pattern_that_includes() -> None:
    assert check(["!drafts/"]) == ["include needs a pattern without !"]
