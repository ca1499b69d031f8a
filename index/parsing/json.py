"""Parse JSON and JSON Lines: one line for each value, with the path that leads to it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed, ProblemKind

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | bool | None"

_MAX_INLINE_CHARS = 200


def parse(content: bytes) -> Parsed:
    """Return the values of *content* as lines such as `owner.name: Ada`.

    Raises:
        UnreadableDocumentError: BROKEN if it is neither JSON nor JSON Lines.
    """
    text = clean(decode(content))
    value = _value(text)
    blocks = Blocks()
    add_value(blocks, value)
    title = value.get("title") if isinstance(value, dict) else None
    return blocks.parsed(title if isinstance(title, str) else None)


def add_value(blocks: Blocks, value: Json) -> None:
    """Add the lines of a value; a comment has a name such as `#1`, which is not shown."""
    if isinstance(value, dict):
        _add_object(blocks, value)
    else:
        for block in _blocks("", value):
            blocks.add(block)


def _value(text: str) -> Json:
    try:
        return _loaded(text)
    except ValueError as error:
        rows = [row for row in text.split("\n") if row.strip()]
        if not isinstance(error, json.JSONDecodeError) or len(rows) == 1 or not _is_json(rows[0]):
            raise _broken(error) from error
    # An incomplete record is kept as it is.
    return [_loaded(row) if _is_json(row) else row for row in rows]


def _loaded(text: str) -> Json:
    # Numbers stay as written: 1.10 does not become 1.1, and long ones are not rounded.
    value: Json = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    return value


def _is_json(row: str) -> bool:
    try:
        return isinstance(_loaded(row), dict | list)
    except ValueError:
        return False


def _broken(error: ValueError) -> UnreadableDocumentError:
    where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    return UnreadableDocumentError(
        ProblemKind.BROKEN, f"it is not valid JSON{where}; fix it or save it as text"
    )


def _add_object(blocks: Blocks, value: Mapping[str, Json]) -> None:
    """Add the values that fit in one line first, then each larger part under a heading."""
    lines = [_line(key, one) for key, one in value.items() if _is_leaf(one)]
    blocks.add("\n".join(line for line in lines if line))
    for key, one in value.items():
        parts = [] if _is_leaf(one) else list(_blocks("", one))
        if parts:
            blocks.heading(1, key)
        for part in parts:
            blocks.add(part)


def _blocks(path: str, value: Json) -> Iterator[str]:
    """Yield the lines of *value*, with each record separate."""
    lines: list[str] = []
    for place, one in _leaves(path, value):
        if one is not None:
            lines.append(_line(place, one))
            continue
        if any(lines):
            yield "\n".join(line for line in lines if line)
        lines = []
    if any(lines):
        yield "\n".join(line for line in lines if line)


def _leaves(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    """Yield (path, value) for each line; a value of None begins a new record."""
    if _is_leaf(value):
        yield path, "null" if value is None else value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _leaves(f"{path}.{key}" if path else key, one)
    elif isinstance(value, Sequence):
        for number, one in enumerate(value, start=1):
            if not _is_leaf(one):
                yield "", None
            yield from _leaves(f"{path}[{number}]" if path else "", one)


def _is_leaf(value: Json) -> bool:
    """Return whether *value* is a single value or a short list of values, with no named parts."""
    if isinstance(value, str) or not isinstance(value, Mapping | Sequence):
        return True
    if isinstance(value, Mapping):
        return not value
    flat = all(isinstance(one, str | bool) or one is None for one in value)
    return flat and sum(len(_shown(one)) + 2 for one in value) <= _MAX_INLINE_CHARS


def _line(path: str, value: Json) -> str:
    text = _shown(value)
    is_comment = path.rpartition(".")[2].startswith("#")
    return f"{path}: {text}" if path and text and not is_comment else text


def _shown(value: Json) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return ", ".join(_shown(one) for one in value)
