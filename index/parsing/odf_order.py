"""Put what is on an OpenDocument slide in the order in which it is read."""

import re

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.parsing.odf_text import DRAW

_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_SAME_ROW_CM = 0.4
_CM = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72, "px": 2.54 / 96}
_LENGTH = re.compile(r"(-?\d+(?:\.\d+)?)(cm|mm|in|pt|px)")


def in_reading_order(frames: list[etree._Element]) -> list[etree._Element]:
    """Return frames from the top to the bottom, those at one height from left to right.

    A frame without a place is where its layout puts it, so such a slide keeps its own order.
    """
    places = {id(frame): _place(frame) for frame in frames}
    if None in places.values():
        return frames
    rows: list[list[etree._Element]] = []

    def at(frame: etree._Element) -> tuple[float, float]:
        return places[id(frame)] or (0.0, 0.0)

    for frame in sorted(frames, key=at):
        if rows and abs(at(frame)[0] - at(rows[-1][0])[0]) <= _SAME_ROW_CM:
            rows[-1].append(frame)
        else:
            rows.append([frame])
    return [frame for row in rows for frame in sorted(row, key=lambda one: at(one)[1])]


def _place(frame: etree._Element) -> tuple[float, float] | None:
    """Return how far a frame is from the top and from the left, in centimetres."""
    own = [_LENGTH.fullmatch(str(frame.get(f"{_SVG}{name}", ""))) for name in "yx"]
    if all(own):
        top, left = (float(one[1]) * _CM[one[2]] for one in own if one is not None)
        return top, left
    inner = [place for child in frame.iterchildren(f"{DRAW}*") if (place := _place(child))]
    return (min(top for top, _ in inner), min(left for _, left in inner)) if inner else None
