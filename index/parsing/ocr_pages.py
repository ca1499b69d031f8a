"""Pages whose words were recognised in a picture, and how they travel between processes."""

from collections.abc import Mapping
from typing import TypeAlias

from footnote_qa.index.parsing.page import Look, Page, Word

Recognised: TypeAlias = Mapping[int, Page | None] | None
"""Pages by their number, from 1; a page is None if its recognition failed.

None instead of all pages means that text recognition is off.
"""

_LARGER = 1.4  # than the usual line: a heading; smaller differences are accidents of measuring


def page_to_json(page: Page) -> dict[str, object]:
    """Return a page as values of JSON."""
    return {
        "width": round(page.width, 1),
        "height": round(page.height, 1),
        "words": [
            [word.text, *[round(edge, 1) for edge in word.box], word.line] for word in page.words
        ],
    }


def page_from_json(value: Mapping[str, object]) -> Page:
    """Return the page that `page_to_json` was given, with the size of type of each line."""
    words = value["words"]
    if not isinstance(words, list):
        raise TypeError(f"not a recognised page: {sorted(value)}")
    page = Page(width=float(str(value["width"])), height=float(str(value["height"])))
    for text, left, bottom, right, top, line in words:
        page.words.append(Word(str(text), (left, bottom, right, top), int(line)))
    heights: dict[int, float] = {}
    for word in page.words:
        height = word.box[3] - word.box[1]
        heights[word.line] = max(height, heights.get(word.line, 0.0))
    usual = sorted(heights.values())[len(heights) // 2] if heights else 0.0
    for line, height in heights.items():
        size = round(height) if height > _LARGER * usual else round(usual)
        page.looks[line] = Look(size=float(size), is_bold=False)
    return page
