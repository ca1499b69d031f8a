"""Read how the sheets of a workbook look: number formats, hidden rows, merged cells, notes."""

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.number_formats import BUILT_IN, GENERAL
from footnote_qa.index.parsing.parts import xml_part
from footnote_qa.index.parsing.scripts import lowered, raised

_WORKBOOK = "xl/workbook.xml"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_LETTERS = 26
_MOST_COLUMNS = 16_384
_MOST_NOTES = 2_000
_ON = frozenset({"1", "true"})
_TAGS = ("c", "row", "col", "mergeCell", "autoFilter", "filterColumn")

Area = tuple[int, int, int, int]
"""First row, first column, last row, last column; each from 0."""


@dataclass(slots=True, kw_only=True)
class SheetLayout:
    """How one sheet looks; rows and columns are counted from 0.

    Attributes:
        formats: Number format of each cell that has one, by row and column.
        hidden_rows: Rows that are not shown; those that a filter hides are not among them.
        hidden_columns: Columns that are not shown.
        merged: Merged cells.
        notes: Comments on cells, each with the name of its cell.
        struck: Cells whose text is struck out.
    """

    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[Area] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    struck: set[tuple[int, int]] = field(default_factory=set)

    def format_of(self, row: int, column: int) -> str:
        """Return the number format of a cell."""
        return self.formats.get((row, column), GENERAL)


def sheet_layouts(archive: zipfile.ZipFile) -> Mapping[str, SheetLayout]:
    """Return the layout of each sheet by its name; of a damaged one, as far as it can be read."""
    try:
        book = xml_part(archive, _WORKBOOK)
        parts = _related(archive, _WORKBOOK)
        styles = _styles(archive)
    except UnreadableDocumentError:
        return {}
    people = _people(archive)
    layouts: dict[str, SheetLayout] = {}
    for node in book.iter("{*}sheet"):
        part = parts.get(str(node.get(_ID)), ("", ""))[1]
        if part in archive.namelist():
            layouts[str(node.get("name"))] = _layout(archive, part, styles=styles, people=people)
    return layouts


