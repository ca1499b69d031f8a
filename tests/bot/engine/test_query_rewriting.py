import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.engine.query_rewriting import rewrite_by_rule, stands_alone
from footnote_qa.bot.types import Turn

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "eval"


def users(*texts: str) -> list[Turn]:
    return [Turn(role="user", text=text) for text in texts]


@pytest.mark.parametrize(
    "question",
    [
        "Is it treatable?",
        "What are their symptoms?",
        "And in winter?",
        "How about interns?",
        "Why?",
        "Can you get there?",
        "Wie lange dauert es dort?",
        "Who approves this?",
    ],
)
def test_question_that_points_back_is_a_follow_up(question: str) -> None:
    assert not stands_alone(question)


@pytest.mark.parametrize(
    "question",
    [
        "Is lung cancer treatable?",
        "Does the office in Oslo have bikes, and may guests use them?",
        "How many days of parental leave does an employee get?",
        "Is there a fee for parking?",
        "Does the policy say that visitors pay?",
    ],
)
def test_question_that_names_its_subject_is_not_a_follow_up(question: str) -> None:
    assert stands_alone(question)


def test_question_that_is_not_a_follow_up_stays_as_it_is() -> None:
    history = users("What does parking cost?")

    assert rewrite_by_rule("How long is parental leave?", history) == "How long is parental leave?"


def test_follow_up_gets_the_words_of_the_latest_turn_that_named_something() -> None:
    history = users("What is the travel budget?", "Who approves parental leave?", "And for her?")

    assert (
        rewrite_by_rule("How long is it?", history) == "How long is it? (approves parental leave)"
    )


def test_words_that_the_follow_up_has_are_not_said_again() -> None:
    history = users("What does parking cost?")

    assert rewrite_by_rule("Is this parking free?", history) == "Is this parking free? (cost)"


def test_what_was_answered_brings_in_nothing() -> None:
    history = [
        Turn(role="user", text="What does parking cost?"),
        Turn(role="assistant", text="Parking costs 3 euros in the north garage."),
    ]

    assert rewrite_by_rule("Is it a lot?", history) == "Is it a lot? (parking cost)"


def test_first_question_that_points_at_nothing_is_left_as_it_is() -> None:
    assert rewrite_by_rule("Is it free?", []) == "Is it free?"


@given(st.text(), st.lists(st.text(), max_size=4))
def test_rule_only_ever_adds_to_the_question(question: str, asked: list[str]) -> None:
    made = rewrite_by_rule(question, users(*asked))

    assert made.startswith(question.strip()) or made == question


def recall(reference: str, text: str) -> float:
    """Return the share of the reference's words that the text has (ROUGE-1 recall)."""
    wanted, had = (Counter(re.findall(r"\w+", one.lower())) for one in (reference, text))
    return (wanted & had).total() / wanted.total()


@pytest.mark.skipif(
    not (DATA / "cast2019_rewrites").is_dir(), reason="needs the public questions in ../shared/data"
)
def test_rule_brings_back_words_that_a_person_puts_into_the_follow_up() -> None:
    path = DATA / "cast2019_rewrites" / "queries.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    follow_ups = [row for row in rows if row["history"]]

    as_asked = [recall(row["rewrite"], row["text"]) for row in follow_ups]
    by_our_rule = [
        recall(
            row["rewrite"],
            rewrite_by_rule(row["text"], users(*(t["content"] for t in row["history"]))),
        )
        for row in follow_ups
    ]

    assert len(follow_ups) == 429
    assert sum(as_asked) / 429 == pytest.approx(0.728, abs=0.001)
    assert sum(by_our_rule) / 429 > 0.79
