import asyncio
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from footnote_qa.bot.citations.checker import check
from footnote_qa.bot.engine.context import show
from footnote_qa.bot.extractive.answerer import (
    NAME,
    RISE,
    WEIGHTS,
    WEIGHTS_OVERALL,
    WEIGHTS_WORDS_ONLY,
    ExtractiveAnswerer,
    SpanReranker,
    is_english,
)
from footnote_qa.bot.extractive.excerpts import Quoter
from footnote_qa.bot.extractive.ranking import (
    FEATURES,
    OVERALL,
    WORDS_ONLY,
    FeatureExtractor,
    parse_question,
)
from footnote_qa.bot.extractive.span_model import SpanModel, SpanScores
from footnote_qa.bot.types import Question, ShownPassage
from footnote_qa.index.types import Passage
from tests.fakes.searcher import a_passage

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "eval" / "squad2_public"

HANDBOOK = """# Leave

Everybody has 30 days of leave a year. Unused days expire on 31 March of the next year.
It is best to plan early. Who approves a longer absence?

A longer absence is approved by Maria Lindqvist, who leads the people team."""

EXPENSES = """# Expenses

To claim expenses, bring these:
- the **original** receipt
- a signed [form](form.md)
- the number of your project

Taxis are not refunded."""

PARKING = """| Place | Price a day |
|---|---|
| Garage North | 3 euros |
| Garage South | 5 euros |"""

WHOLE = "What is balance billing and when did it end?"


def shown(*texts: str) -> tuple[ShownPassage, ...]:
    return show(
        [
            a_passage(text, rank=rank, id=rank, document=f"{rank}.md", heading=("Leave",))
            for rank, text in enumerate(texts, 1)
        ]
    )


@cache
def network() -> SpanModel:
    return SpanModel()


def answer(question: str, *texts: str, threshold: float | None = None) -> str:
    """Return what is shown of an answer, after the check."""
    passages = shown(*texts)
    said = ExtractiveAnswerer(network().point, threshold).read(question, passages)
    checked = check(said.sentences, passages)
    assert checked.removed == ()
    return checked.text


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("How many days of leave do I have?", "Everybody has 30 days of leave a year [1]."),
        ("When do unused days expire?", "Unused days expire on 31 March of the next year [1]."),
        ("Who approves a longer absence?", "A longer absence is approved by Maria Lindqvist"),
        ("Are taxis refunded?", "Taxis are not refunded [1]."),
    ],
)
def test_question_is_answered_by_the_sentence_that_says_it(question: str, holds: str) -> None:
    assert answer(question, HANDBOOK, EXPENSES).startswith(holds)


@pytest.mark.parametrize(
    "question",
    ["What is the capital of Mongolia?", "How do I reset the firewall of the Tokyo office?", "?"],
)
def test_question_about_something_else_is_not_answered(question: str) -> None:
    assert answer(question, HANDBOOK, EXPENSES, PARKING) == ""


def test_sentence_that_announces_a_list_brings_the_complete_list() -> None:
    said = answer("What do I bring to claim expenses?", EXPENSES)

    assert said.startswith(
        "To claim expenses, bring these:\n"
        "- the original receipt\n- a signed form\n- the number of your project [1]"
    )


def test_steps_keep_their_numbers() -> None:
    steps = "To reset a badge, do this:\n\n1. Open the portal.\n2. Choose Badge.\n3. Press Reset.\n"

    assert answer("How do I reset a badge?", steps) == (
        "To reset a badge, do this:\n1. Open the portal.\n2. Choose Badge.\n3. Press Reset [1]."
    )


def test_item_of_a_short_announced_list_brings_the_complete_list() -> None:
    said = answer("What must I bring that is original?", EXPENSES)

    assert said == (
        "To claim expenses, bring these:\n- the original receipt\n- a signed form\n"
        "- the number of your project [1]"
    )


