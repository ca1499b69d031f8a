"""The block that answers is said, in the form that the question asks for."""

from typing import Any

import pytest

from footnote_qa.bot.citations.checker import check
from footnote_qa.bot.engine.context import show
from footnote_qa.bot.extractive import choosing
from footnote_qa.bot.extractive.answerer import ExtractiveAnswerer
from footnote_qa.index.types import Passage
from tests.fakes.searcher import a_passage


def said(question: str, text: str, **about: Any) -> str:
    """Return what is shown of an answer from one passage, read by its words alone."""
    passage: Passage = a_passage(text, **about)
    passages = show([passage])
    draft = ExtractiveAnswerer(None, 0.0).read(question, passages)
    checked = check(draft.sentences, passages)
    assert checked.removed == ()
    return checked.text


RELEASES = """| Version | Date | Keeper |
|---|---|---|
| 3.9 | 9 February 2026 | Ann |
| 3.10 | 25 May 2026 | Ben |
| 3.8 | 2 January 2026 | Cy |"""


@pytest.mark.parametrize(
    ("question", "keeper"),
    [
        ("What is the latest version?", "Ben"),
        ("Which version is the oldest?", "Cy"),
        ("Who is the keeper of the newest version?", "Ben"),
    ],
)
def test_the_row_with_the_extreme_value_is_said_alone(question: str, keeper: str) -> None:
    text = said(question, RELEASES, title="Firmware versions")

    assert f"Keeper: {keeper}" in text
    assert text.count("Keeper:") == 1


PRICES = """| Plan | Price a month |
|---|---|
| Basic | 9 euros |
| Team | 1,200 euros |
| Pro | 90 euros |"""


def test_amounts_are_compared_as_numbers() -> None:
    assert "Plan: Basic" in said("Which plan is the cheapest?", PRICES, title="Plans")
    assert "Plan: Team" in said("Which plan is the most expensive?", PRICES, title="Plans")


def test_a_definition_is_preferred_to_a_mention() -> None:
    text = "Ask QRS about parcels.\n\n- **NLB** - The north gate.\n- **QRS** - The Review Staff."

    assert said("What does QRS stand for?", text).startswith("QRS - The Review Staff")


def test_code_is_said_with_the_line_that_announces_it() -> None:
    text = "To empty the cache for one user, run:\n\n```console\n$ widget purge --user ann\n```"

    assert said("How do I empty the cache for one user?", text) == (
        "To empty the cache for one user, run [1]:\n```console\n$ widget purge --user ann\n```"
    )


@pytest.mark.parametrize("mark", ["{% raw %}", "{{ page.url }}", "<!-- x -->", "{: .note}"])
def test_marks_of_a_site_generator_are_never_shown(mark: str) -> None:
    steps = f"To return a laptop, do this:\n\n1. Call {mark} the desk.\n1. Bring it back."

    assert said("How do I return a laptop?", steps) == (
        "To return a laptop, do this:\n1. Call the desk.\n2. Bring it back [1]."
    )


def test_a_list_under_a_heading_is_said_with_the_heading() -> None:
    text = "## What the badge does not open\n\n- the roof\n- the archive, except with the archivist"

    assert said("Does the badge open the archive?", text, heading=("Badges",)).startswith(
        "What the badge does not open:\n- the archive, except with the archivist"
    )


def test_a_row_is_chosen_by_the_very_number_that_is_asked_for() -> None:
    rows = "".join(f"\n| AS-{number:04} | Person {number} |" for number in range(280, 295))

    text = said("Who owns AS-0287?", f"| Asset | Owner |\n|---|---|{rows}")

    assert text.startswith("Asset: AS-0287; Owner: Person 287")
    assert "AS-0286" not in text


def test_two_things_are_compared_by_the_table_that_has_both() -> None:
    table = "| | Tock | Links |\n|---|---|---|\n| Cadence | weekly | monthly |"

    text = said("What is the difference between Tock and Links?", f"Some words.\n\n{table}")

    assert "Tock: weekly; Links: monthly" in text


CUT_BY_CODE = """## Empty the cache

1. Stop the widget. In a terminal, enter:

```sh
widget stop
```

{next}. Next, empty its cache:

```sh
widget purge
```

Then wait a minute.

{last}. Start it again.
"""


@pytest.mark.parametrize(("next_", "last"), [(2, 3), (2, 4), (1, 3)])
def test_steps_between_code_are_one_procedure(next_: int, last: int) -> None:
    text = said("How do I empty the cache?", CUT_BY_CODE.format(next=next_, last=last))

    head, rest = text.replace(" [1]", "").split("\n", 1)
    assert head == "Empty the cache:"
    assert [line for line in rest.splitlines() if line[:1].isdigit()] == [
        "1. Stop the widget. In a terminal, enter:",
        "2. Next, empty its cache:",
        *(["3. Start it again."] if last == 3 else []),
    ]
    assert "   ```sh\n   widget purge\n   ```" in rest


def test_code_in_a_list_is_said_with_its_step_alone() -> None:
    text = said("What is the command to stop the widget?", CUT_BY_CODE.format(next=2, last=3))

    assert text.startswith("Stop the widget. In a terminal, enter [1]:\n```sh\nwidget stop\n```")


