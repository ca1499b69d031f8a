"""Find a quote in a text despite differences in typography."""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from footnote_qa.index.chunking import mask

MIN_QUOTE_CHARS = 12
MIN_QUOTE_WORDS = 3
MIN_RUN_SHARE = 0.85
"""A quote that is not verbatim is cut to one matching run, if the run is this share of it."""
MIN_RUN_CHARS = 40
"""… and so long."""

_SAME = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ′`´", "'")
    | dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")
    | {"|": " "}  # the border of a table's cell
)
_MARKUP = "*_`\\"
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})
# Marks at the start of a Markdown line: headings, bullets, quotations
_LINE_MARKS = re.compile(r"^[ \t]*(?:(?:#{1,6}|[-*+•>])[ \t]+)+", re.MULTILINE)
# From this code point on, scripts may write words without spaces between them
_FIRST_UNSPACED = 0x0E00


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without its typography.

    Attributes:
        text: Case folded, quotation marks and dashes unified, white space and markup reduced.
        origin: For each code point of `text`, the offset in the original that it comes from.
    """

    text: str
    origin: tuple[int, ...]


@lru_cache(maxsize=512)  # each quote of a draft is looked for in the same few passages
def fold(text: str) -> Folded:
    r"""Return *text* so that two ways of typesetting the same words become equal.

    Case is folded too, because a quote may begin a sentence where the document does not.

    >>> fold("The  “eﬀective”\nrate").text
    'the "effective" rate'
    """
    chars: list[str] = []
    origin: list[int] = []
    for at, char in _folded_chars(text):
        if char == " " and (not chars or chars[-1] == " "):
            continue
        chars.append(char)
        origin.append(at)
    if chars and chars[-1] == " ":
        chars.pop()
        origin.pop()
    return Folded("".join(chars), tuple(origin))


def _folded_chars(text: str) -> Iterator[tuple[int, str]]:
    marks = {at for match in _LINE_MARKS.finditer(text) for at in range(*match.span())}
    # Text that no reader sees is not part of a quote
    for at, char in enumerate(mask(text)):
        if at in marks or char.isspace():
            yield at, " "
        elif char in _MARKUP or unicodedata.category(char) in _DROPPED:
            continue
        else:
            for made in unicodedata.normalize("NFKD", char.translate(_SAME)).casefold():
                yield at, made.translate(_SAME)


def find(quote: str, text: str) -> tuple[int, int] | None:
    """Return where *quote* is in *text*, as offsets of *text*; None if it is not there.

    A quote never starts or ends inside a word or a number: "100 users" is not found in
    "2,100 users", nor "5 days" in "-5 days" or "1.5 days". The punctuation at the end of a quote
    may differ from that of the text.

    >>> find("don't pay", "You don’t **pay** twice")
    (4, 15)
    >>> find("100 users", "up to 2,100 users") is None
    True
    """
    return next(places(quote, text), None)


def places(quote: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield each place where `find` would find *quote* in *text*, verbatim places included."""
    folded = fold(text)
    needle = fold(quote).text
    at = text.find(quote) if quote.strip() else -1
    if at >= 0 and not (_cuts(text, at) or _cuts(text, at + len(quote))) and needle:
        yield at, at + len(quote)  # with the bars of a row and the number of an item
    for wanted in dict.fromkeys((needle, needle.strip(" .,;:!?…\"'"))):
        if wanted:
            for at in _occurrences(wanted, folded.text):
                yield folded.origin[at], folded.origin[at + len(wanted) - 1] + 1


def run(quote: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield each place in *text* of one long run of *quote*: at least 85 % of it and 40 characters.

    The run begins and ends with complete words. A model's copying mistake at either end of a
    quote is left out; a mistake in the middle is not accepted.

    >>> text = "Employees may carry over up to five days of leave into the next year."
    >>> quote = "can carry over up to five days of leave into the next year"
    >>> [text[start:end] for start, end in run(quote, text)]
    ['carry over up to five days of leave into the next year']
    >>> list(run("may carry over up to nine days of leave into the next year", text))
    []
    """
    folded = fold(text)
    needle = fold(quote).text
    most = len(needle) - max(MIN_RUN_CHARS, math.ceil(len(needle) * MIN_RUN_SHARE))
    if most < 0:
        return
    # Any run of this length contains the middle: all but `most` characters on either side
    core = needle[most : len(needle) - most]
    at = folded.text.find(core) if core.strip() else -1
    while at >= 0:
        overlay = _Overlay(needle, folded.text, at - most)
        start, end = overlay.agreeing(at, at + len(core))
        if end - start >= len(needle) - most:
            yield folded.origin[start], folded.origin[end - 1] + 1
        at = folded.text.find(core, at + 1)


@dataclass(frozen=True, slots=True)
class _Overlay:
    """A quote aligned with a text; its first character is at `offset`, maybe before the text."""

    needle: str
    text: str
    offset: int

    def agreeing(self, start: int, end: int) -> tuple[int, int]:
        """Return the range around text[start:end] that agrees, shrunk to complete words."""
        while start > max(0, self.offset) and self._agrees(start - 1):
            start -= 1
        stop = min(len(self.text), self.offset + len(self.needle))
        while end < stop and self._agrees(end):
            end += 1
        while start < end and (self.text[start] == " " or _cuts(self.text, start)):
            start += 1
        while end > start and (self.text[end - 1] == " " or _cuts(self.text, end)):
            end -= 1
        return start, end

    def _agrees(self, at: int) -> bool:
        return self.text[at] == self.needle[at - self.offset]


def _occurrences(needle: str, text: str) -> Iterator[int]:
    at = text.find(needle)
    while at >= 0:
        if not (_cuts(text, at) or _cuts(text, at + len(needle))):
            yield at
        at = text.find(needle, at + 1)


def _cuts(text: str, at: int) -> bool:
    """Return whether the border before text[at] is inside a word or a number."""
    if at in {0, len(text)}:
        return False
    before, after = text[at - 1], text[at]
    if _in_word(before) and _in_word(after):
        return True
    return _in_number(text[max(0, at - 2) : at], after) or _opens_number(before, text[at : at + 2])


def _in_word(char: str) -> bool:
    return unicodedata.category(char) == "Mn" or (char.isalnum() and ord(char) < _FIRST_UNSPACED)


def _in_number(before: str, after: str) -> bool:
    """Return whether digits continue after a mark or take their sign from it: "2,|100", "-|5"."""
    return after.isdigit() and (
        before.endswith("-") or (before[:1].isdigit() and before[-1:] in ".,:/'")
    )


def _opens_number(before: str, after: str) -> bool:
    """Return whether digits continue behind a mark: "5|.5", "5|-10"."""
    return before.isdigit() and after[:1] in "-.,:/'" and after[1:2].isdigit()


def is_long_enough(text: str, start: int, end: int) -> bool:
    """Return whether text[start:end] is long enough to be evidence.

    A word or two occur by chance in any text. So a quote needs at least 12 characters or 3 words,
    unless it is a full line or a full cell of a table, such as "3 euros".

    >>> is_long_enough("| parking | 3 euros |", 12, 19)
    True
    >>> is_long_enough("it costs 3 euros", 9, 16)
    False
    """
    said = fold(text[start:end]).text
    if len(said) >= MIN_QUOTE_CHARS or len(said.split()) >= MIN_QUOTE_WORDS:
        return True
    before = re.split(r"[\n|]", text[:start])[-1]
    after = re.split(r"[\n|]", text[end:])[0]
    return not re.search(r"[^\W_]", before + after)  # an underscore is markup
