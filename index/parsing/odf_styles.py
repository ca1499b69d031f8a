"""Read the styles of OpenDocument files: hidden, struck out, raised or a heading."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.parsing.parts import xml_part

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_MAX_PARENTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OdfStyle:
    """The effects of a style on its text.

    Attributes:
        is_unshown: Whether it is hidden or struck out.
        script: "super" or "sub" if it is raised or lowered, else "".
        level: Of a heading, from 1; 0 for none.
    """

    is_unshown: bool = False
    script: str = ""
    level: int = 0


OdfStyles = Mapping[str, OdfStyle]
"""The styles by their names, with what they inherit."""


def odf_styles(archive: zipfile.ZipFile, content: etree._Element) -> OdfStyles:
    """Return the styles of a document."""
    roots = [xml_part(archive, "styles.xml")] if "styles.xml" in archive.namelist() else []
    nodes = {
        str(node.get(f"{_STYLE}name")): node
        for root in [*roots, content]
        for node in root.iter(f"{_STYLE}style")
    }
    return {name: _style(name, nodes) for name in nodes}


def _style(name: str, nodes: Mapping[str, etree._Element]) -> OdfStyle:
    unshown: bool | None = None
    script: str | None = None
    level: int | None = None
    for node in _with_parents(name, nodes):
        unshown = _unshown(node) if unshown is None else unshown
        script = _script(node) if script is None else script
        level = _level(node) if level is None else level
    return OdfStyle(is_unshown=bool(unshown), script=script or "", level=level or 0)


def _with_parents(name: str, nodes: Mapping[str, etree._Element]) -> Iterator[etree._Element]:
    for _ in range(_MAX_PARENTS):
        node = nodes.get(name)
        if node is None:
            return
        yield node
        name = str(node.get(f"{_STYLE}parent-style-name"))


def _unshown(style: etree._Element) -> bool | None:
    """Return whether text is hidden or struck out; None if the style does not say."""
    said: list[bool] = []
    for node in style:
        struck = node.get(f"{_STYLE}text-line-through-style") or node.get(
            f"{_STYLE}text-line-through-type"
        )
        said += [struck != "none"] if struck else []
        shown = node.get(f"{_TEXT}display") or node.get(f"{_TABLE}display")
        said += [shown in {"none", "false"}] if shown else []
        visible = node.get(f"{_PRESENTATION}visibility")
        said += [visible == "hidden"] if visible else []
    return any(said) if said else None


def _script(style: etree._Element) -> str | None:
    for node in style.iterfind(f"{_STYLE}text-properties"):
        position = str(node.get(f"{_STYLE}text-position", ""))
        if position:
            kind = position.split(maxsplit=1)[0].rstrip("%")
            raised = kind == "super" or (kind.lstrip("-").isdigit() and int(kind) > 0)
            lowered = kind == "sub" or (kind.lstrip("-").isdigit() and int(kind) < 0)
            return "super" if raised else "sub" if lowered else ""
    return None


def _level(style: etree._Element) -> int | None:
    level = str(style.get(f"{_STYLE}default-outline-level", ""))
    return int(level) if level.isdecimal() else None
