import pytest

from footnote_qa.bot.citations.comparing import is_close

GARDEN = "Photos are allowed in the garden and forbidden in the hall."
BATTERIES = "Spare batteries must be in the cabin bag and must never be checked in."
HELPERS = "Helpers with a badge get a letter from the office."


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("Photos are allowed in the garden.", GARDEN),
        ("Photos are forbidden in the hall.", GARDEN),
        ("In the garden, photos are allowed.", GARDEN),
        ("Batteries must never be checked in.", BATTERIES),
        ("Helpers get a letter from the office.", HELPERS),
    ],
)
def test_same_words_in_the_same_order_are_close(statement: str, evidence: str) -> None:
    assert is_close(statement, [evidence], frozenset())


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("Photos are forbidden in the garden and allowed in the hall.", GARDEN),
        ("Photos are not allowed in the garden.", GARDEN),
        ("Photos are only allowed in the garden.", GARDEN),
        ("Photos with flash are allowed in the garden.", GARDEN),
        ("Batteries must never be in the cabin bag and must be checked in.", BATTERIES),
        ("The office gets a letter from helpers.", HELPERS),
        ("The index is on by default.", "The index is not on by default."),
        ("It takes at most three days.", "It takes at least three days."),
    ],
)
def test_what_the_words_alone_do_not_prove_is_not_close(statement: str, evidence: str) -> None:
    assert not is_close(statement, [evidence], frozenset())


def test_words_of_title_and_heading_may_be_anywhere() -> None:
    assert is_close("Parking costs 3 euros.", ["It costs 3 euros."], frozenset({"parking"}))
    assert not is_close("Parking costs 3 euros.", ["It costs 3 euros."], frozenset())
