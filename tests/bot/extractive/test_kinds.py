"""Kinds of text that answers were once cut from wrongly, each in several variants."""

from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest

from footnote_qa.bot.engine.context import show
from footnote_qa.bot.extractive import ExtractiveAnswerer
from footnote_qa.index.chunking import stems_of
from footnote_qa.index.types import Vectors
from tests.bot.extractive.test_blocks import said
from tests.fakes.searcher import a_passage

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


_LONG_CELL = " ".join(
    f"We store the item number {n} in a cupboard on the floor above." for n in range(12)
)


@pytest.mark.parametrize(
    ("fact", "question"),
    [
        ("Footage of the gate is deleted after 30 days.", "When is footage of the gate deleted?"),
        ("Visitors sign the blue book.", "Which book do visitors sign?"),
        ("The vault opens at noon.", "When does the vault open?"),
    ],
)
def test_of_a_long_cell_only_the_sentence_is_said_with_the_key_of_its_row(
    fact: str, question: str
) -> None:
    table = f"| Topic | Summary |\n|---|---|\n| Safety | {_LONG_CELL} {fact} {_LONG_CELL} |\n"

    assert said(question, f"# House\n\n{table}") == f"Safety: {fact[:-1]} [1][2]."


@pytest.mark.parametrize(
    ("entry", "question"),
    [
        ("Xenon Pluggable Meter Board (xPMB): it counts.", "whats xPMB"),
        ("It asks the PMB (Pluggable Meter Board) for a value.", "PMB?"),
        ("It is for remote-time control (RTC).", "RTC meaning?"),
        ("The Pluggable Meter Board (PMB) counts.", "what does PMB stand for"),
    ],
)
def test_an_acronym_is_explained_by_the_text_that_writes_it_out(entry: str, question: str) -> None:
    short = "xPMB" if "xPMB" in question else question[:3] if question[0].isupper() else "PMB"
    text = (
        f"# House\n\nCall {short} first. {short} is closed on Monday. Ask {short} why.\n\n{entry}"
    )

    assert said(question, text).startswith(entry.rstrip("."))


def by_words(texts: Sequence[str]) -> Vectors:
    """Return unit vectors of the texts' stems."""
    vectors = np.zeros((len(texts), 512), dtype=np.float32)
    for row, text in enumerate(texts):
        for one in stems_of(text):
            vectors[row, crc32(one.encode()) % 512] = 1.0
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("how many days off for bereavement", "You get 10 days off"),
        ("how many days off for moving house", "You get 2 days off"),
        ("how many days off for jury duty", "You get 5 days off"),
    ],
)
def test_a_sentence_is_chosen_by_the_heading_above_it_too(question: str, wanted: str) -> None:
    sections = {"Bereavement": 10, "Moving house": 2, "Jury duty": 5}
    passages = show(
        [
            replace(
                a_passage(
                    f"You get {days} days off. Your lead hears of it.",
                    rank=rank + 1,
                    id=rank,
                    document=f"{rank}.md",
                    heading=(heading,),
                ),
                fused=1.0,
            )
            for rank, (heading, days) in enumerate(sections.items())
        ]
    )

    draft = ExtractiveAnswerer(None, 0.0, encode=by_words).read(question, passages)

    assert draft.sentences[0].text.startswith(wanted)


def test_a_text_without_title_and_headings_is_read_by_its_vectors() -> None:
    passages = show([a_passage("The vault opens at noon.", title="", heading=())])

    draft = ExtractiveAnswerer(None, 0.0, encode=by_words).read(
        "When does the vault open?", passages
    )

    assert draft.sentences[0].text == "The vault opens at noon."
