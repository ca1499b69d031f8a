import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.fakes.later import later

if TYPE_CHECKING:
    from training.judge_lists import Listed, as_in_chat, from_paragraphs, headed, pieces, spread
    from training.near_misses import near_misses
    from training.squad import Example
else:
    Listed, as_in_chat, from_paragraphs, headed, pieces, spread = later(
        "training.judge_lists",
        *("Listed", "as_in_chat", "from_paragraphs", "headed", "pieces", "spread"),
    )
    [near_misses] = later("training.near_misses", "near_misses")
    [Example] = later("training.squad", "Example")

pytestmark = pytest.mark.slow  # imports scikit-learn

NAMES = ("Ada Bell", "Ben Ash", "Cleo Dahl", "Dov Eck", "Ella Fink", "Finn Graf")
CONTEXTS = [
    f"The {name} house was built by {name} in 19{at}1. It has a garden with a pond of its own. "
    f"Its roof is made of slate from the quarry near the river. {name} sold it in 19{at}9 for a "
    "sum that nobody wrote down. The cellar floods in spring when the snow on the hills melts."
    for at, name in enumerate(NAMES, 3)
]


def an_example(at: int, *, answerable: bool = True) -> Example:
    context = CONTEXTS[at]
    start = context.index(f"19{at + 3}1")
    return Example(
        id=str(at),
        article=f"squad2:{at % 2}",
        source="squad2",
        question=f"When was the house of {NAMES[at]} built?",
        title="Houses",
        context=context,
        answers=((start, start + 4),) if answerable else (),
    )


def test_pieces_cover_the_paragraph_in_order() -> None:
    found = pieces(CONTEXTS[0], random.Random(5))  # noqa: S311 - no secret

    assert found[0][0] == 0
    assert found[-1][1] == len(CONTEXTS[0])
    assert all(one[1] <= other[0] for one, other in pairwise(found))


def test_the_right_block_holds_the_answer_and_no_other_one_does() -> None:
    examples = [an_example(at) for at in range(6)]

    made = from_paragraphs(examples, random.Random(1), of=examples)  # noqa: S311 - no secret

    assert len(made) == 6
    for one, example in zip(made, examples, strict=True):
        answer = example.context[slice(*example.answers[0])]
        assert one.right is not None
        assert [answer in text for text in one.texts].count(True) == 1
        assert answer in one.texts[one.right]


def test_a_question_without_an_answer_has_blocks_of_its_paragraph_and_no_right_one() -> None:
    examples = [an_example(at, answerable=at > 0) for at in range(6)]

    made = from_paragraphs(examples[:1], random.Random(1), of=examples)  # noqa: S311 - no secret

    assert made[0].right is None
    assert any(NAMES[0] in text for text in made[0].texts)


def a_list(question: str, *texts: str) -> Listed:
    return Listed(question=question, texts=texts, right=0, source="hand")


def test_near_miss_asks_for_something_that_no_block_has() -> None:
    lists = [
        a_list("Who keeps the key of room 5?", "Ann keeps the key of room 5.", "Room 6 is empty."),
        a_list(
            "What does Contoso Ltd sell?", "Contoso Ltd sells bread.", "Fabrikam Inc is closed."
        ),
        a_list("Where does Fabrikam Inc live?", "Fabrikam Inc lives here.", "It is far."),
    ]

    made = near_misses(lists, random.Random(2), 3)  # noqa: S311 - no secret

    assert made
    assert all(one.right is None for one in made)
    for one in made:
        old = next(other for other in lists if other.texts == one.texts)
        new = {*one.question.split()} - {*old.question.split()}
        assert new
        assert all(word.strip("?").lower() not in " ".join(one.texts).lower() for word in new)


def test_near_miss_of_a_question_without_an_answer_is_not_made() -> None:
    unanswerable = Listed(question="Room 5?", texts=("Room 5.",), right=None, source="hand")

    assert near_misses([unanswerable], random.Random(1), 5) == []  # noqa: S311 - no secret


def test_chat_loses_marks_now_and_then_and_nothing_else_most_of_the_time() -> None:
    chooser = random.Random(3)  # noqa: S311 - no secret
    said = [as_in_chat("How many days of holiday are there?", chooser) for _ in range(300)]

    without = sum(not one.endswith("?") for one in said)
    assert 90 < without < 180
    assert sum(one.rstrip("?") == "How many days of holiday are there" for one in said) > 220


def test_spread_keeps_every_list_once() -> None:
    lists = [a_list(f"Question number {at}?", str(at)) for at in range(20)]

    made = list(spread(lists, random.Random(1)))  # noqa: S311 - no secret

    assert sorted(one.texts for one in made) == sorted(one.texts for one in lists)


def test_headings_are_read_before_the_block() -> None:
    assert headed((), "Text.") == "Text."