def test_item_is_quoted_alone_where_its_list_is_not_announced_or_long() -> None:
    items = [f"- Room {number} has a projector and {number} chairs." for number in range(1, 6)]
    long = [f"- Room {number} has chairs{', and tables' * 20}." for number in range(9)]
    middling = [f"- Room {number} has chairs{', and tables' * 8}." for number in range(7)]
    texts = "\n".join(items), *("Our rooms:\n" + "\n".join(many) for many in (middling, long))
    for text in texts:
        passages = shown(text)
        units = FeatureExtractor(passages).units
        at = next(at for at, unit in enumerate(units) if unit.plain.startswith("Room 3"))

        made = Quoter(units[at].section, ()).around(units[at])

        assert made is not None
        assert made.text.endswith(units[at].plain)
        assert "Room 2" not in made.text


STEPS = """## Database disk full

1. Open the dashboard. Find the volume that is above 90 percent.
2. Vacuum the replica, never the primary. It takes ten minutes.
   Be patient.
3. Grow the volume by 100 GB.

The dashboard is behind the VPN."""


def test_all_steps_under_the_heading_of_the_question_are_quoted() -> None:
    said = answer("What do I do when the database disk is full?", STEPS)

    assert said.startswith(
        "Database disk full:\n1. Open the dashboard. Find the volume that is above 90 percent.\n"
        "2. Vacuum the replica, never the primary. It takes ten minutes. Be patient.\n"
        "3. Grow the volume by 100 GB [1]."
    )


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        (
            "When the disk is full, may I vacuum the primary?",
            "Vacuum the replica, never the primary",
        ),
        ("How many gigabytes does a volume grow by?", "Grow the volume by 100 GB [1]."),
    ],
)
def test_step_that_answers_by_itself_is_quoted_alone(question: str, holds: str) -> None:
    said = answer(question, STEPS)

    assert holds in said
    assert "Open the dashboard" not in said


def test_list_that_began_in_the_passage_before_is_not_quoted_as_complete() -> None:
    rest = STEPS.partition("90 percent.\n")[2]

    said = answer("What do I do when the database disk is full?", rest, threshold=0.0)

    assert "2." not in said
    assert "3." not in said


def test_yes_is_quoted_with_the_question_that_it_replies_to() -> None:
    text = (
        "**Is changing the plan forbidden in the middle of the month?**\n\n"
        "No. The difference is credited for the days that remain.\n\n"
        "**May a school pay half?**\n\nYes, if it sends us a proof of its status."
    )

    assert (
        "Is changing the plan forbidden in the middle of the month? No. "
        "The difference is credited for the days that remain ["
    ) in answer("Can I change my plan in mid-month?", text)
    assert "May a school pay half? Yes, if it sends us a proof of its status [" in answer(
        "Is there a discount for a school?", text
    )


def test_rows_about_something_else_than_the_one_that_is_named_are_left_out() -> None:
    gates = enumerate(("Amsterdam", "Boston", "Cairo"), 1)
    rows = "".join(f"\n| gate-{name} | {number}00 users |" for number, name in gates)
    table = f"| Gate | Capacity |\n|---|---|{rows}"

    one = answer("What is the capacity of the Boston gate?", table, threshold=0.0)
    two = answer("What capacity have the gates Amsterdam and Cairo?", table, threshold=0.0)
    every = ExtractiveAnswerer(None, 0.0).read("What capacity have the gates?", shown(table))

    assert re.findall(r"gate-(\w+)", one) == ["Boston"]
    assert set(re.findall(r"gate-(\w+)", two)) == {"Amsterdam", "Cairo"}
    assert len(re.findall(r"gate-", every.sentences[0].text)) == 3
    assert every.sentences[0].text.startswith("| Gate | Capacity |\n")


def test_a_sentence_near_by_is_quoted_if_it_adds_words_of_the_question() -> None:
    text = (
        "For the home office there is an allowance of 400 euros. It is paid with the second "
        "salary. Interns do not get it. Laptops are replaced every four years."
    )

    said = answer("Do interns get the allowance for the home office?", text)

    assert "Interns do not get it" in said
    assert "Laptops" not in said


