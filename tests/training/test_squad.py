import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.later import later

if TYPE_CHECKING:
    from training.reader import broad_examples, close_examples, held_out
    from training.squad import (
        Example,
        folds,
        read,
        shortened,
        with_wrong_context,
        without_answer,
    )
else:
    broad_examples, close_examples, held_out = later(
        "training.reader", "broad_examples", "close_examples", "held_out"
    )
    Example, folds, read, shortened = later(
        "training.squad", "Example", "folds", "read", "shortened"
    )
    with_wrong_context, without_answer = later(
        "training.squad", "with_wrong_context", "without_answer"
    )

pytestmark = pytest.mark.slow  # imports torch

TOWER = "The tower has 40 floors. It was finished in 1931. Its architect was Ada Bell."
BRIDGE = "The bridge is 300 metres long. It was opened in 1950. The architect lived on Hill Street."


def an_example(question: str, answer: str, context: str = TOWER, article: str = "A") -> Example:
    start = context.find(answer)
    return Example(
        id=question,
        article=f"squad2:{article}",
        source="squad2",
        question=question,
        title=article,
        context=context,
        answers=((start, start + len(answer)),) if answer else (),
    )


def test_file_in_squads_format_becomes_examples(tmp_path: Path) -> None:
    file = tmp_path / "train.json"
    asked = [
        {
            "id": "1",
            "question": " When? ",
            "is_impossible": False,
            "answers": [{"text": text, "answer_start": TOWER.find(text)} for text in texts],
        }
        for texts in [("in 1931", "1931", "1931")]
    ]
    no_answer = {"id": "2", "question": "Who paid?", "is_impossible": True, "answers": []}
    paragraph = {"context": TOWER, "qas": [*asked, no_answer]}
    file.write_text(
        json.dumps({"data": [{"title": "squad2:The_Tower", "paragraphs": [paragraph]}]})
    )

    one, other = read(file)

    assert (one.question, one.title, one.source) == ("When?", "The Tower", "squad2")
    assert one.target is not None
    assert TOWER[slice(*one.target)] == "1931"  # what most people said
    assert (other.answers, other.target) == ((), None)


def test_example_loses_the_sentence_that_answers_it_and_no_other() -> None:
    robbed = without_answer(an_example("When was it finished?", "1931"))

    assert robbed is not None
    assert robbed.context == "The tower has 40 floors. Its architect was Ada Bell."
    assert robbed.answers == ()


def test_example_whose_answer_is_elsewhere_too_is_not_changed() -> None:
    context = "The fee is 3 euros. Parking costs 3 euros as well. Trams are free."

    assert without_answer(an_example("What is the fee?", "3 euros", context)) is None


@pytest.mark.parametrize("seed", range(5))
def test_shortened_paragraph_keeps_its_answer_and_complete_sentences(seed: int) -> None:
    whole = f"{BRIDGE} {TOWER} {BRIDGE}"
    asked = an_example("When was it finished?", "1931", whole)

    short = shortened(asked, 80, random.Random(seed))  # noqa: S311 - no secret

    assert short.target is not None
    assert short.context[slice(*short.target)] == "1931"
    assert len(short.context) <= 80
    assert short.context in whole
    assert short.context.endswith(".")
    assert short.context.split()[0] in {"The", "It", "Its"}


def test_shortened_paragraphs_begin_and_end_at_many_places() -> None:
    asked = an_example("Who paid?", "", f"{BRIDGE} {TOWER} {BRIDGE}")
    chooser = random.Random(1)  # noqa: S311 - no secret

    shown = {shortened(asked, 80, chooser).context for _ in range(40)}

    assert len(shown) > 4
    assert all(one in asked.context and len(one) <= 80 for one in shown)


def test_answer_with_more_letters_than_are_shown_keeps_its_sentence() -> None:
    asked = an_example("What is it?", "It was finished in 1931")

    short = shortened(asked, 10, random.Random(1))  # noqa: S311 - no secret

    assert short.context == "It was finished in 1931."
    assert short.answers == ((0, 23),)


def test_paragraph_that_is_short_stays_as_it_is() -> None:
    asked = an_example("When was it finished?", "1931")

    assert shortened(asked, len(TOWER), random.Random(1)) is asked  # noqa: S311 - no secret


def test_question_gets_a_paragraph_like_it_that_lacks_its_answer() -> None:
    examples = [
        an_example("Who was the architect of the tower?", "Ada Bell"),
        an_example("How long is the bridge?", "300 metres", BRIDGE, "B"),
    ]

    wrong = with_wrong_context(examples, seed=1)

    assert [(one.context, one.answers, one.title) for one in wrong] == [(BRIDGE, (), "B")]


def test_paragraph_that_holds_the_answer_is_not_taken_for_a_wrong_one() -> None:
    holds = "An architect named Ada Bell designed the tower and the town hall."
    asked = an_example("Who was the architect of the tower?", "Ada Bell")

    wrong = with_wrong_context([asked, an_example("Who?", "Ada Bell", holds, "B")], seed=1)

    assert wrong == []


def test_folds_share_the_articles_without_overlap_and_evenly() -> None:
    examples = [
        an_example(f"{article} {number}?", "1931", article=article)
        for article, count in {"A": 7, "B": 5, "C": 4, "D": 4}.items()
        for number in range(count)
    ]

    groups = folds(examples, "squad2", 2)

    assert Counter(article for group in groups for article in group).most_common(1)[0][1] == 1
    assert sorted(sum(one.article in group for one in examples) for group in groups) == [9, 11]


def test_no_fold_is_trained_on_an_article_that_it_is_tested_on(shared_data: Path) -> None:
    from training.reader import FOLDS, HARD

    examples = read(next((shared_data / "reader").glob("reader-train-*.json")))
    articles = held_out(examples)

    for hidden in articles.values():
        taught = close_examples(examples, hidden, random.Random(1))  # noqa: S311 - no secret
        paragraphs = {one.context for one in examples if one.article in hidden}

        assert hidden.isdisjoint(one.article for one in taught)
        assert paragraphs.isdisjoint(one.context for one in taught)
    assert len(articles) == FOLDS
    assert frozenset().union(*articles.values()) == {
        one.article for one in examples if one.source == HARD
    }


def test_first_part_is_not_trained_on_what_is_tested(shared_data: Path) -> None:
    from training.reader import HARD

    examples = read(next((shared_data / "reader").glob("reader-train-*.json")))

    taught = broad_examples(examples, random.Random(1))  # noqa: S311 - no secret

    assert HARD not in {one.source for one in taught}
    assert 0.15 < sum(not one.answers for one in taught) / len(taught) < 0.3


def test_titles_are_of_the_paragraph_that_is_shown() -> None:
    asked = replace(
        an_example("Where did the architect of the bridge live?", "Ada Bell"), title="T"
    )

    wrong = with_wrong_context([asked, an_example("How long?", "300 metres", BRIDGE, "B")], seed=2)

    assert wrong[0].title == "B"
