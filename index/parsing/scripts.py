"""Write superscripts and subscripts on the line, so that 10⁶ does not become 106."""

import re

_NUMBER = re.compile(r"[+\-−–]?\d+(?:[.,]\d+)*")
# "x + 1", "2n", "-k": an exponent; and no mark of a note, such as "[1]" or "a, b"
_TERM = re.compile(r"[+\-−–]?[^\W_]+(?:\s*[+\-−–*/·=]\s*[^\W_]+)*")
_HALF = re.compile(r"\d+[/⁄]\d+")
_LONGEST_NAME = 40
_ABBREVIATED = frozenset("eèoarst")  # 1e, Nº, Mr: the end of a word


def raised(text: str, *, before: str, is_above: bool = False) -> str:
    """Return a superscript as it is written on the line.

    Args:
        text: The superscript.
        before: The text before it.
        is_above: Whether it is the upper half of a fraction.

    >>> raised("6", before="10"), raised("n+1", before="x"), raised("th", before="the 4")
    ('^6', '^(n+1)', 'th')
    >>> raised("1", before="2", is_above=True), raised("[3]", before="word")
    (' 1', '[3]')
    """
    words = " ".join(text.split())
    if (is_above and _NUMBER.fullmatch(words)) or _HALF.fullmatch(words):  # 1½
        return f" {words}" if before[-1:].isdigit() else words
    if _NUMBER.fullmatch(words):
        return f"^{text}"
    return f"^{_grouped(words)}" if _is_term(words, before) else text


def lowered(text: str, *, before: str, after: str) -> str:
    """Return a subscript as it is written on the line.

    >>> lowered("2", before="H", after="O"), lowered("2", before="log", after="8")
    ('2', '_2 ')
    >>> lowered("i+1", before="x", after=" "), lowered("max", before="V", after="")
    ('_(i+1)', 'max')
    """
    words = " ".join(text.split())
    if words and after[:1].isdigit():
        return f"_{_grouped(words)} "
    is_number = _NUMBER.fullmatch(words) is not None
    if is_number and before[-1:].isdigit():
        return f"_{words}"
    is_plain = is_number or (len(words) > 1 and words.isalpha())
    return text if is_plain or not _is_term(words, before) else f"_{_grouped(words)}"


def _is_term(words: str, before: str) -> bool:
    """Return whether *words* are part of a formula after the text before them."""
    if not _TERM.fullmatch(words) or not before[-1:].strip():
        return False
    if not words.isalpha():
        return True
    # A letter after a number or a symbol, such as 2^n, x^k and (1+q)^n
    name = re.search(r"[^\W_]*$", before[-_LONGEST_NAME:])
    is_symbol = name is not None and (name[0].isdigit() or len(name[0]) == 1)
    return len(words) == 1 and words not in _ABBREVIATED and (is_symbol or before[-1] in ")]")


def _grouped(words: str) -> str:
    is_one = words.isalpha() or _NUMBER.fullmatch(words) is not None
    return words if is_one else f"({words})"
