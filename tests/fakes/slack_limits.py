"""Slack's rules for blocks: kinds, required keys, lengths; each check names its page."""

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


MAX_MODAL_BLOCKS = 100
MAX_TITLE_CHARS = 24
MAX_METADATA_CHARS = 3000
BOX_CHILDREN = {
    "actions",
    "context",
    "divider",
    "header",
    "image",
    "input",
    "rich_text",
    "section",
    "table",
}  # docs.slack.dev/reference/block-kit/blocks/container-block


def view_problems(view: Mapping[str, Any], kind: str) -> list[str]:
    """Return what is wrong with a view; docs.slack.dev/reference/views."""
    blocks = view.get("blocks")
    if view.get("type") != kind or not isinstance(blocks, list):
        return [f"must be a view of type {kind}"]
    found = [] if len(blocks) <= MAX_MODAL_BLOCKS else ["too many blocks"]
    if kind == "modal":
        has_input = any(block.get("type") == "input" for block in blocks)
        found += ["missing submit"] if has_input and not view.get("submit") else []
        titles = [view.get(key, {}) for key in ("title", "submit", "close") if key in view]
        found += [p for t in titles for p in _text_object(t, MAX_TITLE_CHARS, ("plain_text",))]
        found += [] if view.get("title") else ["missing title"]
        is_long = len(view.get("private_metadata", "")) > MAX_METADATA_CHARS
        found += ["private_metadata is too long"] if is_long else []
    for n, block in enumerate(blocks):
        found += [f"{problem} [json-pointer:/blocks/{n}]" for problem in _block(block)]
    only_in_messages = {"context_actions", "markdown"}
    found += ["not in a view"] * sum(block.get("type") in only_in_messages for block in blocks)
    return found


def problems(blocks: object) -> list[str]:
    """Return what is wrong with *blocks*, as Slack would name it; empty if they can be posted.

    docs.slack.dev/reference/block-kit/blocks: 50 in a message; its markdown counts together.
    """
    if not isinstance(blocks, list):
        return ["blocks must be an array [json-pointer:/blocks]"]
    found = [] if len(blocks) <= MAX_BLOCKS else [f"no more than {MAX_BLOCKS} items allowed"]
    found += ["input blocks are for views"] * sum(
        isinstance(block, Mapping) and block.get("type") == "input" for block in blocks
    )
    tables = [b for b in blocks if isinstance(b, Mapping) and b.get("type") == "table"]
    found += ["only_one_table_allowed"] if len(tables) > 1 else []
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
    """docs.slack.dev/reference/block-kit/blocks/section-block."""
    if not block.get("text") and not block.get("fields"):
        yield "missing required field: text"
    if block.get("text"):
        yield from _text_object(block["text"], MAX_SECTION_CHARS)
    for thing in block.get("fields") or ():
        yield from _text_object(thing, 2000)


def _header(block: Mapping[str, Any]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/blocks/header-block."""
    yield from _text_object(block.get("text"), 150, kinds=("plain_text",))


def _context(block: Mapping[str, Any]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/blocks/context-block."""
    elements = block.get("elements")
    if not isinstance(elements, list) or not 0 < len(elements) <= MAX_CONTEXT_ELEMENTS:
        yield f"context takes 1 to {MAX_CONTEXT_ELEMENTS} elements"
        return
    for element in elements:
        if not isinstance(element, Mapping) or element.get("type") != "image":
            yield from _text_object(element, MAX_SECTION_CHARS)


def _markdown(block: Mapping[str, Any]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/blocks/markdown-block."""
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield "missing required field: text"


def _actions(block: Mapping[str, Any]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/blocks/actions-block."""
    elements = block.get("elements")
    if not isinstance(elements, list) or not 0 < len(elements) <= 25:
        yield "actions takes 1 to 25 elements"
        return
    for element in elements:
        yield from _element(element, {"button", "static_select", "conversations_select"})


def _context_actions(block: Mapping[str, Any]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/blocks/context-actions-block."""
    elements = block.get("elements")
    if not isinstance(elements, list) or not 0 < len(elements) <= 5:
        yield "context_actions takes 1 to 5 elements"
        return
    for element in elements:
        yield from _element(element, {"feedback_buttons", "icon_button"})
        for key in ("positive_button", "negative_button"):
            button = element.get(key)
            if element.get("type") != "feedback_buttons":
                continue
            if not isinstance(button, Mapping) or not 0 < len(button.get("value", "")) <= 2000:
                yield f"{key} needs a value"
            else:
                yield from _text_object(button.get("text"), 75, ("plain_text",))


def _element(element: Mapping[str, Any], kinds: set[str]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/block-elements."""
    kind = str(element.get("type"))
    if kind not in kinds:
        yield f"unsupported element: {kind}"
        return
    if not 0 < len(str(element.get("action_id", ""))) <= 255:
        yield "action_id must be 1 to 255 characters"
    if kind == "button":
        yield from _text_object(element.get("text"), 75, ("plain_text",))
        if len(str(element.get("value", ""))) > 2000:
            yield "value is too long"
    if "options" in element or kind in {"static_select", "radio_buttons", "checkboxes"}:
        yield from _options(kind, element.get("options", ()))


def _options(kind: str, options: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/composition-objects/option-object."""
    if not 0 < len(options) <= (10 if kind in {"checkboxes", "radio_buttons"} else 100):
        yield "too many options, or none"
    for option in options:
        yield from _text_object(option.get("text"), 75, ("plain_text", "mrkdwn"))
        if not 0 < len(option.get("value", "")) <= 150:
            yield "value must be 1 to 150 characters"


def _input(block: Mapping[str, Any]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/blocks/input-block."""
    yield from _text_object(block.get("label"), 2000, ("plain_text",))
    kinds = {"plain_text_input", "radio_buttons", "checkboxes", "users_select", "static_select"}
    element = block.get("element") or {}
    yield from _element(element, kinds)
    if len(element.get("initial_value", "")) > element.get("max_length", 3000):
        yield "initial_value is too long"


def _container(block: Mapping[str, Any]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/blocks/container-block."""
    yield from _text_object(block.get("title"), 150, ("plain_text",))
    children = block.get("child_blocks")
    if not isinstance(children, list) or not 0 < len(children) <= 10:
        yield "container takes 1 to 10 child_blocks"
        return
    for child in children:
        if child.get("type") not in BOX_CHILDREN:
            yield f"unsupported child: {child.get('type')}"
        yield from _block(child)


def _table(block: Mapping[str, Any]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/blocks/table-block."""
    rows = block.get("rows")
    if not isinstance(rows, list) or not 0 < len(rows) <= 100:
        yield "table takes 1 to 100 rows"
        return
    if max(len(row) for row in rows) > 20:
        yield "table takes at most 20 columns"
    cells = [cell for row in rows for cell in row]
    if sum(len(cell.get("text", "")) for cell in cells) > 10_000:
        yield "table is too long"
    for cell in cells:
        if cell.get("type") != "raw_text" or not cell.get("text"):
            yield "a cell must be a raw_text"


def _divider(_: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


def _rich_text(block: Mapping[str, Any]) -> Iterator[str]:
    """docs.slack.dev/reference/block-kit/blocks/rich-text-block."""
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
    "actions": _actions,
    "context_actions": _context_actions,
    "container": _container,
    "input": _input,
    "table": _table,
    "markdown": _markdown,
    "divider": _divider,
    "rich_text": _rich_text,
}
