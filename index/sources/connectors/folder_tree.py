"""Folders of a service by their ids: they give files their path, and are kept between syncs."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from footnote_qa.index.atomic_files import replace_text


class FolderTree:
    """The folders that the account sees.

    Args:
        memory: Folder that is kept between syncs; None keeps nothing.
        name: Of the file in it.

    Attributes:
        groups: Groups that files name, as of the last sync.
        mark: Another one for other folders or groups; "" if nothing was kept. A cursor is only
            good together with the folders of its own sync.
    """

    def __init__(self, memory: Path | None, name: str) -> None:
        self._path = memory / name if memory is not None else None
        self._folders: dict[str, tuple[str, str, str]] = {}
        self.groups: frozenset[str] = frozenset()
        self.mark = self._read()

    def _read(self) -> str:
        if self._path is None:
            return ""
        try:
            text = self._path.read_text(encoding="utf-8")
            value = json.loads(text)
            self._folders = {
                str(key): (str(name), str(parent), str(readers))
                for key, (name, parent, readers) in value["folders"].items()
            }
            self.groups = frozenset(map(str, value["groups"]))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return ""
        return _mark(text)

    def clear(self) -> None:
        """Forget all folders."""
        self._folders = {}

    def put(self, key: str, name: str, parent: str, readers: str) -> None:  # noqa: PLR0917
        """Add a folder."""
        self._folders[key] = (name, parent, readers)

    def has(self, key: str) -> bool:
        """Return whether there is such a folder."""
        return key in self._folders

    def holds(self, key: str, name: str, parent: str, readers: str) -> bool:  # noqa: PLR0917
        """Return whether a folder is as it was."""
        return self._folders.get(key) == (name, parent, readers)

    def above(self, key: str) -> dict[str, str]:
        """Return the folders from the top down to one, by id; those that are hidden are left out.

        >>> tree = FolderTree(None, "folders.json")
        >>> tree.put("a", "HR", "", "")
        >>> tree.put("b", "Leave", "a", "")
        >>> tree.above("b")
        {'a': 'HR', 'b': 'Leave'}
        """
        found: list[tuple[str, str]] = []
        seen: set[str] = set()
        while key in self._folders and key not in seen:
            seen.add(key)
            name, parent, _ = self._folders[key]
            found.insert(0, (key, name))
            key = parent
        return dict(found)

    def remember(self, groups: Iterable[str]) -> None:
        """Keep the folders, and the groups that files name."""
        if self._path is not None:
            value = {"folders": self._folders, "groups": sorted(groups)}
            text = json.dumps(value, ensure_ascii=False)
            replace_text(self._path, text)
            self.mark = _mark(text)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
