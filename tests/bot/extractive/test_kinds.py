"""Kinds of text that answers were once cut from wrongly, each in several variants."""

import pytest

from tests.bot.extractive.test_blocks import said

ANNOUNCED = {
    "code": ("To reset the meter, type:\n\n```sh\nmeter reset --now\n```", "meter reset --now"),
    "code without a language": (
        "You reset the meter with this command:\n\n```\nmeter reset\n```",
        "meter reset",
    ),
    "table": (
        "To reset the meter, press these:\n\n| Key | Time |\n|---|---|\n| A | 3 |\n| B | 9 |",
        "| B | 9 |",
    ),
    "list": ("To reset the meter:\n\n- hold A\n- wait for the beep\n", "- wait for the beep"),
    "steps": ("Reset the meter like this:\n\n1. Hold A.\n1. Let go.\n", "2. Let go"),
}


@pytest.mark.parametrize("kind", ANNOUNCED)
def test_a_sentence_that_ends_in_a_colon_is_said_with_what_it_announces(kind: str) -> None:
    text, wanted = ANNOUNCED[kind]
    around = f"# Meters\n\nThe meters hang in the hall.\n\n{text}\n\nThey are read in May.\n"

    answer = said("How do I reset the meter?", around)

    assert wanted in answer
    assert "May" not in answer


@pytest.mark.parametrize(
    ("item", "question", "wanted"),
    [
        ("`top_speed`, the speed of the lift. (Default 12)", "default of top_speed", "Default 12"),
        ("**wait**: how long the lift waits, e.g. at night. [30 s]", "How long is wait?", "30 s"),
        ("`doors` is the number of doors. (4 unless set)", "How many doors are set?", "4 unless"),
        ("The belt is checked yearly! (By the vendor.)", "Who checks the belt?", "By the vendor"),
    ],
)
def test_an_item_keeps_what_follows_in_brackets(item: str, question: str, wanted: str) -> None:
    text = f"The settings of the lift:\n\n- {item}\n- `lamp`, the lamp in the cabin. (Default on)"

    assert wanted in said(question, text)


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ("- **ZRT** - The Zone Repair Team fixes the belts.", "Zone Repair Team"),
        ("ZRT\n: The Zone Repair Team.", "Zone Repair Team"),
        (
            "| Term | Meaning |\n|---|---|\n| ZRT | Zone Repair Team |\n| QA | Checks |",
            "Zone Repair",
        ),
        ("ZRT stands for Zone Repair Team.", "Zone Repair Team"),
        ("The Zone Repair Team (ZRT) fixes the belts.", "Zone Repair Team"),
    ],
)
@pytest.mark.parametrize("question", ["What does ZRT stand for?", "what is the ZRT"])
def test_a_definition_wins_over_sentences_that_use_the_word(
    entry: str, wanted: str, question: str
) -> None:
    text = f"Ask the ZRT about broken belts. The ZRT opens at 8.\n\n{entry}\n\nCall the ZRT first."

    assert wanted in said(question, text)


@pytest.mark.parametrize(
    ("question", "heading", "items", "wanted"),
    [
        (
            "How do I replace a lost key?",
            "Replacing a lost key",
            "1. Block it.\n1. Pay 9 EUR.\n",
            2,
        ),
        ("What does the key not open?", "What the key does not open", "- the roof\n- the lab\n", 2),
        ("Which rooms have a phone?", "Rooms with a phone", "* 101\n* 102\n* the lobby\n", 3),
        ("What should I bring?", "Bring with you", "- a pen\n- your badge\n- water\n", 3),
    ],
)
def test_a_list_is_complete_and_said_with_the_heading_that_announces_it(
    question: str, heading: str, items: str, wanted: int
) -> None:
    answer = said(
        question, f"# House\n\nWelcome.\n\n## {heading}\n\n{items}\n## Else\n\nNothing.\n"
    )

    head, *lines = answer.replace(" [1]", "").splitlines()
    assert head == f"{heading}:"
    assert len(lines) == wanted


@pytest.mark.parametrize(
    ("text", "question", "wanted"),
    [
        ("Open from 8 to 17. No pets. 38 desks.", "Are pets allowed?", "No pets"),
        ("Open from 8 to 17. No pets. 38 desks.", "How many desks are there?", "38 desks"),
        ("Parking: free. Lunch at 12. Closed in May.", "When is it closed?", "Closed in May"),
        ("12 rooms. Two lifts. No stairs.", "Are there stairs?", "No stairs"),
    ],
)
def test_a_statement_of_two_words_can_be_said(text: str, question: str, wanted: str) -> None:
    assert wanted in said(question, f"# Site\n\n{text}\n")