def left_out(question: str, text: str) -> int:
    return ExtractiveAnswerer(None, 0.0).read(question, show([a_passage(text)])).left_out


def test_a_long_list_table_or_piece_of_code_says_how_much_is_left_out() -> None:
    items = "\n".join(f"- Tool number {n}" for n in range(20))
    rows = "\n".join(f"| Tool {n} | {n} euros |" for n in range(20))
    lines = "\n".join(f"print({n})" for n in range(30))

    assert left_out("Which tools may we use?", f"You may use these tools:\n\n{items}") == 6
    assert left_out("Which tools may we use?", f"You may use these tools:\n\n{items[:200]}") == 0
    table = f"These are the tools:\n\n| Tool | Price |\n|---|---|\n{rows}"
    assert left_out("List all tools", table) == 6
    code = f"To print the numbers, run this code:\n\n```python\n{lines}\n```"
    assert left_out("How do I print the numbers?", code) == 5


JURY = """# Absence

## Jury service

You are paid for as long as you serve on a jury. The days do not reduce your yearly holidays.
Bring the letter of the court.

## Illness

Illness does not reduce your holidays either. Call before nine.
"""


def test_a_part_that_leans_on_the_other_is_answered_from_the_same_section() -> None:
    text = said("How long is jury service paid and does it reduce my holidays?", JURY)

    assert "as long as you serve on a jury" in text
    assert "The days do not reduce your yearly holidays" in text
    assert "Illness" not in text
    assert "letter" not in text


TABLE = """
Channels have prefixes:

| prefix | who is in it |
|---|---|
| `open-` | members of the public, and us |
| `org-` | colleagues of another organisation |
| `team-` | one team |
"""


def test_a_question_for_one_row_gets_that_row_and_not_the_table() -> None:
    answer = said("Which channels have members of the public in them?", TABLE)

    assert answer == "prefix: `open-`; who is in it: members of the public, and us [1]"


def test_a_question_for_all_rows_gets_the_table() -> None:
    assert "team-" in said("Which prefixes do channels have?", TABLE)


LINKED = """
[The portal](https://portal.example) is where you can do this:

- ask for `--dry-run` rights in [the form](https://form.example)
- rename `__main__.py`
"""


def test_links_and_inline_code_pass_and_the_citation_has_both_halves_of_a_link() -> None:
    passages = show([a_passage(LINKED)])

    draft = ExtractiveAnswerer(None, 0.0).read("What can I do in the portal?", passages)
    checked = check(draft.sentences, passages)

    assert checked.text == (
        "The portal is where you can do this:\n"
        "- ask for `--dry-run` rights in the form\n"
        "- rename `__main__.py` [1]"
    )
    assert checked.citations[0].quote == LINKED.strip()


@pytest.mark.parametrize(
    ("heading", "above"), [("How do I enter?", "How do I enter?"), ("Set-up", "Set-up:")]
)
def test_a_heading_above_steps_passes_though_a_paragraph_is_between(
    heading: str, above: str
) -> None:
    text = f"## {heading}\n\nBring your badge.\n\n1. Open the door.\n2. Enter the *new* code.\n"

    answer = said("What are the steps to enter with the new code?", text)

    assert answer == f"{above}\n1. Open the door.\n2. Enter the new code [1]."


def test_the_line_above_a_list_brings_the_sentence_that_it_leans_on() -> None:
    text = f"{'A long introduction to records and to why they matter. ' * 7}Messages are records. "
    text += "This includes:\n\n- files\n- channel names\n"

    assert said("What counts as a record?", text).startswith(
        "Messages are records. This includes:\n- files"
    )


@pytest.mark.parametrize(
    ("other", "is_added"),
    [("You can install a scanner on the laptop.", False), ("Ann can install an update.", True)],
)
def test_a_sentence_of_another_section_is_added_only_if_it_is_about_the_question(
    monkeypatch: pytest.MonkeyPatch, other: str, *, is_added: bool
) -> None:
    monkeypatch.setattr(choosing, "_FURTHER", 10.0)  # every sentence is near enough
    first = "Do not install system updates on your laptop."
    passages = show(
        [a_passage(first, id=1, rank=1), a_passage(other, id=2, rank=2, document="b.md")]
    )

    draft = ExtractiveAnswerer(None, 0.0).read("Can I install updates?", passages)

    assert [one.text for one in draft.sentences] == [first, other][: 1 + is_added]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "Where is my seat if I have no badge?",
            "If you do not have a badge, your seat is upstairs [1].",
        ),
        (
            "Where is my seat if I have a badge?",
            "If you have a badge, your seat is downstairs [1].",
        ),
        (
            "Where is the seat of people without a badge?",
            "If you do not have a badge, your seat is upstairs [1].",
        ),
    ],
)
def test_a_sentence_for_the_other_case_is_no_answer(question: str, answer: str) -> None:
    text = "If you have a badge, your seat is downstairs. "
    text += "If you do not have a badge, your seat is upstairs."

    assert said(question, text).startswith(answer)
