"""Split text into sentences, as exact slices; lists, tables and line breaks are understood."""

import re
from collections.abc import Iterator
from itertools import pairwise

from footnote_qa.index.chunking.lines import ITEM, Line, LineKind, lines

_FEW_LINES = 5
_MIN_WIDTH = 40
_WIDTH_QUANTILE = 0.8
_SHORT = 0.8
_LOOK_CHARS = 24

# Without a look-ahead for the space, which would make a long row of dots quadratic.
_END = re.compile(
    r"[.!?…؟।۔]+[\"'”’»)\]*_`]*(?:\[\d{1,3}\])*[¹²³⁰-⁹]*"
    r"|[。！？｡]+[」』）】”’\"]*"
)
_WIDE_ENDS = frozenset("。！？｡")
_OPENERS = " \t\n\"'“‘«„([*_`¿¡"
# Any run of spaces, also of no-break and em spaces, and what opens a sentence
_OPENING = re.compile(r"[\s\"'“‘«„(\[*_`¿¡]*")
_NUMBERING = frozenset("0123456789.IVXivx")


def _words(row: str) -> frozenset[str]:
    return frozenset(row.split())


# Never at the end of a sentence: the next word belongs to them.
_BOUND = _words(
    "dr mr mrs ms prof st messrs mme mlle hon rev gen col capt lt sgt maj sen rep gov pres vs cf"
    " approx e.g eg i.e ie viz resp incl excl bzw ca evtl ggf vgl bspw inkl zzgl tel"
)
# Only if a number follows.
_BEFORE_NUMBER = _words(
    "no nos nr fig figs sec sect p pp art arts vol vols ch chap eq eqs tab para paras ver v abs"
    " jan feb mar apr jun jul aug sep sept oct nov dec"
)
# At the end only if the next word often begins sentences.
_SOMETIMES = _words("inc ltd co corp llc plc jr sr bros dept est univ ave blvd rd mt ft")
_STARTERS = _words(
    "the a an this that these those it its he she they we you i in on at by for from to with as if"
    " when while although however but and or so then there here what who where why how no not all"
    " each every some any most many both after before since during because once our your their his"
    " her my please see note also such only"
)
# No title and no form line ends in one of these.
_NEVER_LAST = _words(
    "the a an of and or that which who whose than as its their our your from because if when while"
    " der die das den dem und oder dass mit von für le la les du des et ou que el los las y"
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each sentence of *text*, ascending, without spaces around it.

    A heading, a table row and a line of code are one sentence each; a list item never runs into
    the next. Every character that is not a space is in exactly one sentence.

    >>> text = "Dr. Wu pays 3.5 EUR. Why? See p. 5."
    >>> [text[start:end] for start, end in split_sentences(text)]
    ['Dr. Wu pays 3.5 EUR.', 'Why?', 'See p. 5.']
    """
    found: list[tuple[int, int]] = []
    for start, end, is_prose in _units(text):
        cuts = _cuts(text, start, end) if is_prose else [end]
        for first, last in pairwise([start, *cuts]):
            trimmed = _trimmed(text, first, last)
            if trimmed[0] < trimmed[1]:
                found.append(trimmed)
    return found


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _units(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, whether it is prose) of each unit that no sentence crosses."""
    region: list[Line] = []
    for line in lines(text):
        if line.kind is LineKind.BLANK:
            yield from _region_units(text, region)
            region = []
        else:
            region.append(line)
    yield from _region_units(text, region)


_PROSE = frozenset({LineKind.PROSE, LineKind.ITEM, LineKind.QUOTE})


def _region_units(text: str, region: list[Line]) -> Iterator[tuple[int, int, bool]]:
    """Split lines without a blank line between them where one cannot continue the other."""
    if not region:
        return
    width = _width(region)
    first = region[0]
    for line, following in zip(region, [*region[1:], None], strict=True):
        if following is not None and _continues(text, line, following, width=width):
            continue
        yield first.start, line.end, first.kind in _PROSE
        if following is not None:
            first = following


def _width(region: list[Line]) -> int:
    """Return the usual width of the lines, ignoring a single longer one."""
    lengths = sorted(line.end - line.start for line in region)
    if len(lengths) < _FEW_LINES:
        return lengths[-1]
    return lengths[int(_WIDTH_QUANTILE * (len(lengths) - 1))]


def _continues(text: str, line: Line, following: Line, *, width: int) -> bool:
    if line.kind not in _PROSE:
        return False
    if following.kind is LineKind.QUOTE:
        return line.kind is LineKind.QUOTE
    return following.kind is LineKind.PROSE and not _ends_early(text, line, following, width=width)


def _ends_early(text: str, line: Line, following: Line, *, width: int) -> bool:
    """Return whether a line ended early, like a title: the next word would have fitted in."""
    if width < _MIN_WIDTH or text[line.end - 1] in ",;-–(/":
        return False
    if text[line.start : line.end].rsplit(maxsplit=1)[-1].lower() in _NEVER_LAST:
        return False
    words = text[following.start : following.end].split(maxsplit=1)
    starts_anew = not words[0][0].islower()
    return starts_anew and line.end - line.start + 1 + len(words[0]) <= _SHORT * width


def _cuts(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where each sentence between *start* and *end* ends."""
    marker = ITEM.match(text, start, end)
    begin = marker.end() if marker else start
    for match in _END.finditer(text, begin, end):
        if match.end() < end and _is_end(text, match, start=begin, end=end):
            yield match.end()
    yield end


def _is_end(text: str, match: re.Match[str], *, start: int, end: int) -> bool:
    """Return whether a dot ends a sentence, judged by the words on both sides."""
    if match[0][0] in _WIDE_ENDS:
        return True
    if not text[match.end()].isspace():
        return False
    opened = _OPENING.match(text, match.end(), end)
    begin = opened.end() if opened else match.end()
    following = text[begin : min(end, begin + _LOOK_CHARS)]
    if not following or following[0].islower():
        return not following
    is_single_dot = match[0].startswith(".") and not match[0].startswith("..")
    return not (is_single_dot and _is_bound(text, match.start(), start, following=following))


def _is_bound(text: str, dot: int, start: int, *, following: str) -> bool:
    """Return whether the dot belongs to the word before it: an abbreviation or a number."""
    window = max(start, dot - _LOOK_CHARS)
    words = text[window:dot].split()
    token = words[-1].lstrip(_OPENERS) if words and not text[dot - 1].isspace() else ""
    if window == start and len(words) == 1 and set(token) <= _NUMBERING:
        return True  # "2.1. Leave": a number in front, not a sentence
    return _is_abbreviation(token, following)


def _is_abbreviation(token: str, following: str) -> bool:
    low = token.lower()
    if low in _BOUND:
        return True
    if low in _BEFORE_NUMBER:
        return following[0].isdigit()
    is_initial = len(token) == 1 and token.isupper()
    is_dotted = "." in token and all(len(part) == 1 and part.isalpha() for part in token.split("."))
    if is_initial or is_dotted or low in _SOMETIMES:
        return following.split(maxsplit=1)[0].strip(".,;:!?").lower() not in _STARTERS
    return False
