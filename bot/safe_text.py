"""Make text of documents and people safe to show: no hidden characters, no odd links."""

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

MAX_URL_CHARS: Final = 3000

# Invisible characters that are not format characters: blank letters, grapheme joiner, and the
# supplementary variation selectors, which can hide any amount of text.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\U000e0100-\U000e01ef]")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\u0085\v\f]")
_JOINING = "\u200c\u200d"


def clean(text: str) -> str:
    r"""Remove invisible characters and those that turn the reading direction; they could hide text.

    Joiners stay if scripts need them: one at a time, between non-ASCII characters.

    >>> clean("pass\u200bword \u202egpj.exe")
    'password gpj.exe'
    """
    text = _BLANK.sub("", _LINE_ENDS.sub("\n", text).replace("\t", " "))
    return "".join(c for i, c in enumerate(text) if _shows(text, i, c))


def _shows(text: str, i: int, character: str) -> bool:
    if character == "\n":
        return True
    if character in _JOINING:
        around = text[i - 1 : i] + text[i + 1 : i + 2]
        return len(around) == 2 and all(c > "\x7f" and not _hidden(c) for c in around)  # noqa: PLR2004 one on each side
    return not _hidden(character)


def _hidden(character: str) -> bool:
    # Controls, format characters, halves of surrogate pairs.
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"}


def shorten(text: str, max_chars: int) -> str:
    """Return *text* cut to one line of at most *max_chars*, after a word if one ends near.

    >>> shorten("the quick brown fox", 12)
    'the quick …'
    """
    line = " ".join(text.split())
    if len(line) <= max_chars:
        return line
    head = line[: max_chars - 1]
    at_word = head.rpartition(" ")[0] + " "
    return (at_word if len(at_word) > max_chars // 2 else head) + "…"


def safe_url(url: str | None) -> str | None:
    """Return *url* if it is safe to link to: http or https, a host, no user, no odd characters.

    >>> safe_url("https://wiki.example/a%20b"), safe_url("https://bank.example@evil.example/")
    ('https://wiki.example/a%20b', None)
    """
    if not url or len(url) > MAX_URL_CHARS or re.search(r"[\s<>|\\\"]", url) or clean(url) != url:
        return None
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return None
    is_plain = parts.scheme in {"http", "https"} and "@" not in parts.netloc
    return url if is_plain and parts.hostname and port_is_fine else None
