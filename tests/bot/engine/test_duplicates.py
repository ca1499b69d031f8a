from dataclasses import replace
from datetime import UTC, datetime

import pytest

from footnote_qa.bot.engine.context import block, show, within
from footnote_qa.bot.engine.duplicates import says_the_same
from footnote_qa.index.types import Passage
from tests.fakes.searcher import a_chunk

FORM = "The pump was checked this week and all of it is well, as the office was told by phone."


def passage(text: str, document: str, id_: int, **also: object) -> Passage:
    chunk = replace(a_chunk(text, id=id_, document=document), **also)  # type: ignore[arg-type] # its own fields
    return Passage(chunk=chunk, rank=id_, fused=0.9 - id_ / 100, cosine=None, bm25=None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (FORM, FORM, True),
        (FORM, FORM.upper() + "!!", True),
        (FORM, FORM.replace("The pump", "This pump"), True),
        (FORM, FORM.replace("is well", "is not well"), False),
        (FORM + " It took 2 hours.", FORM + " It took 3 hours.", False),
        (FORM + " Ask Miller.", FORM + " Ask Smith.", False),
        ("The Standard plan pays.", "The Plus plan pays.", False),
        (FORM, FORM.replace("well", "broken"), False),
        ("Lamp", "Lamps", False),
        ("The", "A", False),
    ],
)
def test_texts_say_the_same_unless_a_number_a_name_or_a_denial_differs(
    one: str, other: str, same: bool
) -> None:
    first, second = a_chunk(one, id=1, document="a.md"), a_chunk(other, id=2, document="b.md")

    assert says_the_same(first, second) is same
    assert says_the_same(second, first) is same


def test_what_says_the_same_is_shown_once_with_all_its_places() -> None:
    forms = [passage(FORM + "." * at, f"week{at}.md", at) for at in range(1, 8)]
    other = passage("The lamp is in the hall.", "lamp.md", 9)

    shown = show([*forms, other], most=2)

    assert [one.passage.chunk.document for one in shown] == ["week1.md", "lamp.md"]
    assert [chunk.document for chunk in shown[0].also] == [f"week{at}.md" for at in range(2, 8)]
    assert block(shown[0]).count("also in: ") == 5


def test_of_two_versions_the_newer_comes_first_and_the_older_is_marked() -> None:
    old = passage("Travel costs are paid up to 100 euros a day.", "travel-2023.md", 1)
    new = passage("Travel costs are paid up to 120 euros a day.", "travel-2025.md", 2)

    shown = show([old, new], question="How much is paid for travel?")

    assert [one.passage.chunk.document for one in shown] == ["travel-2025.md", "travel-2023.md"]
    assert "newer version" in block(shown[1])
    assert "newer version" not in block(shown[0])


def test_a_version_that_the_question_names_stays_first() -> None:
    old = passage("Travel costs are paid up to 100 euros a day.", "travel-2023.md", 1)
    new = passage("Travel costs are paid up to 120 euros a day.", "travel-2025.md", 2)

    shown = show([old, new], question="How much was paid for travel in 2023?")

    assert [one.passage.chunk.document for one in shown] == ["travel-2023.md", "travel-2025.md"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("guide_v1.2.md", "guide_v1.10.md"), ("old/rules-2024-01-31.md", "old/rules-2024-02-01.md")],
)
def test_versions_are_numbers_not_text(first: str, second: str) -> None:
    text = "Travel costs are paid up to {} euros a day."

    shown = show([passage(text.format(1), first, 1), passage(text.format(2), second, 2)])

    assert [one.passage.chunk.document for one in shown] == [second, first]


def test_versions_without_a_number_are_distinguished_by_when_they_changed() -> None:
    text = "Travel costs are paid up to {} euros a day."
    days = [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2)]
    old = passage(text.format(1), "a/travel.md", 1, modified_at=days[0])
    new = passage(text.format(2), "a/travel.txt", 2, modified_at=days[1])

    shown = show([old, new])

    assert [one.passage.chunk.document for one in shown] == ["a/travel.txt", "a/travel.md"]


@pytest.mark.parametrize(
    ("first", "second"), [("plan-Basic.md", "plan-Plus.md"), ("room-1.md", "room-2.md")]
)
def test_other_documents_keep_their_order(first: str, second: str) -> None:
    text = "The plan pays up to {} euros a day."

    shown = show([passage(text.format(1), first, 1), passage(text.format(2), second, 2)])

    assert [one.passage.chunk.document for one in shown] == [first, second]
    assert [one.newer for one in shown] == ["", ""]


def test_as_many_passages_are_handed_over_as_fit_and_one_at_least() -> None:
    shown = show([passage(f"{at} " + "word " * 100, f"{at}.md", at) for at in range(1, 6)])

    assert [len(within(shown, tokens=tokens)) for tokens in (10, 350, 10_000)] == [1, 2, 5]
