"""Match paths with the patterns of `.gitignore` files, such as `guides/**/*.md`."""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import re2  # type: ignore[import-untyped]  # RE2 ships no types
from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

log = logging.getLogger(__name__)

ALL = ("**/*",)


# The ends of pathspec's expressions, which match everything below a folder.
_FOLDER = "(?P<ps_d>/)"
_END = f"(?:{_FOLDER}|$)"


class _Rule(Protocol):
    def search(self, text: str) -> object: ...


class PatternError(ValueError):
    """A pattern that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns in the order in which they are written; the last one that matches decides.

    A pattern without `/` before its end matches a name in any folder, other patterns match from
    the top. One that ends in `/` matches folders only, and a folder means everything below it.
    `*`, `?` and `[…]` match characters within one name, `**` any number of folders. `!` before a
    pattern undoes earlier ones.

    Attributes:
        lines: The patterns.

    >>> patterns = Patterns(("*.md", "!draft.md"))
    >>> patterns.says("a/b.md"), patterns.says("a/draft.md"), patterns.says("b.txt")
    (True, False, None)
    """

    lines: tuple[str, ...]

    def says(self, path: str) -> bool | None:
        """Return True if *path* matches, False if a `!` undoes that, None if nothing matches.

        Args:
            path: Relative, with `/`; a folder ends in `/`.
        """
        if self.lines == ALL:
            return True
        # RE2 takes valid Unicode only; names of files may be anything.
        shown = path.encode("utf-8", errors="replace").decode()
        return _compiled(self.lines).check_file(shown).include

    def says_itself(self, path: str) -> bool | None:
        """Return the same as `says`, without patterns that match only a folder above *path*.

        This is what git asks at each step down a tree: an exception such as `!a` takes back the
        folder `a`, and not the files in it that other patterns ignore.

        >>> Patterns(("a/*", "!a")).says_itself("a/b/")
        True
        """
        shown = path.encode("utf-8", errors="replace").decode()
        return next((said for rule, said in _exact(self.lines) if rule.search(shown)), None)


@lru_cache(maxsize=1024)
def _compiled(lines: tuple[str, ...]) -> GitIgnoreSpec:
    # RE2 takes time in proportion to the path. Python's own expressions may take years for a
    # pattern with many stars, and anybody who can write into a folder can write a `.gitignore`.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[` in a pattern
        try:
            return GitIgnoreSpec.from_lines(map(_contents, lines), backend="re2")
        except Exception as error:  # RE2's error derives from no other
            raise PatternError(f"the pattern {' '.join(lines)!r} cannot be read") from error


def _contents(line: str) -> str:
    """Return a pattern as pathspec means it: to git, `a/**` is what is in `a`, without `a/`."""
    return f"{line}/*" if line.endswith("/**") else _folders(line)


def _folders(line: str) -> str:
    """Return a pattern as pathspec means it: to git, `a/**/` is the folders in `a`, not `a/`."""
    return f"{line}*/" if line.endswith("/**/") else line


@lru_cache(maxsize=1024)
def _exact(lines: tuple[str, ...]) -> list[tuple[_Rule, bool]]:
    """Return an expression for each line with its answer, last line first."""
    found = []
    for line in reversed(lines):
        pattern = GitIgnoreSpecPattern(_folders(line))
        if pattern.regex is not None and pattern.include is not None:
            text = pattern.regex.pattern.replace(_END, "/?$").replace(_FOLDER, "/$")
            text += ".+$" if text.endswith("/") else ""  # the contents of a folder
            found.append((re2.compile(text), pattern.include))
    return found


def matches(path: str, pattern: str) -> bool:
    """Return whether the relative *path* matches one pattern.

    >>> matches("a/b/c.md", "*.md"), matches("a/b/c.md", "a/*.md"), matches("a/b/c.md", "a/")
    (True, False, True)
    """
    return Patterns((pattern,)).says(path) is True


def takes(path: str, include: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    """Return whether a file is chosen: *include* matches it, and *exclude* does not."""
    if exclude and Patterns(exclude).says(path):
        return False
    return Patterns(include).says(path) is True


def check(include: Sequence[str], exclude: Sequence[str] = ()) -> list[str]:
    """Return the faults of patterns in the settings, each with what to do."""
    faults = []
    for pattern in (*include, *exclude):
        try:
            _compiled((pattern,))
        except PatternError as error:
            faults.append(f"{error}: write it as in a .gitignore file")
    if not any(pattern and not pattern.startswith(("!", "#")) for pattern in include):
        faults.append("include needs a pattern without !")
    return faults


def read_patterns(text: str) -> Patterns:
    """Return the patterns of a `.gitignore` file. Like git, skip lines that are no pattern."""
    good = []
    for line in text.splitlines():
        try:
            _compiled((line,))
        except PatternError:
            log.warning("a line of an ignore file is no pattern and has no effect")
        else:
            good.append(line)
    return Patterns(tuple(good))
