import pytest

from footnote_qa.bot.citations.comparing import may_follow, wrong_quantity

RULES = (
    "Entry is 8 euros, half of that for students. The hall opens at 9:00 and closes at 17:30. "
    "Children under 12 need an adult. Repairs up to 75 euros are paid by the tenant. "
    "The second lesson ends with a break of 20 minutes. The fund pays 70 percent."
)


@pytest.mark.parametrize(
    "statement",
    [
        "Students pay 4 euros.",
        "It is open for eight and a half hours, or 510 minutes.",
        "A child of eleven needs an adult.",
        "If a repair comes to 60 euros, the tenant pays.",
        "There is a break after lesson 2.",
        "You have to find 30 percent elsewhere.",
    ],
)
def test_number_that_may_follow_from_the_numbers_there_is_left_open(statement: str) -> None:
    assert wrong_quantity(statement, RULES)
    assert may_follow(statement, RULES)


@pytest.mark.parametrize(
    "statement",
    [
        "Entry is 9 euros.",
        "The break takes 25 minutes.",
        "Repairs up to 95 euros are paid by the tenant.",
        "The fund pays 60 percent.",
        "Lesson 3 ends with a break.",
    ],
)
def test_number_that_nothing_explains_is_wrong(statement: str) -> None:
    assert wrong_quantity(statement, RULES)
    assert not may_follow(statement, RULES)


def test_one_of_two_is_wrong_and_one_of_each_is_not() -> None:
    assert wrong_quantity("One member approves it.", "Two members approve it.")
    assert not wrong_quantity("One member approves it.", "Each member may approve it.")
    assert not wrong_quantity("There are two tests a year.", "It is tested twice a year.")
