import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.bot.engine.clarifying import choices_among, names_nothing
from footnote_qa.bot.types import Answer, Question, Status
from footnote_qa.index.types import Passage
from tests.bot.engine.test_conversation import engine_of, in_thread
from tests.fakes.models import ScriptedModel, quoting
from tests.fakes.searcher import MemorySearcher, a_chunk, a_passage

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "eval"
PASSPORT = a_chunk("How long it takes: 6 weeks.", id=1, document="a.md", title="Passports")
VISA = a_chunk("How long it takes: 2 weeks.", id=2, document="b.md", title="Visas")
BADGE = a_chunk("How long it takes: 3 days.", id=3, document="c.md", title="Badges")
FAR = a_chunk("How long the river is: 2 km.", id=4, document="d.md", title="Rivers")
VAGUE = "How long does it take?"


def close(rank: int) -> float:
    return 0.9 if rank <= 3 else 0.2


def a_searcher() -> MemorySearcher:
    return MemorySearcher([PASSPORT, VISA, BADGE, FAR], fused=close)


def ask(text: str, searcher: MemorySearcher | None = None) -> Answer:
    return engine_of(searcher=searcher or a_searcher()).ask(Question(text=text))


def test_question_that_names_nothing_gets_one_question_back() -> None:
    answer = ask(VAGUE)

    assert (answer.status, answer.citations) == (Status.CLARIFY, ())
    assert answer.text == "Do you mean “Passports”, “Visas” or “Badges”?"
    assert [one.label for one in answer.choices] == ["Passports", "Visas", "Badges"]
    assert answer.choices[1].question == f"{VAGUE} (Visas)"


def test_question_back_asks_no_model() -> None:
    model = ScriptedModel(quoting)

    answer = engine_of(model, searcher=a_searcher()).ask(Question(text=VAGUE))

    assert answer.status is Status.CLARIFY
    assert model.prompts == []


@pytest.mark.parametrize(
    "text",
    ["How long does a visa take?", "How long does it take to get to Oslo?", "What takes 6 weeks?"],
)
def test_question_that_names_something_is_answered(text: str) -> None:
    assert ask(text).status is not Status.CLARIFY


def test_question_that_one_passage_answers_well_is_answered() -> None:
    clear = MemorySearcher([PASSPORT, VISA], fused=lambda rank: 1 / rank)
    other = a_chunk("How it is done: online. It does help.", id=5, document="e.md", title="Forms")
    only = a_chunk("The deadline is 1 May.", id=6, document="f.md", title="Taxes")
    only_one_has_the_word = MemorySearcher([other, only], fused=close)

    assert ask(VAGUE, clear).status is not Status.CLARIFY
    assert ask("What is the deadline?", only_one_has_the_word).status is Status.ANSWERED


def of_one_document(*scores: float) -> list[Passage]:
    headings = ("Work", "Study", "Family")
    return [
        replace(
            a_passage("It takes a week.", id=at, title="Visas", heading=("Visas", headings[at])),
            fused=score,
        )
        for at, score in enumerate(scores)
    ]


def test_passages_of_one_document_are_distinguished_by_their_headings() -> None:
    found = choices_among(VAGUE, of_one_document(0.9, 0.8, 0.3))

    assert [one.label for one in found] == ["Work", "Study"]


def test_heading_that_scores_far_better_than_the_others_is_what_is_meant() -> None:
    assert choices_among(VAGUE, of_one_document(0.9, 0.3, 0.3)) == ()


def test_a_question_is_never_asked_back_twice_in_a_row() -> None:
    first, second = in_thread(engine_of(searcher=a_searcher()), VAGUE, "What is the rule?")

    assert first.status is Status.CLARIFY
    assert second.status is not Status.CLARIFY


@pytest.mark.parametrize("reply", ["Visas", "2", "the second one", "visa", f"{VAGUE} (Visas)"])
def test_reply_with_a_choice_asks_its_question(reply: str) -> None:
    searcher = a_searcher()

    _, answer = in_thread(engine_of(searcher=searcher), VAGUE, reply)

    assert searcher.asked[-1][0] == f"{VAGUE} (Visas)"
    assert answer.status is Status.ANSWERED
    assert answer.citations[0].document == "b.md"


def test_other_fragment_completes_the_question() -> None:
    searcher = a_searcher()

    in_thread(engine_of(searcher=searcher), VAGUE, "for a river")

    assert searcher.asked[-1][0] == f"{VAGUE} (for a river)"


def test_new_question_after_a_question_back_is_a_new_question() -> None:
    searcher = a_searcher()

    in_thread(engine_of(searcher=searcher), VAGUE, "What is the river Badges about?")

    assert searcher.asked[-1][0] == "What is the river Badges about?"


def test_follow_up_that_names_nothing_means_what_was_said() -> None:
    searcher = a_searcher()

    answers = in_thread(engine_of(searcher=searcher), "How long does a visa take?", VAGUE)

    assert Status.CLARIFY not in {one.status for one in answers}


@pytest.mark.parametrize(
    "text",
    [
        *("what is the policy?", "how long does it take?", "what is the deadline?"),
        *("how do I apply?", "who approves this?", "What are the requirements?", "is it allowed?"),
    ],
)
def test_questions_that_fit_every_subject_name_nothing(text: str) -> None:
    assert names_nothing(text)


@pytest.mark.parametrize("text", ["", "policy", "who are you?", "leave?", "What is 401k?"])
def test_fragments_and_names_are_no_such_questions(text: str) -> None:
    assert not names_nothing(text)


def questions(name: str) -> Iterator[str]:
    path = DATA / name
    if not path.exists():
        pytest.skip("needs the public questions in ../shared/data")
    lines = path.read_text(encoding="utf-8").splitlines()
    yield from (row.get("text") or row["question"] for row in map(json.loads, lines))


@pytest.mark.parametrize(
    ("name", "count", "most"),
    [("handbook18f/questions.jsonl", 58, 0.0), ("squad2_public/queries.jsonl", 6307, 0.01)],
)
def test_normal_questions_are_not_asked_back(name: str, count: int, most: float) -> None:
    asked = list(questions(name))

    assert len(asked) == count
    assert sum(map(names_nothing, asked)) <= most * count
