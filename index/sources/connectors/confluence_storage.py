"""Confluence's storage format becomes HTML: its macros, links, images, tasks and layouts.

https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html
"""

import html
import re
from collections.abc import Callable, Iterator
from typing import Final, cast

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.sources.sync import ItemError

_AC, _RI = "http://atlassian.com/content", "http://atlassian.com/resource/identifier"
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_OF_XML: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})

# Macros whose text belongs to the page, some with a title of their own
_BOXES: Final = {
    *("info", "note", "tip", "warning", "panel", "expand", "excerpt", "details", "section"),
    *("column", "ui-expand", "ui-step"),
}
_CODE: Final = frozenset({"code", "noformat", "codeblock"})
# Macros that show something from elsewhere, of which the page itself says nothing
_FOREIGN: Final = {
    "jira": "key",
    "status": "title",
    "anchor": "",
    "view-file": "name",
    "viewpdf": "name",
    "viewdoc": "name",
    "viewxls": "name",
    "viewppt": "name",
}


def to_html(storage: str) -> bytes:
    """Return a page as HTML in UTF-8; raises `ItemError` if it cannot be read.

    >>> to_html('<p>Ask <ac:link><ri:page ri:content-title="HR" /></ac:link>.</p>').decode()
    '<html><body><p>Ask <span>HR</span>.</p></body></html>'
    >>> to_html('<p>Ask <app:thing>HR</app:thing>.</p>').decode()
    '<html><body><p>Ask <span>HR</span>.</p></body></html>'
    """
    parts = _CDATA.split(storage)
    text = "".join(
        part if part.startswith("<![CDATA[") else _ENTITY.sub(_character, part) for part in parts
    )
    wrapped = f'<body xmlns:ac="{_AC}" xmlns:ri="{_RI}">{text}</body>'
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(wrapped.encode("utf-8", errors="replace"), parser)
    except etree.XMLSyntaxError as error:
        raise ItemError("the text of the page cannot be read") from error
    if root is None:
        raise ItemError("the text of the page cannot be read")
    nodes = list(root.iter(etree.Element))
    for node in nodes:
        if ":" in str(node.tag).rpartition("}")[2]:  # of a namespace that is declared nowhere
            node.tag = "span"
    for node in nodes:
        _rewrite(node)
    etree.strip_tags(root, f"{{{_AC}}}*")
    etree.strip_elements(root, f"{{{_RI}}}*", with_tail=False)
    etree.cleanup_namespaces(root)
    body = cast("str", etree.tostring(root, encoding="unicode", method="html"))
    return f"<html>{body}</html>".encode()


def _character(match: re.Match[str]) -> str:
    return match[0] if match[1] in _OF_XML else html.unescape(match[0])


def _rewrite(node: "etree._Element") -> None:
    name = etree.QName(node)
    if name.namespace == _AC and (change := _CHANGES.get(name.localname)) is not None:
        change(node)
    elif name.localname == "time" and node.get("datetime") and not (node.text or "").strip():
        node.text = node.get("datetime")


def _macro(node: "etree._Element") -> None:
    name = node.get(f"{{{_AC}}}name", "")
    title = _parameter(node, "title")
    bodies = [each for each in node if etree.QName(each).localname.endswith("-body")]
    if name in _CODE:
        language = _parameter(node, "language")
        _become(node, "pre", "")
        code = etree.SubElement(node, "code")
        code.text = "".join(_text(body) for body in bodies)
        if language:
            code.set("class", f"language-{language}")
    elif name in _FOREIGN:
        _become(node, "span", _parameter(node, _FOREIGN[name]) or _resource(node))
    elif bodies and (name in _BOXES or _has_text(bodies)):
        _keep_only(node, bodies)
        _become(node, "div", None)
        if title:
            head = etree.Element("p")
            etree.SubElement(head, "strong").text = title
            node.insert(0, head)
    else:  # a table of contents, a list of pages, a macro of an add-on
        _become(node, "span", "")


def _has_text(bodies: list["etree._Element"]) -> bool:
    return any(_text(body).strip() for body in bodies)


def _keep_only(node: "etree._Element", kept: list["etree._Element"]) -> None:
    for child in list(node):
        if child not in kept:
            node.remove(child)


def _link(node: "etree._Element") -> None:
    """Replace a link by its words: they are what a reader of the page sees."""
    body = next((each for each in node if etree.QName(each).localname.endswith("link-body")), None)
    words = _text(body) if body is not None else ""
    _become(node, "span", words or _resource(node))


def _image(node: "etree._Element") -> None:
    caption = next((each for each in node if etree.QName(each).localname == "caption"), None)
    words = (_text(caption) if caption is not None else "") or node.get(f"{{{_AC}}}alt", "")
    _become(node, "span", words)


def _task(node: "etree._Element") -> None:
    status = next((each for each in node if etree.QName(each).localname == "task-status"), None)
    body = next((each for each in node if etree.QName(each).localname == "task-body"), None)
    is_done = status is not None and _text(status).strip() == "complete"
    _keep_only(node, [] if body is None else [body])
    _become(node, "li", None)
    node.text = "[x] " if is_done else "[ ] "


def _task_list(node: "etree._Element") -> None:
    _become(node, "ul", None)


def _emoticon(node: "etree._Element") -> None:
    _become(node, "span", node.get(f"{{{_AC}}}emoji-fallback", ""))


def _placeholder(node: "etree._Element") -> None:
    _become(node, "span", "")


def _extension(node: "etree._Element") -> None:
    """Keep what an extension of the new editor shows where it cannot run."""
    fallback = [each for each in node if etree.QName(each).localname == "adf-fallback"]
    _keep_only(node, fallback)


def _become(node: "etree._Element", tag: str, text: str | None) -> None:
    """Turn a node into an element of HTML; with a text, it keeps none of its children."""
    tail = node.tail
    if text is not None:
        node.clear()
        node.text = text
    node.attrib.clear()
    node.tag, node.tail = tag, tail


def _text(node: "etree._Element") -> str:
    return "".join(cast("Iterator[str]", node.itertext()))


def _parameter(node: "etree._Element", name: str) -> str:
    for each in node:
        is_it = etree.QName(each).localname == "parameter" and each.get(f"{{{_AC}}}name") == name
        if name and is_it:
            return _text(each).strip() or _resource(each)
    return ""


def _resource(node: "etree._Element") -> str:
    """Return the name of the page, file or space that a link or macro names."""
    for each in node.iter(f"{{{_RI}}}*"):
        for name in ("content-title", "filename", "value", "space-key"):
            if found := each.get(f"{{{_RI}}}{name}"):
                return cast("str", found)
    return ""


_CHANGES: Final[dict[str, Callable[["etree._Element"], None]]] = {
    "structured-macro": _macro,
    "macro": _macro,
    "link": _link,
    "image": _image,
    "task": _task,
    "task-list": _task_list,
    "emoticon": _emoticon,
    "placeholder": _placeholder,
    "adf-extension": _extension,
}
