"""Blocks as HTML, close to how Slack shows them; every word escaped, every address checked."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final

from bot.slack.blocks import Message
from bot.slack.text import safe_url

Element = Mapping[str, Any]

_TAGS: Final = {"bold": "b", "italic": "i", "code": "code"}


def message_html(message: Message) -> str:
    """Return what a message shows.

    >>> message_html(Message(text="1 &lt; 2"))
    '<p>1 &lt; 2</p>'
    """
    if not message.blocks:
        return f"<p>{escape(_unescaped(message.text))}</p>"
    return "".join(_block(block) for block in message.blocks)


def _block(block: Element) -> str:
    show = _BLOCKS.get(str(block["type"]))
    return "" if show is None else show(block)


def _rich_text(block: Element) -> str:
    return "".join(_container(element) for element in block["elements"])


def _container(element: Element) -> str:
    inside = _leaves(element["elements"])
    match element["type"]:
        case "rich_text_quote":
            return f"<blockquote>{inside}</blockquote>"
        case "rich_text_preformatted":
            return f"<pre>{inside}</pre>"
        case "rich_text_list":
            items = "".join(f"<li>{_leaves(e['elements'])}</li>" for e in element["elements"])
            return f"<ul>{items}</ul>"
        case _:
            return f"<p>{inside}</p>"


def _leaves(elements: Sequence[Element]) -> str:
    return "".join(_leaf(element) for element in elements)


def _leaf(leaf: Element) -> str:
    shown = escape(str(leaf.get("text") or ""))
    if leaf["type"] == "link":
        url = safe_url(str(leaf["url"]))
        return (
            f'<a href="{escape(url)}" rel="noopener" target="_blank">{shown}</a>' if url else shown
        )
    for style, tag in _TAGS.items():
        if (leaf.get("style") or {}).get(style):
            shown = f"<{tag}>{shown}</{tag}>"
    return shown


def _box(block: Element) -> str:
    inside = "".join(_block(child) for child in block["child_blocks"])
    is_open = "" if block["default_collapsed"] else " open"
    title = escape(str(block["title"]["text"]))
    return f"<details{is_open}><summary>{title}</summary>{inside}</details>"


def _table(block: Element) -> str:
    head, *rows = block["rows"]
    top = "".join(f"<th>{escape(cell['text'])}</th>" for cell in head)
    below = "".join(
        "<tr>" + "".join(f"<td>{escape(cell['text'])}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{below}</table>"


def _context(block: Element) -> str:
    lines = "<br>".join(escape(str(element["text"])) for element in block["elements"])
    return f"<small>{lines}</small>"


def _unescaped(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


_BLOCKS: Final[Mapping[str, Callable[[Element], str]]] = {
    "rich_text": _rich_text,
    "container": _box,
    "table": _table,
    "context": _context,
}
