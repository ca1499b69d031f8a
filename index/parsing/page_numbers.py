"""Numbers of pages as a person writes them."""

from collections.abc import Sequence

_MOST_RANGES = 12


def page_numbers(found: Sequence[int]) -> str:
    """Return page numbers for people.

    >>> page_numbers([2, 3, 4, 9]), page_numbers([7])
    ('pages 2 to 4, 9', 'page 7')
    """
    ranges: list[list[int]] = []
    for number in found:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    words = [str(first) if first == last else f"{first} to {last}" for first, last in ranges]
    kept = words if len(words) <= _MOST_RANGES else [*words[:_MOST_RANGES], "and others"]
    return f"page{'s' if len(found) > 1 else ''} {', '.join(kept)}"