def test_what_the_heading_says_is_not_left_out() -> None:
    told, other = "Five days may be carried over.", "Part-time staff have a share of the leave."
    reading = FeatureExtractor(shown(f"{told} {other}"))  # under the heading "Leave"

    assert reading.completing(parse_question("Which leave may be carried over?"), 0, [told]) is None
    assert reading.completing(parse_question("May a part be carried over?"), 0, [told]) == 1


def test_row_of_a_table_is_quoted_with_its_columns_in_one_citation() -> None:
    passages = shown(PARKING)

    said = ExtractiveAnswerer(None).read("What is the price of Garage South?", passages)
    checked = check(said.sentences[:1], passages)

    assert checked.text == "Place: Garage South; Price a day: 5 euros [1]"
    assert [c.quote for c in checked.citations] == ["| Garage South | 5 euros |"]


def test_sentence_that_leans_on_the_one_before_brings_it() -> None:
    text = "The Falcon printer stands on floor 2. It prints up to 40 pages a minute."

    said = ExtractiveAnswerer(None, 0.0).read("How many pages a minute are printed?", shown(text))

    assert said.sentences[0].text == text
    assert said.sentences[0].evidence[0].quote == text


@pytest.mark.parametrize("second", ["If that fails, reset the key.", "After this reset the key."])
def test_sentence_that_leans_on_the_one_before_in_its_second_word_brings_it(second: str) -> None:
    text = f"Restart the client first. {second}"

    said = ExtractiveAnswerer(None, 0.0).read("How do I reset the key?", shown(text))

    assert said.sentences[0].text == text


def test_question_of_two_parts_is_answered_from_two_places() -> None:
    said = answer(
        "How many days of leave do I have and what is the price of Garage North?",
        HANDBOOK,
        PARKING,
    )

    assert "30 days of leave" in said
    assert "Garage North" in said


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What is balance billing and when does it end?", ["What is balance billing"]),
        ("What is balance billing, and what are the exceptions?", ["What is balance billing"]),
        ("Where and when did the plague begin?", ["when did the plague begin?"]),
        (
            "What is balance billing and when does the open enrollment end?",
            ["What is balance billing", "when does the open enrollment end?"],
        ),
        ("When does the open enrollment end?", []),
        ("Hello everyone? What is the capital of Mongolia?", ["What is the capital of Mongolia?"]),
        ("Is it new? What is balance billing?", ["What is balance billing?"]),
        (
            "Which are ctenophores, cnidarians and how large are bilaterians?",
            ["Which are ctenophores, cnidarians", "how large are bilaterians?"],
        ),
        ("Got a minute? Why does it end and what is it?", []),
    ],
)
def test_a_part_that_refers_to_another_is_read_with_the_complete_message(
    question: str, parts: list[str]
) -> None:
    asked = []

    def point(text: str, passages: Sequence[tuple[str, str]]) -> list[SpanScores]:
        asked.append(text)
        return [points_at("30", text) for _, text in passages]

    ExtractiveAnswerer(point, 0.0).read(question, shown(HANDBOOK))

    assert asked == [*parts, question]


@pytest.mark.parametrize("opener", ["Hello everyone? ", "Hi team? ", "Got a minute? "])
def test_an_opener_makes_nothing_likelier(opener: str) -> None:
    assert answer(f"{opener}What is the capital of Mongolia?", HANDBOOK, EXPENSES, PARKING) == ""


def test_a_sentence_as_long_as_a_file_is_no_answer() -> None:
    text = f"Everybody has 30 days of leave a year, {'as we said, ' * 200}and so on."

    assert answer("How many days of leave do I have?", text) == ""


@pytest.mark.parametrize(
    ("question", "english"),
    [
        ("How do I comment on a pull request?", True),
        ("What does ICH E6 require?", True),
        ("When did Washington reach Fort Le Boeuf?", True),
        ("Comment annuler un voyage ?", False),
        ("Wo finde ich den Plan?", False),
        ("What \u662f\u4ec0\u4e48\u610f\u601d\u5462\u5462\u5462?", False),
    ],
)
def test_english_is_known_by_how_it_asks(question: str, english: bool) -> None:
    assert is_english(question) is english


