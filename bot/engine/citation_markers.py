"""Citation markers in a model's text: the passages that a sentence names, and the rest of it."""

import re

_OPEN, _CLOSE = r"[\[［【〔〚⟦]", r"[\]］】〕〛⟧]"
_NUMBER = r"(?!0)\d{1,3}"
_WORD = r"(?:passages?|sources?|docs?|documents?|refs?|references?|quellen?|excerpts?)"
_NUMBERS = rf"{_NUMBER}(?:\s*(?:[,;&/–-]|and|und|et|y)\s*(?:{_WORD}\s*)?\^?{_NUMBER})*"
# [1], [1, 2], [^1], [passage 1], 【1†source】; not the number of a link, as in [1](address)
_BRACKETED = (
    rf"{_OPEN}\s*(?:\^|#|(?:{_WORD})\s*[:#]?\s*)?({_NUMBERS})(?:\s*†[^\]】]*)?\s*{_CLOSE}(?!\()"
)
# (passage 1); a number alone in round brackets only where a sentence ends
_ROUND = rf"\(\s*(?:see\s+)?{_WORD}\s*[:#]?\s*({_NUMBERS})\s*\)"
_ROUND_LAST = rf"\(\s*({_NUMBERS})\s*\)(?=[\s.!?,;:。]*$)"
_PHRASE = (
    r"(?:\b(?:as\s+)?(?:according to|based on|(?:stated|described|mentioned|noted|shown|explained)"
    r"\s+in|per|see|laut|gemäß|selon|según)\s+(?:the\s+)?)"
)
_SAID = re.compile(rf"{_PHRASE}{_WORD}\s+({_NUMBERS})\s*,?", re.IGNORECASE)
_SAID_BRACKETED = re.compile(rf"{_PHRASE}(?:{_WORD}\s+)?{_BRACKETED}\s*,?", re.IGNORECASE)
_MARKER = re.compile(rf"\s*(?:{_BRACKETED}|{_ROUND})", re.IGNORECASE)
_MARKER_LAST = re.compile(rf"\s*{_ROUND_LAST}")
_ONLY = re.compile(rf"\s*(?:(?:{_BRACKETED}|{_ROUND})[\s.,;]*)+", re.IGNORECASE)
# A number in brackets after one of these belongs to the text
_COUNTED = re.compile(
    r"\b(?:sections?|paragraphs?|articles?|steps?|options?|items?|parts?|clauses?|rules?|points?|"
    r"chapters?|levels?|no|nr)\.?\s*$",
    re.IGNORECASE,
)
_CODE = re.compile(r"(`+)(?:(?!\1).)+\1")
_RANGE = re.compile(rf"({_NUMBER})\s*[–-]\s*({_NUMBER})")
_MOST_IN_RANGE = 10


def without_markers(text: str, *, most: int) -> tuple[str, tuple[int, ...]]:
    """Return *text* without its citation markers, and the numbers of the passages that they name.

    Args:
        text: A sentence, an item or a row.
        most: The highest number of a passage; a higher one is removed and names nothing.

    >>> without_markers("Parking is free [1, 3]. [^2]", most=3)
    ('Parking is free.', (1, 3, 2))
    >>> without_markers("According to passage 2, `list[1]` is paid (1).", most=3)
    ('`list[1]` is paid.', (2, 1))
    """
    named: list[int] = []
    code: list[str] = []

    def hidden(match: re.Match[str]) -> str:
        code.append(match.group())
        return f"\ufdd2{len(code) - 1}\ufdd3"

    def taken(match: re.Match[str]) -> str:
        named.extend(_numbers(next(group for group in match.groups() if group)))
        return ""

    def counted(match: re.Match[str]) -> str:
        return match.group() if _COUNTED.search(match.string[: match.start()]) else taken(match)

    rest = _CODE.sub(hidden, text.replace("\ufdd2", "").replace("\ufdd3", ""))
    for pattern in (_SAID_BRACKETED, _SAID, _MARKER):
        rest = pattern.sub(taken, rest)
    rest = _MARKER_LAST.sub(counted, rest)
    rest = re.sub(r"\ufdd2(\d+)\ufdd3", lambda match: code[int(match[1])], rest)
    return _mended(rest, text), tuple(dict.fromkeys(n for n in named if n <= most))


def are_markers(text: str) -> bool:
    """Return whether *text* is nothing but citation markers.

    >>> are_markers(" [1][2]. "), are_markers("[1] Parking")
    (True, False)
    """
    return _ONLY.fullmatch(text) is not None


def _numbers(listed: str) -> list[int]:
    """Return the numbers of a list such as "1, 3–5"."""
    found: list[int] = []
    for match in re.finditer(rf"{_RANGE.pattern}|{_NUMBER}", listed):
        if match[1]:
            first, last = int(match[1]), int(match[2])
            found += range(first, min(last, first + _MOST_IN_RANGE) + 1)
        else:
            found.append(int(match.group()))
    return found


def _mended(text: str, before: str) -> str:
    """Return *text* with the spaces that the markers left behind closed."""
    mended = re.sub(r"[ \t]+(?=[.,;:!?](?:\s|$))", "", text)
    mended = re.sub(r"(?<=[.!?。])[ \t]*\.(?=\s|$)", "", mended).strip()
    if mended[:1].islower() and before.strip()[:1].isupper():
        mended = mended[0].upper() + mended[1:]
    return mended
