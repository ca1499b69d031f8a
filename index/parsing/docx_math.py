"""Write the formulas of Word on one line: powers, indices, fractions and roots stay themselves."""

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.parsing.html_math import grouped

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def formula_text(node: etree._Element) -> str:
    """Return a formula on one line, such as "F = L/4"."""
    return " ".join(_text(node).split())


def _text(node: etree._Element) -> str:
    name = etree.QName(node).localname if isinstance(node.tag, str) else ""
    if name == "t":
        return node.text or ""
    if name.endswith("Pr"):  # how it looks
        return ""
    written = _WRITTEN.get(name)
    if written is not None:
        return written(node)
    return "".join(_text(child) for child in node)


def _part(node: etree._Element, name: str) -> str:
    return "".join(_text(child) for child in node.iterfind(f"{_M}{name}")).strip()


def _power(node: etree._Element) -> str:
    base, below, above = (_part(node, name) for name in ("e", "sub", "sup"))
    lower = f"_{grouped(below)}" if below else ""
    upper = f"^{grouped(above)}" if above else ""
    return f"{grouped(base) if upper and not lower else base}{lower}{upper}"


def _fraction(node: etree._Element) -> str:
    return f"{grouped(_part(node, 'num'))}/{grouped(_part(node, 'den'))}"


def _root(node: etree._Element) -> str:
    degree, base = _part(node, "deg"), _part(node, "e")
    return f"root({degree}, {base})" if degree else f"√{grouped(base)}"


def _sum(node: etree._Element) -> str:
    below, above = _part(node, "sub"), _part(node, "sup")
    lower = f"_{grouped(below)}" if below else ""
    upper = f"^{grouped(above)}" if above else ""
    return f"{_sign(node, 'chr', '∫')}{lower}{upper} {_part(node, 'e')}"


def _brackets(node: etree._Element) -> str:
    inner = ", ".join(_text(child).strip() for child in node.iterfind(f"{_M}e"))
    return f"{_sign(node, 'begChr', '(')}{inner}{_sign(node, 'endChr', ')')}"


def _sign(node: etree._Element, name: str, usual: str) -> str:
    found = next(node.iter(f"{_M}{name}"), None)
    return usual if found is None else str(found.get(f"{_M}val", usual))


def _function(node: etree._Element) -> str:
    return f"{_part(node, 'fName')} {_part(node, 'e')}"


def _limit(node: etree._Element) -> str:
    return f"{_part(node, 'e')}_{grouped(_part(node, 'lim'))}"


def _rows(node: etree._Element) -> str:
    rows = [child for child in node if etree.QName(child).localname in {"mr", "e"}]
    return "; ".join(
        " ".join(
            _text(cell).strip()
            for cell in (row.iterfind(f"{_M}e") if row.tag == f"{_M}mr" else [row])
        )
        for row in rows
    )


_WRITTEN = {
    "f": _fraction,
    "sSup": _power,
    "sSub": _power,
    "sSubSup": _power,
    "sPre": _power,
    "rad": _root,
    "nary": _sum,
    "d": _brackets,
    "func": _function,
    "limLow": _limit,
    "limUpp": _limit,
    "m": _rows,
    "eqArr": _rows,
}
