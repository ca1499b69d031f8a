import pytest

from index.sources.patterns import matches


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.md", "**/*", True),
        ("x/y/a.md", "**/*", True),
        ("x/y/a.md", "**", True),
        ("x/a.md", "*.md", True),
        ("x/a.md", "a.*", True),
        ("x.md/a.txt", "*.md", False),
        ("x/a.md", "x/*.md", True),
        ("x/y/a.md", "x/*.md", False),
        ("x/y/a.md", "x/**/*.md", True),
        ("x/a.md", "x/**/*.md", True),
        ("y/x/a.md", "x/**", False),
        ("x", "x/**", False),
        ("x/y/z", "x/", True),
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


def test_many_stars_cost_no_backtracking() -> None:
    path = "/".join(["a"] * 200)

    assert not matches(path, "**/a/" * 50 + "b")
