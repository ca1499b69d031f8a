"""Lists as PDFs have them: with "•", and without a blank line below."""

from footnote_qa.index.chunking import split_blocks
from footnote_qa.index.types import BlockKind

PAGE = """Before you travel:
• Ask your manager for the approval of the trip, and keep the answer that you get from the
manager.
• Book the train in the portal.
Trips abroad take longer to approve, so please begin with the approval at least three weeks
before you leave.
Hotels
You may book a hotel in the portal as soon as the trip is approved, and the company pays it.
"""


def blocks(text: str) -> list[tuple[BlockKind, str]]:
    return [(one.kind, text[one.start : one.end]) for one in split_blocks(text)]


def test_last_item_ends_where_its_last_line_is_short() -> None:
    found = blocks(PAGE)

    items = [text for kind, text in found if kind is BlockKind.ITEM]
    assert items[0].endswith("\nmanager.")
    assert items[1:] == ["• Book the train in the portal."]
    below = [text for kind, text in found if kind is BlockKind.PARAGRAPH][1:]
    assert [text.split()[0] for text in below] == ["Trips", "Hotels", "You"]
    assert {one.group for one in split_blocks(PAGE) if one.kind is BlockKind.PARAGRAPH} == {-1}


def test_items_of_one_list_stay_together() -> None:
    groups = [one.group for one in split_blocks(PAGE) if one.kind is BlockKind.ITEM]

    assert len(set(groups)) == 1


def test_numbered_item_of_a_printed_page_keeps_its_list() -> None:
    text = PAGE.replace("• Ask", "1. Ask").replace("• Book", "2. Book") + "• Another list\n"

    items = [one for one in split_blocks(text) if one.number is not None]

    assert [one.number for one in items] == [1, 2]
    assert items[0].group == items[1].group
    assert text[items[1].start : items[1].end] == "2. Book the train in the portal."


def test_lines_of_markdown_are_one_item_however_long_they_are() -> None:
    text = (
        "- Ask your manager for the approval of the trip, and keep the answer.\n"
        "Then wait.\nBook the train in the portal, not at the counter of the railway.\n"
    )

    assert len(blocks(text)) == 1
