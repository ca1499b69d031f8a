"""Count the numbers that Word shows before headings, such as "2.1" and "§ 4"."""

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.parsing.parts import xml_part

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL = f"{_W}val"
_PART = "word/numbering.xml"
_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc")),
    *((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class _Level:
    """How the numbers of one level look."""

    start: int = 1
    kind: str = "decimal"
    text: str = ""


@dataclass(slots=True)
class Numbering:
    """The lists of a document, and how far each of them is counted.

    Attributes:
        levels: Of each list, by the list's id.
        list_of: The list of each reference to one.
        level_of: The level of each style that a list names itself, by list and style.
    """

    levels: Mapping[str, Mapping[int, _Level]] = field(default_factory=dict)
    list_of: Mapping[str, str] = field(default_factory=dict)
    level_of: Mapping[tuple[str, str], int] = field(default_factory=dict)
    _counts: dict[str, list[int | None]] = field(default_factory=dict)

    def next_label(self, reference: str, level: int | None, style: str) -> str:
        """Count a paragraph, and return what Word shows before it; "" for a bullet.

        Args:
            reference: Of the paragraph to its list.
            level: In the list, from 0; None if the list names the paragraph's style.
            style: The id of the paragraph's style.
        """
        name = self.list_of.get(reference, "")
        levels = self.levels.get(name, {})
        at = self.level_of.get((name, style), 0) if level is None else level
        if at not in levels:
            return ""
        counts = self._counts.setdefault(name, [None] * _LEVELS)
        before = counts[at]
        counts[at] = levels[at].start if before is None else before + 1
        counts[at + 1 :] = [None] * (_LEVELS - at - 1)
        return _PLACE.sub(lambda match: self._number(name, int(match[1]) - 1), levels[at].text)

    def _number(self, name: str, level: int) -> str:
        own = self.levels[name].get(level, _Level())
        count = self._counts[name][level]
        return _WRITTEN.get(own.kind, str)(own.start if count is None else count)


def numbering(archive: zipfile.ZipFile) -> Numbering:
    """Return the lists of a document, uncounted."""
    if _PART not in archive.namelist():
        return Numbering()
    root = xml_part(archive, _PART)
    levels: dict[str, dict[int, _Level]] = {}
    level_of: dict[tuple[str, str], int] = {}
    for one in root.iterfind(f"{_W}abstractNum"):
        name = str(one.get(f"{_W}abstractNumId"))
        for node in one.iterfind(f"{_W}lvl"):
            number = _int(node.get(f"{_W}ilvl"), 0)
            if not 0 <= number < _LEVELS:
                continue
            levels.setdefault(name, {})[number] = _level(node)
            if style := _value(node, "pStyle"):
                level_of[name, style] = number
    list_of = {
        str(one.get(f"{_W}numId")): _value(one, "abstractNumId")
        for one in root.iterfind(f"{_W}num")
    }
    return Numbering(levels=levels, list_of=list_of, level_of=level_of)


def _level(node: etree._Element) -> _Level:
    kind = _value(node, "numFmt")
    is_shown = kind not in {"bullet", "none"}
    text = _value(node, "lvlText") if is_shown else ""
    return _Level(start=_int(_value(node, "start"), 1), kind=kind, text=text)


def _value(node: etree._Element, name: str) -> str:
    found = node.find(f"{_W}{name}")
    return "" if found is None else str(found.get(_VAL, ""))


def _int(text: object, default: int) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else default


def _roman(number: int) -> str:
    """Return a number in Roman figures.

    >>> _roman(4), _roman(1994)
    ('iv', 'mcmxciv')
    """
    written = ""
    for value, figures in _ROMAN:
        times, number = divmod(number, value)
        written += figures * times
    return written


def _letter(number: int) -> str:
    """Return a number as Word counts with letters.

    >>> _letter(2), _letter(27)
    ('b', 'aa')
    """
    times, at = divmod(max(number, 1) - 1, _LETTERS)
    return chr(ord("a") + at) * (times + 1)


_WRITTEN: Mapping[str, Callable[[int], str]] = {
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "lowerLetter": _letter,
    "upperLetter": lambda number: _letter(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
}
