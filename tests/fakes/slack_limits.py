"""What Slack takes as blocks: kinds, required keys, lengths."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MAX_BLOCKS = 50
MAX_SECTION_CHARS = 3000
MAX_MARKDOWN_CHARS = 12_000
MAX_CONTEXT_ELEMENTS = 10
MAX_URL_CHARS = 3000
MAX_BLOCK_ID_CHARS = 255

RICH_CONTAINERS = {
    "rich_text_section",
    "rich_text_list",
    "rich_text_quote",
    "rich_text_preformatted",
}
RICH_LEAVES = {
    "text": "text",
    "link": "url",
    "emoji": "name",
    "user": "user_id",
    "usergroup": "usergroup_id",
    "channel": "channel_id",
    "broadcast": "range",
}


def problems(blocks: object) -> list[str]:
    """Return what is wrong with *blocks*, as Slack would name it; empty if they can be posted."""
    if not isinstance(blocks, list):
        return ["blocks must be an array [json-pointer:/blocks]"]
    found = [] if len(blocks) <= MAX_BLOCKS else [f"no more than {MAX_BLOCKS} items allowed"]
    markdown_chars = 0
    for n, block in enumerate(blocks):
        found += [f"{problem} [json-pointer:/blocks/{n}]" for problem in _block(block)]
        if isinstance(block, Mapping) and block.get("type") == "markdown":
            markdown_chars += len(block.get("text", ""))
    if markdown_chars > MAX_MARKDOWN_CHARS:
        found.append(f"markdown must be less than {MAX_MARKDOWN_CHARS} characters in all")
    return found


def _block(block: object) -> Iterator[str]:
    if not isinstance(block, Mapping):
        yield "a block must be an object"
        return
    if len(str(block.get("block_id", ""))) > MAX_BLOCK_ID_CHARS:
        yield "block_id is too long"
    check = _CHECKS.get(str(block.get("type")))
    if check is None:
        yield f"unsupported type: {block.get('type')}"
        return
    yield from check(block)


def _section(block: Mapping[str, Any]) -> Iterator[str]:
    if not block.get("text") and not block.get("fields"):
        yield "missing required field: text"
    if block.get("text"):
        yield from _text_object(block["text"], MAX_SECTION_CHARS)
    for thing in block.get("fields") or ():
        yield from _text_object(thing, 2000)


def _header(block: Mapping[str, Any]) -> Iterator[str]:
    yield from _text_object(block.get("text"), 150, kinds=("plain_text",))


def _context(block: Mapping[str, Any]) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 0 < len(elements) <= MAX_CONTEXT_ELEMENTS:
        yield f"context takes 1 to {MAX_CONTEXT_ELEMENTS} elements"
        return
    for element in elements:
        if not isinstance(element, Mapping) or element.get("type") != "image":
            yield from _text_object(element, MAX_SECTION_CHARS)


def _markdown(block: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield "missing required field: text"


def _divider(_: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


def _rich_text(block: Mapping[str, Any]) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list):
        yield "missing required field: elements"
        return
    chars = sum(len(leaf.get("text", "")) for leaf in _leaves(elements))
    if chars > MAX_SECTION_CHARS:  # not written down by Slack; what a section takes is safe
        yield f"must be less than {MAX_SECTION_CHARS + 1} characters"
    for element in elements:
        if element.get("type") not in RICH_CONTAINERS:
            yield f"unsupported element: {element.get('type')}"
    for leaf in _leaves(elements):
        yield from _leaf(leaf)


def _leaves(elements: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for element in elements:
        if "elements" in element:
            yield from _leaves(element["elements"])
        else:
            yield element


def _leaf(leaf: Mapping[str, Any]) -> Iterator[str]:
    key = RICH_LEAVES.get(str(leaf.get("type")))
    if key is None:
        yield f"unsupported element: {leaf.get('type')}"
    elif not leaf.get(key):
        yield f"missing required field: {key}"
    elif key == "url" and len(leaf["url"]) > MAX_URL_CHARS:
        yield "url is too long"


def _text_object(
    thing: object, max_chars: int, kinds: Sequence[str] = ("plain_text", "mrkdwn")
) -> Iterator[str]:
    if not isinstance(thing, Mapping) or thing.get("type") not in kinds:
        yield f"must be a text object of type {' or '.join(kinds)}"
    elif not 0 < len(str(thing.get("text", ""))) <= max_chars:
        yield f"text must be 1 to {max_chars} characters"


_CHECKS = {
    "section": _section,
    "header": _header,
    "context": _context,
    "markdown": _markdown,
    "divider": _divider,
    "rich_text": _rich_text,
}
