"""Write MathML on one line: powers, indices, fractions and roots stay what they are."""

from bs4 import Tag

_SKIPPED = frozenset({"annotation", "annotation-xml", "mphantom", "none", "mprescripts", "maction"})
_ROW_ENDS = frozenset({"mtr", "mlabeledtr"})
_FENCES = ("open", "close")


def math_text(math: Tag) -> str:
    """Return a formula on one line.

    >>> from bs4 import BeautifulSoup
    >>> power = "<msup><mn>10</mn><mn>6</mn></msup>"
    >>> half = "<mfrac><mi>a</mi><mn>2</mn></mfrac>"
    >>> source = f"<math>{power}<mo>+</mo>{half}</math>"
    >>> math_text(BeautifulSoup(source, "html.parser").math)
    '10^6+a/2'
    """
    return " ".join(_text(math).split())


def _text(node: Tag) -> str:
    name = node.name.rpartition(":")[2]
    if name in _SKIPPED:
        return ""
    parts = [child for child in node.children if isinstance(child, Tag)]
    written = _WRITERS.get(name)
    if written is not None and len(parts) >= written[0]:
        texts = [_text(part).strip() for part in parts[: written[0]]]
        return written[1].format(*texts, *(grouped(text) for text in texts))
    return _plain(node, name, parts)


def _plain(node: Tag, name: str, parts: list[Tag]) -> str:
    if not parts:
        words = node.get_text()
        return f" {words} " if name in {"mtext"} else words.strip()
    inner = "".join(_text(part) for part in parts)
    if name == "msqrt":
        return f"√{grouped(inner)}"
    if name == "mfenced":
        opening, closing = (
            str(node.get(key, default)) for key, default in zip(_FENCES, "()", strict=True)
        )
        return opening + ",".join(_text(part) for part in parts) + closing
    if name == "mtd":
        return f"{inner} "
    return f"{inner.strip()}; " if name in _ROW_ENDS else inner


def grouped(text: str) -> str:
    """Return *text* in brackets if it is more than one number or name."""
    text = text.strip()
    figures = text.replace(".", "").replace(",", "")
    is_one = figures.isdigit() or text.isalpha() or len(text) <= 1
    return text if is_one else f"({text})"


# How many parts an element has at least, and how they are written: first the parts as they are,
# then each of them in brackets if it needs some.
_WRITERS: dict[str, tuple[int, str]] = {
    "mfrac": (2, "{2}/{3}"),
    "msup": (2, "{2}^{3}"),
    "msub": (2, "{0}_{3}"),
    "msubsup": (3, "{0}_{4}^{5}"),
    "mroot": (2, "root({1}, {0})"),
    "munder": (2, "{0}_{3}"),
    "mover": (2, "{0}^{3}"),
    "munderover": (3, "{0}_{4}^{5}"),
}
