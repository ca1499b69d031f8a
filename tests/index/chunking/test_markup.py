"""The mask hides markup, and agrees with the parser on where a document begins."""

import pytest

from index.chunking.markup import front_matter_end, mask, shown
from index.parsing.front_matter import front_matter


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: Leave\ntags:\n  - hr\n---\nText.",
        "---\nNote to all: the gate is shut.\n---\nText.",
        "---\n---\nText.",
        "---\ntitle: never closed\n",
        "Text.",
    ],
)
def test_the_mask_and_the_parser_see_the_same_front_matter(text: str) -> None:
    lines = text.split("\n")
    parsed = front_matter(lines).lines

    assert front_matter_end(text) == sum(len(line) + 1 for line in lines[:parsed])
    assert ("Note to all" in mask(text)) == ("Note to all" in text)


def test_the_mask_keeps_every_offset_and_all_code() -> None:
    text = "See [it](x.md) {% y %}.\n\n```\n{{ keep }}\n```\n"

    assert len(mask(text)) == len(text)
    assert shown(text) == "See it .\n\n```\n{{ keep }}\n```"
