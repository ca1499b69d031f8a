"""Answers against known wordings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.eval.metrics.answers import (
    common_subsequence,
    contains_answer,
    exact_match,
    f1,
    normalise,
    rouge_l,
)

WORDS = st.lists(st.sampled_from("abcde"), max_size=12)


def plain_subsequence(one: list[str], other: list[str]) -> int:
    """The table that every textbook fills."""
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, left in enumerate(one, start=1):
        for j, right in enumerate(other, start=1):
            same = table[i - 1][j - 1] + 1
            table[i][j] = same if left == right else max(table[i - 1][j], table[i][j - 1])
    return table[-1][-1]


@pytest.mark.parametrize(
    ("text", "reduced"),
    [
        ("The Eiffel Tower", "eiffel tower"),
        ("  two\tweeks\n", "two weeks"),
        ("It's $1,000.50!", "its 100050"),
        ("a an the", ""),
        ("theatre, another", "theatre another"),
        ("state-of-the-art", "stateoftheart"),
        ("one—the—two", "one— —two"),
        ("“Äpfel” – 5 €", "“äpfel” – 5 €"),
    ],
)
def test_normalisation_is_squads(text: str, reduced: str) -> None:
    assert normalise(text) == reduced


@given(st.text())
def test_normalised_text_stays_as_it_is(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once


@pytest.mark.parametrize(
    ("said", "match", "overlap", "contained"),
    [
        ("The two weeks.", 1.0, 1.0, 1.0),
        ("It takes two weeks in all", 0.0, 0.5, 1.0),
        ("weeks, two", 0.0, 1.0, 0.0),
        ("twelve weeks", 0.0, 0.5, 0.0),
        ("three days", 0.0, 0.0, 0.0),
        ("", 0.0, 0.0, 0.0),
    ],
)
def test_an_answer_is_compared_word_by_word(
    said: str, match: float, overlap: float, contained: float
) -> None:
    golds = ["two weeks"]

    assert exact_match(said, golds) == match
    assert f1(said, golds) == pytest.approx(overlap)
    assert contains_answer(said, golds) == contained


def test_the_best_of_several_right_answers_counts() -> None:
    golds = ["fourteen days", "two weeks", "a fortnight"]

    assert exact_match("Fortnight", golds) == 1.0
    assert f1("days", golds) == pytest.approx(2 / 3)
    assert contains_answer("after fourteen days", golds) == 1.0


def test_a_repeated_word_is_shared_only_as_often_as_both_have_it() -> None:
    assert f1("no no no", ["no"]) == 0.5


def test_part_of_a_word_is_not_contained() -> None:
    assert contains_answer("in 2010", ["10"]) == 0.0


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("The tool runs it together with a file.", "--with"),
        ("Use the long form, version.", "-v"),
        ("Write -V to see the version.", "-v"),
        ("It needs Python 311.", "3.11"),
        ("It costs 15 euros.", "1.5"),
        ("Open the folder etc hosts.", "/etc/hosts"),
        ("Call print to see it.", "print()"),
        ("It is written in C.", "C++"),
        ("Join both with and.", "&&"),
        ("The variable home is set.", "$HOME"),
        ("Set max retries.", "max_retries"),
    ],
)
def test_the_signs_of_flags_paths_and_versions_are_part_of_the_answer(
    said: str, wanted: str
) -> None:
    assert contains_answer(said, [wanted]) == 0.0
    assert contains_answer(f"You need `{wanted}`, as it says.", [wanted]) == 1.0
    assert exact_match(f"**{wanted}**.", [wanted]) == 1.0


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("a well-known rule", '"well-known" rule.'),
        ("42% of them", "42"),
        ("It is in the U.S.", "US"),
        ("It has 1,200 rooms", "1200 rooms"),
        ("(see the handbook)", "handbook"),
    ],
)
def test_ordinary_punctuation_is_no_part_of_the_answer(said: str, wanted: str) -> None:
    assert contains_answer(said, [wanted]) == 1.0


def test_an_answer_without_words_cannot_be_contained() -> None:
    assert contains_answer("anything", ["the", "..."]) is None
    assert exact_match("the", ["a"]) == f1("the", ["a"]) == 1.0


@given(said=st.text(), golds=st.lists(st.text(), min_size=1, max_size=4))
def test_answer_scores_lie_between_zero_and_one_and_agree(said: str, golds: list[str]) -> None:
    match, overlap = exact_match(said, golds), f1(said, golds)

    assert 0 <= match <= overlap <= 1
    assert f1(golds[0], golds) == exact_match(golds[0], golds) == 1


@given(
    prefix=st.lists(st.sampled_from("uvw")),
    gold=st.lists(st.sampled_from("xyz"), min_size=1),
)
def test_what_is_said_around_a_right_answer_does_not_hide_it(
    prefix: list[str], gold: list[str]
) -> None:
    said = " ".join([*prefix, *gold, *prefix])

    assert contains_answer(said, [" ".join(gold)]) == 1.0


@given(one=WORDS, other=WORDS)
def test_the_longest_common_subsequence_is_the_tables(one: list[str], other: list[str]) -> None:
    assert common_subsequence(one, other) == plain_subsequence(one, other)


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("police kill gunman", 1.0),
        ("police killed gunman", 2 / 3),
        ("gunman kill police", 1 / 3),
        ("nothing alike", 0.0),
        ("", 0.0),
    ],
)
def test_rouge_l_follows_the_order_of_words(said: str, score: float) -> None:
    assert rouge_l(said, ["police kill the gunman", "zzz"]) == pytest.approx(score)