def test_each_part_of_a_question_gets_its_best_sentence_first() -> None:
    texts = {
        "Balance billing is the rest of a bill.": ["What is balance billing", WHOLE],
        "Balance billing ended in 2022 by law.": [WHOLE],
        "Emergency care is not touched by balance billing.": [],
    }

    def point(asked: str, passages: Sequence[tuple[str, str]]) -> list[SpanScores]:
        return [points_at("billing" if asked in texts[text] else "", text) for _, text in passages]

    said = ExtractiveAnswerer(point, 0.0).read(WHOLE, shown(*texts))

    assert [one.text for one in said.sentences][:2] == list(texts)[:2]


def test_neither_a_question_nor_a_heading_is_an_answer() -> None:
    text = "# Longer absence\n\nWho approves a longer absence?\n\nAsk the people team about it."

    said = ExtractiveAnswerer(None, 0.0).read("Who approves a longer absence?", shown(text))

    assert [sentence.text for sentence in said.sentences] == ["Ask the people team about it."]


def test_a_name_that_no_passage_contains_makes_an_answer_less_probable() -> None:
    reading = FeatureExtractor(shown(HANDBOOK))
    known = parse_question("Who is Maria Lindqvist of the team?")
    unknown = parse_question("Who is Aiko Tanaka of the team?")

    at = next(at for at, unit in enumerate(reading.units) if "Maria" in unit.plain)

    column = FEATURES.index("missing_all")
    assert reading.features(known, at)[column] == 0
    assert reading.features(unknown, at)[column] == 1


def test_weaker_evidence_than_the_threshold_is_no_answer() -> None:
    question = "How many days of leave do I have?"

    assert answer(question, HANDBOOK, threshold=0.0) != ""
    assert answer(question, HANDBOOK, threshold=1.0) == ""


def test_the_draft_is_named_offline_and_costs_nothing() -> None:
    draft = asyncio.run(
        ExtractiveAnswerer(None).draft(Question(text="How many days of leave?"), shown(HANDBOOK))
    )

    assert draft.answerer == NAME == "offline"
    assert draft.sentences
    assert draft.usage.input_tokens == 0


def test_no_passages_give_no_sentences() -> None:
    assert ExtractiveAnswerer(network().point).read("How many days?", ()).sentences == ()


def test_question_in_another_language_is_read_by_its_words() -> None:
    asked: list[str] = []

    def point(question: str, passages: Sequence[tuple[str, str]]) -> list[SpanScores]:
        asked.extend([question, *(text for _, text in passages)])
        return []

    text = "Jeder hat 30 Tage Urlaub im Jahr. Die Kantine ist am Montag zu."

    said = ExtractiveAnswerer(point).read("Wie viele Tage Urlaub habe ich im Jahr?", shown(text))

    assert [sentence.text for sentence in said.sentences] == ["Jeder hat 30 Tage Urlaub im Jahr."]
    assert (asked, said.points_at) == ([], ())


def test_words_that_are_the_answer_itself_are_named() -> None:
    said = ExtractiveAnswerer(network().point).read(
        "Who approves a longer absence?", shown(HANDBOOK)
    )

    assert said.points_at[0] in said.sentences[0].text
    assert "Maria Lindqvist" in said.points_at[0]


@pytest.mark.parametrize(
    ("other", "expected"), [("a copy of the card", ("form",)), ("the bank's form", ())]
)
def test_words_that_are_twice_in_a_list_are_not_shown_as_the_answer(
    other: str, expected: tuple[str, ...]
) -> None:
    def point(_: str, passages: Sequence[tuple[str, str]]) -> list[SpanScores]:
        return [points_at("form", text) for _, text in passages]

    text = f"To enrol, bring these:\n\n- a signed form\n- {other}\n"

    said = ExtractiveAnswerer(point, 0.0).read("What do I bring that is signed?", shown(text))

    assert said.sentences[0].text.count("\n- ") == 2
    assert said.points_at == expected


