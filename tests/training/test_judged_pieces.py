"""Sections are cut into pieces that the judge can read."""

from itertools import pairwise

from footnote_qa.bot.extractive import GroupKind
from footnote_qa.index.chunking import section_of
from tests.fakes.searcher import a_passage
from training.judged_pieces import MOST_CHARS, Piece, judged_pieces


def pieces_of(text: str, *, title: str = "Handbook") -> tuple[Piece, ...]:
    return judged_pieces(section_of(a_passage(text, title=title).chunk))


TEXT = """# Leave

## Bereavement

If somebody close to you dies, take two weeks.

For a birth, you can use:

- annual leave
- sick leave

| Plan | Price |
|---|---|
| Basic | 9 euros |
| Pro | 90 euros |

Type this:

```
make key
```
"""


def test_each_piece_is_read_below_its_title_headings_and_introduction() -> None:
    found = pieces_of(TEXT)

    texts = [one.text for one in found]
    assert "Handbook: Leave: Bereavement: If somebody close to you dies, take two weeks." in texts
    assert (
        "Handbook: Leave: Bereavement: For a birth, you can use: annual leave - sick leave" in texts
    )
    assert any(
        one.endswith("Plan: Basic; Price: 9 euros - Plan: Pro; Price: 90 euros") for one in texts
    )
    assert any(one.endswith("Type this: make key") for one in texts)
    assert {one.group.kind for one in found} == {*GroupKind}


def test_pieces_are_slices_in_reading_order() -> None:
    found = pieces_of(TEXT)

    assert all(one.start < one.end for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert "two weeks" in TEXT[found[0].start : found[0].end]


def test_long_paragraph_is_read_in_pieces_of_complete_sentences() -> None:
    text = " ".join(f"Sentence number {at} says a little about the garage." for at in range(60))

    found = pieces_of(text, title="Garage")

    assert len(found) > 4
    assert all(len(one.body) <= MOST_CHARS for one in found)
    assert " ".join(one.body for one in found) == text


def test_long_list_repeats_its_introduction_in_every_piece() -> None:
    items = "\n".join(f"- item {at} of the list, which has a few more words" for at in range(40))

    found = [one for one in pieces_of(f"Bring these:\n\n{items}\n") if one.group.kind == "list"]

    assert len(found) > 2
    assert all("Bring these: item" in one.text for one in found)