def _related(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return the kind and the name of each part that *part* refers to, by the reference's id."""
    folder, name = posixpath.split(part)
    relations = f"{folder}/_rels/{name}.rels"
    if relations not in archive.namelist():
        return {}
    found: dict[str, tuple[str, str]] = {}
    for node in xml_part(archive, relations).iter("{*}Relationship"):
        target = str(node.get("Target", ""))
        path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        kind = str(node.get("Type", "")).rpartition("/")[2]
        found[str(node.get("Id"))] = kind, posixpath.normpath(path)
    return found


_Style: TypeAlias = tuple[str, bool]  # its number format, and whether it strikes text out


def _styles(archive: zipfile.ZipFile) -> list[_Style]:
    """Return the styles of the workbook's cells."""
    if "xl/styles.xml" not in archive.namelist():
        return []
    root = xml_part(archive, "xl/styles.xml")
    own = {
        int(node.get("numFmtId", "0")): str(node.get("formatCode", GENERAL))
        for node in root.iterfind("{*}numFmts/{*}numFmt")
    }
    struck = {
        number
        for number, font in enumerate(root.iterfind("{*}fonts/{*}font"))
        if (node := font.find("{*}strike")) is not None and node.get("val", "1") in _ON
    }
    found: list[_Style] = []
    for style in root.iterfind("{*}cellXfs/{*}xf"):
        number, font = int(style.get("numFmtId", "0")), int(style.get("fontId", "0"))
        code = own.get(number) or BUILT_IN.get(number, GENERAL)
        found.append((code, font in struck))
    return found


def scripts_of(archive: zipfile.ZipFile) -> Mapping[str, str]:
    """Return the texts with raised or lowered parts, and how they are written on a line."""
    name = "xl/sharedStrings.xml"
    if name not in archive.namelist() or b"vertAlign" not in archive.read(name):
        return {}
    found: dict[str, str] = {}
    for item in xml_part(archive, name).iter("{*}si"):
        runs = list(item.iterfind("{*}r"))
        plain = written = ""
        for number, run in enumerate(runs):
            text = "".join(node.text or "" for node in run.iterfind("{*}t"))
            after = "".join(runs[number + 1].itertext()) if number + 1 < len(runs) else ""
            align = run.find("{*}rPr/{*}vertAlign")
            kind = "" if align is None else align.get("val")
            if kind == "superscript":
                written += raised(text, before=written)
            elif kind == "subscript":
                written += lowered(text, before=written, after=after)
            else:
                written += text
            plain += text
        if written != plain:
            found[plain] = written
    return found


def _layout(
    archive: zipfile.ZipFile, part: str, *, styles: list[_Style], people: Mapping[str, str]
) -> SheetLayout:
    walk = _Walk(styles)
    with suppress(etree.XMLSyntaxError, ValueError, zipfile.BadZipFile), archive.open(part) as file:
        nodes = etree.iterparse(
            file,
            events=("start", "end"),
            tag=[f"{{*}}{tag}" for tag in _TAGS],
            resolve_entities=False,
            no_network=True,
        )
        for event, node in nodes:
            if event == "start":
                walk.enter(etree.QName(node).localname, node)
            else:
                node.clear()
    layout = walk.layout
    layout.hidden_rows -= walk.filtered_rows()
    layout.notes = list(_notes(archive, part, people))
    return layout


class _Walk:
    """One pass over the cells of a sheet."""

    def __init__(self, styles: list[_Style]) -> None:
        self.layout = SheetLayout()
        self._styles = styles
        self._row = self._column = -1
        self._filter: Area | None = None
        self._is_filtered = False

    def enter(self, tag: str, node: etree._Element) -> None:
        """Note what an element says."""
        if tag == "c":
            self._cell(node)
        elif tag == "row":
            self._row, self._column = int(node.get("r", self._row + 2)) - 1, -1
            if _is_hidden(node):
                self.layout.hidden_rows.add(self._row)
        elif tag == "col" and _is_hidden(node):
            first, last = int(node.get("min", "1")), int(node.get("max", "1"))
            self.layout.hidden_columns |= set(range(first - 1, min(last, _MOST_COLUMNS)))
        elif tag == "mergeCell":
            area = _area(node.get("ref", ""))
            self.layout.merged += [area] if area is not None else []
        elif tag == "autoFilter":
            self._filter = _area(node.get("ref", ""))
        elif tag == "filterColumn":
            self._is_filtered = True

    def filtered_rows(self) -> set[int]:
        """Return the rows that a filter hides for the moment."""
        if not self._is_filtered or self._filter is None:
            return set()
        return set(range(self._filter[0], self._filter[2] + 1))

    def _cell(self, node: etree._Element) -> None:
        # A cell without a reference is the one after the cell before it
        self._column = _place(node.get("r"), self._column + 1)
        style = int(node.get("s", "0"))
        if style and style < len(self._styles):
            code, is_struck = self._styles[style]
            if code != GENERAL:
                self.layout.formats[self._row, self._column] = code
            if is_struck:
                self.layout.struck.add((self._row, self._column))


def _is_hidden(node: etree._Element) -> bool:
    """Return whether a row or column is hidden for good, and not folded until a click."""
    is_hidden = node.get("hidden") in {"1", "true"}
    return is_hidden and node.get("outlineLevel", "0") == "0"


def _place(reference: str | None, default: int) -> int:
    match = _REFERENCE.fullmatch(reference) if reference else None
    return default if match is None else _column(match[1])


def _column(letters: str) -> int:
    """Return a column's number from 0.

    >>> _column("A"), _column("Z"), _column("AA")
    (0, 25, 26)
    """
    number = 0
    for letter in letters:
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number - 1


def _area(reference: str) -> Area | None:
    found = [(int(row) - 1, _column(letters)) for letters, row in _REFERENCE.findall(reference)]
    return (*found[0], *found[-1]) if found else None


def _notes(archive: zipfile.ZipFile, part: str, people: Mapping[str, str]) -> Iterator[str]:
    related = _related(archive, part).values()
    threads = [name for kind, name in related if kind == "threadedComment"]
    plain = [name for kind, name in related if kind == "comments"]
    # A thread is stored a second time as a plain note, for old programs
    for name in set(threads or plain) & set(archive.namelist()):
        found = xml_part(archive, name).iter("{*}comment", "{*}threadedComment")
        for node in islice(found, _MOST_NOTES):
            pieces = node.iter("{*}text") if threads else node.iter("{*}t")
            words = " ".join("".join("".join(piece.itertext()) for piece in pieces).split())
            who = people.get(str(node.get("personId")), "")
            if words:
                yield f"Note on {node.get('ref', '')}{f' by {who}' if who else ''}: {words}"


def _people(archive: zipfile.ZipFile) -> Mapping[str, str]:
    names = [name for name in archive.namelist() if name.startswith("xl/persons/")]
    return {
        str(node.get("id")): str(node.get("displayName", ""))
        for name in names
        for node in xml_part(archive, name).iter("{*}person")
    }
