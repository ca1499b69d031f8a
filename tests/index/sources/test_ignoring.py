"""Folder sources obey ignore files as git does, and skip the folders of tools."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from footnote_qa.index.sources import SourceSpec, left_out, open_sources
from footnote_qa.index.types import Problem


def tree(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def look(root: Path, **spec: object) -> tuple[list[str], list[str]]:
    """Return the documents found, and what was left out."""
    sources = open_sources([SourceSpec(path=str(root), **spec)], max_file_bytes=1000)  # type: ignore[arg-type]  # a mixed bag of fields
    found = [file for source in sources for file in source.files()]
    assert not [file for file in found if isinstance(file, Problem)]
    return [file.document for file in found], left_out(sources)


FILES = {
    ".gitignore": "*.tmp\n/build/\n!keep.tmp\n",
    "a.md": "x",
    "a.tmp": "x",
    "keep.tmp": "x",
    "build/page.md": "x",
    "guides/build/page.md": "x",
    "guides/.footnoteignore": "secret.md\n!b.tmp\n",
    "guides/secret.md": "x",
    "guides/b.tmp": "x",
    "node_modules/pack/README.md": "x",
    "env/pyvenv.cfg": "x",
    "env/lib/LICENSE.md": "x",
}


def test_ignored_files_and_folders_of_tools_are_left_out(tmp_path: Path) -> None:
    found, left = look(tree(tmp_path, **FILES))

    assert found == ["a.md", "guides/b.tmp", "guides/build/page.md", "keep.tmp"]
    assert left == ["a.tmp", "build", "env", "guides/secret.md", "node_modules"]


def test_the_setting_turns_all_of_it_off(tmp_path: Path) -> None:
    found, left = look(tree(tmp_path, **FILES), skip_ignored=False)

    assert found == sorted(name for name in FILES if "/." not in f"/{name}")
    assert left == []


def test_footnoteignore_decides_over_gitignore_in_the_same_folder(tmp_path: Path) -> None:
    root = tree(
        tmp_path, **{".gitignore": "*.md", ".footnoteignore": "!a.md", "a.md": "", "b.md": ""}
    )

    assert look(root) == (["a.md"], ["b.md"])


def test_only_what_the_patterns_of_the_settings_take_counts_as_left_out(tmp_path: Path) -> None:
    root = tree(
        tmp_path, **{".gitignore": "a.*", "a.md": "", "a.log": "", "b.md": "", "c/a.md": ""}
    )

    assert look(root, include=("*.md",), exclude=("c/",)) == (["b.md"], ["a.md"])


def test_an_ignore_file_that_is_a_link_or_cannot_be_read_has_no_effect(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("*.md")
    root = tree(tmp_path / "docs", **{"a.md": "", "x/a.md": "", "y/.footnoteignore/z.md": ""})
    (root / ".gitignore").symlink_to(tmp_path / "outside")
    (root / "x" / ".gitignore").write_bytes(b"\xff\xfe[\n" + b"a" * 2_000_000)

    assert look(root) == (["a.md", "x/a.md"], [])


def test_an_exception_takes_back_a_folder_and_not_what_is_ignored_in_it(tmp_path: Path) -> None:
    root = tree(tmp_path, **{".gitignore": "a/*\n!a\n", "a/b/c.md": "", "a/d.md": "", "e.md": ""})

    assert look(root) == (["e.md"], ["a/b", "a/d.md"])


NAMES = st.sampled_from(["a", "b", "a.md", "b.md", "c.txt"])
PATTERNS = st.lists(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", "", "!"]),
        st.sampled_from(["", "/", "**/", "a/", "a/**/"]),
        st.sampled_from(["a", "b", "*", "*.md", "a*", "?", "[ab]", "[!a]", "**"]),
        st.sampled_from(["", "", "/", "/*", "/**"]),
    ),
    max_size=4,
)


@given(
    paths=st.sets(st.lists(NAMES, min_size=1, max_size=3).map("/".join), min_size=1, max_size=8),
    ignoring=st.dictionaries(st.sampled_from([".gitignore", "a/.gitignore"]), PATTERNS),
)
@example(paths={"a/a", "a/b/c.txt"}, ignoring={".gitignore": ["a/**/"]})
@example(paths={"a/a/b", "a/c.txt"}, ignoring={".gitignore": ["a/**/", "!a/a"]})
@settings(max_examples=50, deadline=None)
def test_what_is_ignored_is_what_git_ignores(
    tmp_path_factory: pytest.TempPathFactory, paths: set[str], ignoring: dict[str, list[str]]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for path in sorted(paths, key=len, reverse=True):
        if not any(other.startswith(f"{path}/") for other in paths):
            tree(root, **{path: "x"})
    for name, lines in ignoring.items():
        if (root / name).parent.is_dir():
            (root / name).write_text("\n".join(lines))
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)

    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "--others", "--exclude-per-directory=.gitignore"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()

    assert look(root)[0] == sorted(one for one in listed if not one.endswith(".gitignore"))
