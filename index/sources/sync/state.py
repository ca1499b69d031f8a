"""The cursor and the items of a source after its last sync, stored in the generation."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from footnote_qa.index.sources.sync.contract import Item

SYNC = "sync"
"""Folder of a generation with the state of each of its sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item and its bytes.

    Attributes:
        item: As it was listed last.
        sha256: Of its bytes; "" if they could not be fetched.
        size: Of its bytes.
        fault: Why its bytes are not the newest; "" if they are.
    """

    item: Item
    sha256: str = ""
    size: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncState:
    """A source after a sync.

    Attributes:
        number: Counts the syncs of the source; a later one has a higher number.
        cursor: Where the next listing begins; None lists everything.
        rows: By the key of their item.
    """

    number: int = 0
    cursor: str | None = None
    rows: Mapping[str, Row] = field(default_factory=dict)


def write_state(path: Path, state: SyncState) -> None:
    """Write a state as JSON lines: one for the source, then one for each item."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        print(json.dumps({"number": state.number, "cursor": state.cursor}), file=file)
        for key in sorted(state.rows):
            row = state.rows[key]
            value = [_fields(row.item), row.sha256, row.size, row.fault]
            print(json.dumps(value, ensure_ascii=False), file=file)


def read_state(path: Path) -> SyncState:
    """Read a state; an empty one if there is none, or none that can be read."""
    try:
        with path.open(encoding="utf-8") as file:
            head = json.loads(next(file))
            rows = {row.item.key: row for row in map(_row, file)}
        return SyncState(number=int(head["number"]), cursor=head["cursor"], rows=rows)
    except (OSError, ValueError, TypeError, KeyError, StopIteration):
        return SyncState()


def numbers_in(folder: Path) -> dict[str, int]:
    """Return the number of the sync of each source of the generation in *folder*."""
    return dict(_numbers(folder / SYNC))


def _numbers(folder: Path) -> Iterator[tuple[str, int]]:
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else ():
        try:
            with path.open(encoding="utf-8") as file:
                yield path.stem, int(json.loads(next(file))["number"])
        except (OSError, ValueError, TypeError, KeyError, StopIteration):
            yield path.stem, 0


def _fields(item: Item) -> dict[str, Any]:
    given = {name: getattr(item, name) for name in Item.__dataclass_fields__}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in given.items()
        if value not in {None, ""}
    }


def _row(line: str) -> Row:
    fields, sha256, size, fault = json.loads(line)
    for name in ("modified_at", "created_at"):
        if name in fields:
            fields[name] = datetime.fromisoformat(fields[name])
    fields["readers"] = tuple(tuple(part) for part in fields.get("readers", ()))
    item = Item(**fields)
    return Row(item=item, sha256=sha256, size=size, fault=fault)
