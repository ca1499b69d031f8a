"""Read the charts of Office documents: a row for each category, a column for each series."""

from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.parsing.tables import tables

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def chart_texts(root: etree._Element) -> Iterator[str]:
    """Yield the chart's title and its values: a row for each category, a column for each series."""
    title = next(root.iterfind(f"{_C}chart/{_C}title"), None)
    if title is not None:
        yield "".join(node.text or "" for node in title.iter(f"{_A}t"))
    columns: dict[str, dict[int, str]] = {}
    names: dict[int, str] = {}
    for number, series in enumerate(root.iter(f"{_C}ser"), start=1):
        name = " ".join(_points(series, "tx").values()) or f"Series {number}"
        columns[name] = _points(series, "val") or _points(series, "yVal")
        names |= _points(series, "cat") or _points(series, "xVal")
    places = sorted({place for values in columns.values() for place in values})
    rows = [
        [names.get(place, str(place + 1)), *(values.get(place, "") for values in columns.values())]
        for place in places
    ]
    yield from tables([["", *columns], *rows]) if rows else ()


def _points(series: etree._Element, what: str) -> dict[int, str]:
    """Return the values that the chart keeps of the cells it was drawn from."""
    found: dict[int, str] = {}
    for part in series.iterfind(f"{_C}{what}"):
        # With several levels of names, the first is the innermost.
        points = next((level.iter(f"{_C}pt") for level in part.iter(f"{_C}lvl")), None)
        for point in points or part.iter(f"{_C}pt"):
            value = next((node.text for node in point.iterfind(f"{_C}v")), None)
            found.setdefault(int(point.get("idx", "0")), _value(value or ""))
    return found


def _value(text: str) -> str:
    """Return a number without the noise of its binary form, any other text as it is.

    >>> _value("0.30000000000000004"), _value("Q1")
    ('0.3', 'Q1')
    """
    try:
        return f"{float(text):.15g}"
    except ValueError:
        return text
