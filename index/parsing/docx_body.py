"""Change the body of a Word document so that mammoth reads all of it, and only what is shown."""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.parsing.docx_math import formula_text
from footnote_qa.index.parsing.docx_numbering import Numbering, numbering
from footnote_qa.index.parsing.parts import xml_part

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_VAL = f"{_W}val"
_ORIGINAL = "original"  # a heading's own style
_HEADING = re.compile(r"Heading\d")
_PLAIN_LABEL = re.compile(r"\w{1,6}[.)]?")
_BODY, _STYLES = "word/document.xml", "word/styles.xml"
_BODIES = (_BODY, "word/footnotes.xml", "word/endnotes.xml")
_MOST_LEVEL = 6
_MAX_BASED_ON = 20
_OFF = frozenset({"0", "false", "off", "none"})
_TEXT = (f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}sym")
_UNSHOWN = ("vanish", "strike", "dstrike", "webHidden")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """A style's level as a heading, its list, and whether its text is not shown."""

    level: int | None = None
    is_unshown: bool = False
    list_: str = ""
    list_level: int | None = None


def prepared(archive: zipfile.ZipFile) -> bytes:
    """Return the document with formulas and readings as text, and without what is not valid text.

    Hidden, struck-out and moved-away words are left out. A paragraph whose style is based on a
    heading's, or which has a level in the outline, becomes a heading.
    """
    styles = _styles(archive)
    lists = numbering(archive)
    changed: dict[str, bytes] = {}
    for name in _BODIES:
        if name in archive.namelist():
            root = xml_part(archive, name)
            _change(root, styles)
            _number_headings(root, styles, lists)
            changed[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as written:
        for entry in archive.infolist():
            if not entry.filename.startswith("word/media/"):
                written.writestr(entry.filename, changed.get(entry.filename) or archive.read(entry))
    return target.getvalue()


def _styles(archive: zipfile.ZipFile) -> Mapping[str, _Style]:
    """Return the styles by their ids, with what they inherit."""
    if _STYLES not in archive.namelist():
        return {}
    nodes = {
        str(one.get(f"{_W}styleId")): one for one in xml_part(archive, _STYLES).iter(f"{_W}style")
    }
    return {id_: _style(id_, nodes) for id_ in nodes}


def _style(id_: str, nodes: Mapping[str, etree._Element]) -> _Style:
    level: int | None = None
    is_unshown: bool | None = None
    list_, list_level = "", None
    for _ in range(_MAX_BASED_ON):
        node = nodes.get(id_)
        if node is None:
            break
        if level is None:
            level = _own_level(node)
        if is_unshown is None:
            is_unshown = _unshown(node.find(f"{_W}rPr"))
        if not list_:
            list_, list_level = _list(node.find(f"{_W}pPr"))
        based = node.find(f"{_W}basedOn")
        id_ = "" if based is None else str(based.get(_VAL))
    return _Style(level=level, is_unshown=bool(is_unshown), list_=list_, list_level=list_level)


def _list(properties: etree._Element | None) -> tuple[str, int | None]:
    """Return the list of a paragraph and its level in it; "" and None if none is named."""
    node = None if properties is None else properties.find(f"{_W}numPr")
    if node is None:
        return "", None
    found, level = node.find(f"{_W}numId"), node.find(f"{_W}ilvl")
    value = "" if level is None else str(level.get(_VAL))
    return (
        "" if found is None else str(found.get(_VAL)),
        int(value) if value.isdecimal() else None,
    )


def _number_headings(root: etree._Element, styles: Mapping[str, _Style], lists: Numbering) -> None:
    """Write the numbers that Word shows before headings and clauses; items of lists keep theirs."""
    for paragraph in root.iter(f"{_W}p") if lists.levels else ():
        properties = paragraph.find(f"{_W}pPr")
        node = None if properties is None else properties.find(f"{_W}pStyle")
        style = "" if node is None else str(node.get(_ORIGINAL, node.get(_VAL)))
        named = styles.get(style) or _Style()
        list_, level = _list(properties)
        own_level = level if level is not None else named.list_level
        label = lists.next_label(list_ or named.list_, own_level, style)
        is_heading = node is not None and _HEADING.fullmatch(str(node.get(_VAL))) is not None
        is_clause = bool(list_) and not is_heading and not _PLAIN_LABEL.fullmatch(label)
        if label and (is_heading or is_clause):
            paragraph.insert(1, _run(f"{label} "))
        if label and is_clause:  # it would get another number as an item of a list
            _drop(properties.find(f"{_W}numPr"))


def _own_level(style: etree._Element) -> int | None:
    name = style.find(f"{_W}name")
    words = "" if name is None else str(name.get(_VAL)).lower()
    kind, _, number = words.partition(" ")
    if kind == "heading" and number.isdecimal():
        return int(number)
    return _outline_level(style.find(f"{_W}pPr"))


def _outline_level(properties: etree._Element | None) -> int | None:
    node = None if properties is None else properties.find(f"{_W}outlineLvl")
    value = "" if node is None else str(node.get(_VAL))
    # Level 9 is text
    return int(value) + 1 if value.isdecimal() and int(value) + 1 <= _MOST_LEVEL else None


def _unshown(properties: etree._Element | None) -> bool | None:
    """Return whether text is hidden or struck out; None if its properties do not say."""
    if properties is None:
        return None
    found = [properties.find(f"{_W}{name}") for name in _UNSHOWN]
    said = [str(node.get(_VAL, "1")).lower() not in _OFF for node in found if node is not None]
    return any(said) if said else None


def _change(root: etree._Element, styles: Mapping[str, _Style]) -> None:
    unshown = [run for run in root.iter(f"{_W}r") if _is_unshown(run, styles)]
    for node in [
        *root.iter(f"{_W}moveFrom"),
        *(row for row in root.iter(f"{_W}tr") if row.find(f"{_W}trPr/{_W}hidden") is not None),
        *(text for run in unshown for text in run.iter(*_TEXT)),
    ]:
        _drop(node)
    for formula in list(root.iter(f"{_M}oMath")):
        _replace(formula, formula_text(formula))
    for ruby in list(root.iter(f"{_W}ruby")):
        _say_reading(ruby)
    for field in list(root.iter(f"{_W}fldSimple", f"{_M}oMathPara")):
        _unwrap(field)
    for box in list(root.iter(f"{_W14}checkbox")):
        _drop(box)  # its sign is in the text; mammoth would leave the sign out
    for paragraph in list(root.iter(f"{_W}p")):
        _set_heading(paragraph, styles)
        _join_drop_cap(paragraph)


def _join_drop_cap(paragraph: etree._Element) -> None:
    """Put a large first letter, which is a paragraph of its own, before the rest of its word."""
    frame = paragraph.find(f"{_W}pPr/{_W}framePr")
    after = paragraph.getnext()
    if frame is None or frame.get(f"{_W}dropCap", "none") == "none":
        return
    if after is not None and after.tag == f"{_W}p":
        start = int(after.find(f"{_W}pPr") is not None)
        for run in reversed(paragraph.findall(f"{_W}r")):
            after.insert(start, run)


def _is_unshown(run: etree._Element, styles: Mapping[str, _Style]) -> bool:
    properties = run.find(f"{_W}rPr")
    own = _unshown(properties)
    if own is not None:
        return own
    style = None if properties is None else properties.find(f"{_W}rStyle")
    named = styles.get(str(style.get(_VAL))) if style is not None else None
    return named is not None and named.is_unshown


def _set_heading(paragraph: etree._Element, styles: Mapping[str, _Style]) -> None:
    properties = paragraph.find(f"{_W}pPr")
    if properties is None:
        return
    node = properties.find(f"{_W}pStyle")
    named = styles.get(str(node.get(_VAL))) if node is not None else None
    level = _outline_level(properties) or (named.level if named is not None else None)
    if level is None or level > _MOST_LEVEL or not "".join(paragraph.itertext()).strip():
        return
    if node is None:
        node = etree.Element(f"{_W}pStyle")
        properties.insert(0, node)
    node.set(_ORIGINAL, str(node.get(_VAL, "")))
    node.set(_VAL, f"Heading{level}")


def _say_reading(ruby: etree._Element) -> None:
    base, reading = (
        "".join(
            node.text or "" for part in ruby.iterfind(f"{_W}{name}") for node in part.iter(f"{_W}t")
        )
        for name in ("rubyBase", "rt")
    )
    text = etree.Element(f"{_W}t")
    text.text = f"{base}({reading})" if reading else base
    ruby.getparent().replace(ruby, text)


def _run(words: str) -> etree._Element:
    run = etree.Element(f"{_W}r")
    text = etree.SubElement(run, f"{_W}t")
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    text.text = words
    return run


def _replace(node: etree._Element, words: str) -> None:
    node.getparent().replace(node, _run(words))


def _unwrap(node: etree._Element) -> None:
    parent = node.getparent()
    at = parent.index(node)
    for child in reversed(list(node)):
        parent.insert(at + 1, child)
    parent.remove(node)


def _drop(node: etree._Element) -> None:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)