def points_at(word: str, text: str) -> SpanScores:
    spans = [match.span() for match in re.finditer(r"\w+", text)]
    logits = np.array([5.0 if text[slice(*span)] == word else -5.0 for span in spans], np.float32)
    return SpanScores(answerable=9.0, none=0.0, offsets=np.array(spans), starts=logits, ends=logits)


def test_each_feature_has_its_weight() -> None:
    assert len(WEIGHTS) == len(FEATURES)
    assert len(WEIGHTS_WORDS_ONLY) == WORDS_ONLY
    assert len(WEIGHTS_OVERALL) == len(OVERALL)


text = st.lists(
    st.sampled_from(
        [
            "30 days",
            "leave",
            "Who?",
            "\n",
            "\n- ",
            "| a | b |\n",
            "|---|---|\n",
            ".",
            ":",
            "# ",
            "\n\n",
            "Paris",
            "[1]",
            "**",
            "not",
            "1,000",
            "1.",
            "。",
            "\uf0b7 ",
            "```\n",
            "https://a.b/c",
        ]
    )
    | st.text(max_size=6),
    max_size=30,
).map(" ".join)


@settings(max_examples=50, deadline=None)
@given(text, st.lists(text, max_size=4))
@example("30 days", ["0:A_"])
@example("30 days", ["º A¹ . 30 days"])
def test_whatever_is_read_survives_the_check(question: str, texts: list[str]) -> None:
    passages = shown(*texts)

    for point in (None, network().point):
        said = ExtractiveAnswerer(point, 0.0).read(question, passages)

        checked = check(said.sentences, passages)
        assert [removed.reason for removed in checked.removed] == []
        assert len(said.sentences) <= 3


def test_the_same_question_gets_the_same_answer() -> None:
    passages = shown(HANDBOOK, EXPENSES, PARKING)
    reader = ExtractiveAnswerer(network().point, 0.0)

    assert reader.read("What costs 3 euros?", passages) == reader.read(
        "What costs 3 euros?", passages
    )


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason=f"needs the question set in {DATA}")
def test_public_questions_are_answered_from_their_paragraph_and_its_neighbours() -> None:
    corpus = _rows("corpus.jsonl")
    paragraphs = {str(row["_id"]): at for at, row in enumerate(corpus)}
    asked = [row for row in _rows("queries.jsonl") if row["answerable"]][::25]

    hits = [_hit(row, corpus, paragraphs[str(row["context_id"])]) for row in asked]

    assert len(hits) > 100
    assert sum(hits) / len(hits) > 0.75  # by words alone, the sentence with the answer among three


def _rows(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def _hit(row: dict[str, object], corpus: list[dict[str, object]], at: int) -> bool:
    near: list[Passage] = [
        a_passage(str(corpus[here]["text"]), rank=rank, title=str(corpus[here]["title"]))
        for rank, here in enumerate((at, *range(max(0, at - 3), at)), 1)
    ]
    said = ExtractiveAnswerer(None).read(str(row["text"]), show(near)).sentences
    answers = row["answers"]
    assert isinstance(answers, list)
    told = " ".join(sentence.text for sentence in said).lower()
    return any(str(one).lower() in told for one in answers)


def test_passage_that_answers_rises_and_one_that_does_not_stays() -> None:
    chunks = [one.passage.chunk for one in shown(PARKING, HANDBOOK)]

    other, rises = SpanReranker(network().point).raises("How many days of leave?", chunks)

    assert 0 <= other < rises <= RISE


def test_nothing_rises_for_a_question_that_the_network_cannot_read() -> None:
    chunks = [one.passage.chunk for one in shown(PARKING, HANDBOOK)]

    rises = SpanReranker(network().point).raises("Wie viele Urlaubstage habe ich?", chunks)

    assert rises == [0.0, 0.0]
