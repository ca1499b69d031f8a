import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.engine.reply_parser import ReplyReader, parse_draft
from footnote_qa.bot.types import PartKind, Sentence

REPLY = """<think>Passage 1, I think.</think>
Yes. You get **30 days** of leave a year [1]. Unused days expire. [1, 2]

## How to apply

Do this in order:

1. Open the portal [1].
2. Log in:
   ```bash
   portal login
   ```
3. Send the form. It goes to HR【2】.
   - to Oslo (1)

| Plan | Price |
|---|:-:|
| Basic | 3 euros [1] |

> quoted words here [3].

Sources:
[1] Leave policy
- [2] Other
"""


def read(reply: str, size: int) -> list[Sentence]:
    reader = ReplyReader(3)
    pieces = [reply[at : at + size] for at in range(0, len(reply), size)]
    return [*(part for piece in pieces for part in reader.feed(piece)), *reader.end()]


@given(st.integers(1, len(REPLY)))
def test_parts_are_the_same_wherever_the_stream_is_cut(size: int) -> None:
    assert read(REPLY, size) == read(REPLY, len(REPLY))


def test_each_kind_of_part_is_recognised() -> None:
    parts = [(part.kind, part.text) for part in parse_draft(REPLY, 3)]

    assert parts == [
        (PartKind.SENTENCE, "Yes. You get **30 days** of leave a year."),
        (PartKind.SENTENCE, "Unused days expire."),
        (PartKind.HEADING, "## How to apply"),
        (PartKind.HEADING, "Do this in order:"),
        (PartKind.ITEM, "Open the portal."),
        (PartKind.HEADING, "Log in:"),
        (PartKind.CODE, "   ```bash\n   portal login\n   ```"),
        (PartKind.ITEM, "Send the form."),
        (PartKind.SENTENCE, "It goes to HR."),
        (PartKind.ITEM, "to Oslo"),
        (PartKind.HEADING, "| Plan | Price |\n| --- | --- |"),
        (PartKind.ROW, "| Basic | 3 euros |"),
        (PartKind.SENTENCE, "quoted words here."),
    ]


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        ("It is 3 euros [1, 2].", ["1", "2"]),
        ("It is 3 euros【2】.", ["2"]),
        ("It is 3 euros【1†source】.", ["1"]),
        ("It is 3 euros (1).", ["1"]),
        ("It is 3 euros (passage 2).", ["2"]),
        ("It is 3 euros.[^1]", ["1"]),
        ("It is 3 euros. [1][3]", ["1", "3"]),
        ("It is 3 euros [1–3].", ["1", "2", "3"]),
        ("According to passage 2, it is 3 euros.", ["2"]),
        ("It is 3 euros [7].", []),
        ("```markdown\nIt is 3 euros [1].\n```", ["1"]),
        ('Here it is:\n\n{"answer": "It is 3 euros [1].", "sources": [1]}', ["1"]),
        ("It is 3 euros [^1].\n\n[^1]: passage 1, “fee: 3 euros”", ["1"]),
    ],
)
def test_habits_of_small_models_are_understood(reply: str, named: list[str]) -> None:
    part = parse_draft(reply, 3)[-1]

    assert part.text.casefold() == "it is 3 euros."
    assert [one.passage_id for one in part.evidence] == named


def test_first_sentence_is_there_before_the_paragraph_ends() -> None:
    reader = ReplyReader(1)

    assert reader.feed("Parking costs 3 euros a day [1]. It") != []


@given(st.text(), st.integers(1, 20))
def test_no_text_breaks_the_reader(text: str, size: int) -> None:
    if text.strip():
        read(text, size)
