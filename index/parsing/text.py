"""Decode plain text, normalise its newlines, and remove signs that nobody can see."""

import codecs
import re
import unicodedata
from collections.abc import Iterator

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.code_pages import code_page
from footnote_qa.index.types import Parsed, ProblemKind

# Longest first: the mark of UTF-32 begins with the mark of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Tab, newlines, form feed, backspace and escape occur in real text such as logs.
_CONTROL_BYTES = bytes(sorted(set(range(32)) - {8, 9, 10, 11, 12, 13, 27}))
_MAX_CONTROL_SHARE = 0.05
_SAMPLE_BYTES = 500_000
_MAX_BAD_UTF8_SHARE = 0.1

# UTF-8 that was read as Latin-1 and saved as UTF-8 again. No text has the controls among it.
_TWICE_ENCODED = re.compile(
    "[\xc2-\xdf][\x80-\x9f]|[\xe0-\xef](?=[\xa0-\xbf]?[\x80-\x9f])[\x80-\xbf]{2}"
)
_NEWLINE = re.compile("\r\n?|[\x0b\x0c\x85]")
# Controls, half surrogates, soft hyphens, zero-width signs and the marks of text direction.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ud800-\udfff\ufeff\ufffe\uffff]+"
)
# Arabic, Indic and emoji need joiners to be spelled; in a Latin, Greek or Cyrillic word they are
# leftovers of an editor.
_IDLE_JOINER = re.compile(
    "(?<![\u0590-\uffff\U00010000-\U0010ffff])[\u200c\u200d]+|[\u200c\u200d]+(?=\\s|$)"
)


def parse(content: bytes) -> Parsed:
    """Return the text of *content*, which has no title, headings or pages."""
    return Parsed(text=clean(decode(content)))


def clean(text: str) -> str:
    r"""Make every newline `\n`, compose letters, and remove characters that nobody can see.

    >>> clean("one\r\ntwo\rthree\x00")
    'one\ntwo\nthree'
    >>> clean("mari\u00adtime Gebu\u0308hr")
    'maritime Gebühr'
    """
    if not text.isascii():
        text = _TWICE_ENCODED.sub(_encoded_once, text)
    text = _INVISIBLE.sub("", _NEWLINE.sub("\n", text))
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _IDLE_JOINER.sub("", text))


def _encoded_once(match: re.Match[str]) -> str:
    try:
        return match[0].encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def decode(content: bytes, *, declared: str | None = None) -> str:
    """Decode by byte order mark, as strict UTF-8, as *declared*, by its NULs, or by statistics.

    Raises:
        UnreadableDocumentError: BROKEN if *content* is not text.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    for encoding in _candidates(content, declared):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    _refuse_binary(content)
    return content.decode(_guessed(content), errors="replace")


def _candidates(content: bytes, declared: str | None) -> Iterator[str]:
    if b"\0" in content:
        yield from _wide(content)
        return
    # Bytes above 127 that are valid UTF-8 are UTF-8, whatever is declared. Without such bytes, a
    # declaration can still matter (ISO-2022-JP).
    if content.isascii() and declared:
        yield declared
    if not _mostly_control(content):
        yield "utf-8"
        if declared:
            yield declared


def _wide(content: bytes) -> Iterator[str]:
    """Yield candidate UTF-16 encodings for text without a mark, where every second byte is NUL."""
    sample = content[: _SAMPLE_BYTES // 2 * 2]
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > half // 2 and even < half // 20 + 1:
        yield "utf-16-le"
    if even > half // 2 and odd < half // 20 + 1:
        yield "utf-16-be"


def _mostly_control(content: bytes) -> bool:
    sample = content[:_SAMPLE_BYTES]
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    return controls > len(sample) * _MAX_CONTROL_SHARE


def _refuse_binary(content: bytes) -> None:
    if _mostly_control(content):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says text, the content is binary; rename or remove it"
        )


def _guessed(content: bytes) -> str:
    """Return the most likely encoding of text that is not valid UTF-8."""
    sample = content[:_SAMPLE_BYTES]
    text = sample.decode("utf-8", errors="replace")
    bad = text.count("�")
    # A few bad bytes among many valid sequences are a damaged UTF-8 file, not another encoding.
    if bad <= _MAX_BAD_UTF8_SHARE * sum(1 for char in text if not char.isascii()):
        return "utf-8"
    return code_page(sample)
