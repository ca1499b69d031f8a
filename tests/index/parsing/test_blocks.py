from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.types import Heading, Parsed


def test_headings_and_pages_are_where_their_offsets_say() -> None:
    blocks = Blocks()
    blocks.page()
    blocks.heading(1, " Paid\nleave ")
    blocks.add("Twenty days  \n")
    blocks.page()
    blocks.add(" ")
    blocks.add_parsed(
        Parsed(text="Intro\n## How", headings=(Heading(start=6, level=2, text="How"),))
    )
    blocks.page()

    parsed = blocks.parsed("  Staff\nguide ")

    assert parsed.text == "# Paid leave\n\nTwenty days\n\nIntro\n## How"
    assert parsed.pages == (0, parsed.text.index("Intro"), len(parsed.text))
    assert [parsed.text[one.start :].split("\n")[0] for one in parsed.headings] == [
        "# Paid leave",
        "## How",
    ]
    assert parsed.title == "Staff guide"


def test_nothing_added_is_no_text() -> None:
    parsed = Blocks().parsed("")

    assert (parsed.text, parsed.title) == ("", None)
