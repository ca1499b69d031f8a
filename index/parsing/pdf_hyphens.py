"""Join words that a PDF breaks at the ends of lines, spelled as elsewhere in the document."""

import re

from footnote_qa.index.parsing.text import clean

# pdfium writes this in place of a hyphen at a line's end and the line break after it.
_BROKEN_WORD = re.compile("([^\\W\\d_]+(?:-[^\\W\\d_]+)*)\ufffe([^\\W\\d_]+)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_MIN_PART_CHARS = 3


def rejoin(texts: list[str]) -> list[str]:
    """Join words broken at the ends of lines, spelled as elsewhere in the same document."""
    if not any("\ufffe" in text for text in texts):
        return [_tidy(text) for text in texts]
    # The halves of broken words are not words.
    whole = (_BROKEN_WORD.sub(" ", text) for text in texts)
    known = {word.lower() for text in whole for word in _WORD.findall(text)}
    evidence = [
        _keeps_hyphen(match[1], match[2], known)
        for text in texts
        for match in _BROKEN_WORD.finditer(text)
    ]
    kept, joined = evidence.count(True), evidence.count(False)
    # A program without hyphenation breaks lines only at the hyphens of compounds, which is rare.
    by_default = kept > joined or (not joined and len(evidence) < len(texts))

    def join(match: re.Match[str]) -> str:
        keeps = _keeps_hyphen(match[1], match[2], known)
        hyphen = "-" if keeps or (keeps is None and by_default) else ""
        return f"{match[1]}{hyphen}{match[2]}"

    return [_tidy(_BROKEN_WORD.sub(join, text).replace("\ufffe", "-")) for text in texts]


def _keeps_hyphen(left: str, right: str, known: set[str]) -> bool | None:
    """Return whether a hyphen stays, as in "chat-optimized"; None if *known* doesn't show it."""
    if (left + right).lower() in known:
        return False
    if "-" in left or left.isupper() != right.isupper() or right.istitle():
        return True
    parts = {left.lower(), right}
    both_words = parts <= known and min(map(len, parts)) >= _MIN_PART_CHARS
    return True if both_words or f"{left}-{right}".lower() in known else None


def _tidy(text: str) -> str:
    # A soft hyphen that pdfium kept is inside a line and never visible.
    lines = clean(text.replace("\xad", "")).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")
