"""Ignored files and folders of tools, which a folder source leaves out."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from footnote_qa.index.sources.patterns import Patterns, read_patterns

IGNORE_FILES = (".gitignore", ".footnoteignore")  # the later one decides
# Written by tools, not by people. A virtual environment of Python is known by its `pyvenv.cfg`.
TOOL_FOLDERS = frozenset(
    {"node_modules", "bower_components", "jspm_packages", "__pycache__", "__MACOSX"}
)
_ENVIRONMENT = "pyvenv.cfg"
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Ignored:
    """The ignore files that apply in one folder, its own and those of the folders above.

    Attributes:
        rules: Each folder, relative to the source, with the patterns in it; outermost first.
    """

    rules: tuple[tuple[PurePosixPath, Patterns], ...] = ()

    def below(self, folder: Path, relative: str) -> "Ignored":
        """Return the rules that apply in *folder*, whose path in the source is *relative*."""
        found = [(PurePosixPath(relative), one) for one in _own(folder)]
        return Ignored((*self.rules, *found)) if found else self

    def says(self, relative: str, *, is_folder: bool) -> bool:
        """Return whether the file or folder at *relative* is ignored: the nearest rule decides."""
        path = PurePosixPath(relative)
        for base, patterns in reversed(self.rules):
            said = patterns.says_itself(path.relative_to(base).as_posix() + "/" * is_folder)
            if said is not None:
                return said
        return False


def _own(folder: Path) -> list[Patterns]:
    found = []
    for name in IGNORE_FILES:
        path = folder / name
        try:
            # A link may lead out of the source, a pipe would wait, a giant file is something else.
            if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES:
                continue
            found.append(read_patterns(path.read_text(encoding="utf-8-sig", errors="replace")))
        except OSError:
            continue
    return found


def is_tool_folder(path: Path) -> bool:
    """Return whether a folder belongs to a tool, such as `node_modules`."""
    return path.name in TOOL_FOLDERS or (path / _ENVIRONMENT).is_file()
