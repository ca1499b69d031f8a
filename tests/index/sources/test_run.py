from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.sync import Choice, Event, Item, Listed, SyncState
from footnote_qa.index.sources.sync.run import Run
from footnote_qa.index.sources.sync.store import BodyStore


class Strange:
    """A service whose second item is in another form than expected."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def check(self) -> str:
        return "nobody"

    def changes(self, _: str | None) -> Iterator[Event]:
        yield from (Item(key=one, version="1", path=one, name=one) for one in ("a.txt", "b.txt"))
        yield Listed()

    def fetch(self, item: Item) -> bytes:
        if item.key == "b.txt":
            raise self._error
        return b"text"

    def members(self) -> Iterator[tuple[str, str]]:
        yield from ()


def run_of(error: Exception, folder: Path) -> Run:
    return Run(Strange(error), BodyStore(folder), Choice(), before=SyncState())


def test_an_item_in_a_form_that_nobody_expected_is_one_fault(tmp_path: Path) -> None:
    run = run_of(KeyError("a secret of the item"), tmp_path)

    run.sync()

    assert run.rows["a.txt"].sha256
    assert run.rows["b.txt"].fault.startswith("it cannot be read: the log has the reference")
    assert "secret" not in run.rows["b.txt"].fault


def test_a_fault_of_the_service_ends_the_sync(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="down"):
        run_of(SourceError("down"), tmp_path).sync()
