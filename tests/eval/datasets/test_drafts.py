"""Questions that are drafted, imported and reviewed."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from footnote_qa.eval.datasets.drafts import (
    Decision,
    Verdict,
    decide_by_ids,
    draft_questions,
    draft_questions_by_model,
    read_draft,
    review,
)
from footnote_qa.eval.datasets.feedback import cases_of, read_feedback
from footnote_qa.eval.datasets.json_lines import CaseLine, add_cases, read_cases, write_cases
from footnote_qa.eval.datasets.loading import load
from footnote_qa.eval.errors import EvalError, JudgementError, QuestionSetError, RunError
from tests.fakes.searcher import a_chunk

LEAVE = a_chunk(
    "Leave is a paid absence from work. Everybody in the company has 30 days of it. It is nice.",
    id=1,
    document="leave.md",
    page=2,
    heading=("Handbook", "How long may I be away?"),
    start=50,
)
FEES = a_chunk("A permit is the right to park at our gate. Go there.", id=2, document="fees.md")
DOWN: dict[str, object] = {
    "id": "q1",
    "question": "What does parking cost?",
    "status": "answered",
    "answer": "It is free [1].",
    "citations": [
        {
            "label": 1,
            "document": "fees.md",
            "title": "Fees",
            "page": None,
            "heading": ["Parking"],
            "start": 3,
            "end": 10,
            "quote": "is free",
        }
    ],
    "nearest": [],
    "generation": "gen-000003",
    "answerer": "offline",
    "rating": "down",
    "reason": "wrong",
    "comment": "It costs 3 euros since May.",
    "asked_at": "2026-05-01T10:00:00Z",
    "at": "2026-05-01T10:01:00Z",
}


def lines_of(path: Path, *records: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


def test_headings_definitions_and_facts_become_drafts() -> None:
    found = {draft.question: draft for draft in draft_questions([LEAVE], limit=10)}

    assert {question: draft.answers for question, draft in found.items()} == {
        "How long may I be away?": ("Leave is a paid absence from work.",),
        "What is Leave?": ("a paid absence from work",),
        "What belongs in the gap: Everybody in the company has … of it.": ("30 days",),
    }
    assert all(not draft.reviewed for draft in found.values())


def test_a_draft_knows_the_exact_place_of_its_evidence() -> None:
    (fact,) = [draft for draft in draft_questions([LEAVE], limit=10) if "fact" in draft.tags]

    (place,) = fact.relevant
    assert (place.document, place.page, place.heading) == ("leave.md", 2, LEAVE.heading)
    assert place.start is not None
    assert place.end is not None
    assert LEAVE.text[place.start - 50 : place.end - 50] == place.quote
    assert place.quote == "Everybody in the company has 30 days of it."


def test_drafts_are_spread_over_the_documents() -> None:
    found = draft_questions([LEAVE, FEES], limit=2)

    assert [draft.relevant[0].document for draft in found] == ["leave.md", "fees.md"]


def test_the_same_index_gives_the_same_drafts_with_ids_of_their_own() -> None:
    first, second = draft_questions([LEAVE, FEES], limit=9), draft_questions([LEAVE, FEES], limit=9)

    assert first == second
    assert len({draft.id for draft in first}) == len(first) == 4


@pytest.mark.parametrize(
    "text",
    ["| a | 1 |\n|---|---|", "# 30 days", "It is a long sentence about something.", "Short 5."],
)
def test_what_is_no_statement_of_its_own_becomes_no_draft(text: str) -> None:
    assert draft_questions([a_chunk(text)], limit=9) == []


def reply(**changes: object) -> str:
    said = {"question": "How many days?", "answer": "30 days", "quote": "has 30 days of it"}
    return json.dumps(said | changes)


def test_a_model_drafts_a_question_with_the_place_of_its_quote() -> None:
    prompts: list[str] = []

    async def complete(prompt: str) -> str:
        prompts.append(prompt)
        return reply()

    (draft,) = asyncio.run(draft_questions_by_model([LEAVE], complete, limit=3))

    assert (draft.question, draft.answers, draft.reviewed) == (
        "How many days?",
        ("30 days",),
        False,
    )
    assert draft.relevant[0].quote == "has 30 days of it"
    assert json.dumps(LEAVE.text) in prompts[0]


def test_a_model_that_fails_on_one_passage_drafts_from_the_next() -> None:
    async def complete(prompt: str) -> str:
        if json.dumps(FEES.text) in prompt:
            raise JudgementError("no reply: m: refused with status 500")
        return reply()

    (draft,) = asyncio.run(draft_questions_by_model([FEES, LEAVE], complete, limit=2))

    assert draft.relevant[0].document == LEAVE.document


def test_a_model_that_drafts_nothing_says_why() -> None:
    async def complete(_: str) -> str:
        raise JudgementError("no reply: m: refused with status 401")

    with pytest.raises(RunError, match=r"drafted nothing from 2 passages: no reply: m: .* 401"):
        asyncio.run(draft_questions_by_model([FEES, LEAVE], complete, limit=2))


@pytest.mark.parametrize(
    "said",
    [
        "Sure! " + reply(),
        "[]",
        "",
        reply(quote="has 31 days"),
        reply(question=" "),
        reply(answer=30),
        reply(extra="x"),
    ],
)
def test_a_reply_that_is_not_a_draft_is_thrown_away(said: str) -> None:
    assert read_draft(said, LEAVE) is None


def test_a_draft_is_not_asked_before_somebody_has_accepted_it(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    made = draft_questions([LEAVE, FEES], limit=9)
    add_cases(path, made)

    with pytest.raises(QuestionSetError, match="all 4 questions are drafts: run `footnote eval"):
        load(path)

    decide = decide_by_ids(read_cases(path), accept=[made[0].id], reject=[made[1].id])
    review(read_cases(path), decide, lambda now: write_cases(path, now))
    loaded = load(path)
    assert [case.id for case in loaded.cases] == [made[0].id]
    assert loaded.drafts == 2
    assert "draft" not in loaded.cases[0].tags
    assert loaded.cases[0].relevant[0].start == made[0].relevant[0].start


def test_drafts_that_are_there_already_are_not_added_twice(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    made = draft_questions([LEAVE], limit=9)

    assert add_cases(path, made[:2]) == made[:2]
    assert add_cases(path, made) == made[2:]
    assert read_cases(path) == made


def saved_sets(decisions: Sequence[Decision]) -> list[list[CaseLine]]:
    """Review two drafts with these decisions and return the set as it was after each."""
    saved: list[list[CaseLine]] = []
    coming = iter(decisions)
    review(
        draft_questions([LEAVE], limit=2),
        lambda _: next(coming),
        lambda now: saved.append(list(now)),
    )
    return saved


def test_every_decision_is_saved_before_the_next_draft_is_shown() -> None:
    saved = saved_sets([Decision(verdict=Verdict.ACCEPT), Decision(verdict=Verdict.QUIT)])

    assert [[line.reviewed for line in now] for now in saved] == [[True, False]]


def test_a_corrected_draft_keeps_its_place_and_takes_the_new_words() -> None:
    mended = Decision(verdict=Verdict.ACCEPT, question="How long?", answers=("a month",))

    saved = saved_sets([mended, Decision(verdict=Verdict.SKIP)])

    first = saved[0][0]
    assert (first.question, first.answers, first.reviewed) == ("How long?", ("a month",), True)
    assert first.relevant[0].document == "leave.md"


def test_a_draft_can_be_called_unanswerable_or_thrown_away() -> None:
    saved = saved_sets([Decision(verdict=Verdict.UNANSWERABLE), Decision(verdict=Verdict.REJECT)])

    (left,) = saved[-1]
    assert (left.answerable, left.answers, left.relevant) == (False, (), ())


def test_an_id_that_is_no_draft_is_named() -> None:
    made = draft_questions([LEAVE], limit=1)

    with pytest.raises(EvalError, match="gone"):
        decide_by_ids(made, accept=["gone"], reject=[])
    with pytest.raises(EvalError, match="decided twice"):
        decide_by_ids(made, accept=[made[0].id], reject=[made[0].id])


def test_a_complaint_becomes_a_draft_with_what_was_shown_and_why_it_was_wrong(
    tmp_path: Path,
) -> None:
    (case,) = cases_of(read_feedback(lines_of(tmp_path / "f.jsonl", DOWN)))

    assert (case.id, case.question, case.reviewed) == (
        "feedback-q1",
        "What does parking cost?",
        False,
    )
    assert (case.answers, case.relevant, case.tags) == ((), (), ("feedback", "down"))
    assert case.feedback is not None
    assert case.feedback.reason == "wrong: It costs 3 euros since May."
    assert case.feedback.answer == "It is free [1]."
    assert case.feedback.citations[0].quote == "is free"
    assert case.feedback.generation == "gen-000003"


def test_praise_makes_the_answer_and_its_places_the_expected_ones(tmp_path: Path) -> None:
    (case,) = cases_of(read_feedback(lines_of(tmp_path / "f.jsonl", DOWN | {"rating": "up"})))

    assert case.answers == ("It is free.",)
    assert [(p.document, p.start, p.end, p.quote) for p in case.relevant] == [
        ("fees.md", 3, 10, "is free")
    ]


def test_praise_of_a_refusal_makes_the_question_unanswerable(tmp_path: Path) -> None:
    refused: dict[str, object] = {
        "rating": "up",
        "status": "not_found",
        "answer": "",
        "citations": [],
    }

    (case,) = cases_of(
        read_feedback(lines_of(tmp_path / "f.jsonl", DOWN | refused | {"citations": []}))
    )

    assert (case.answerable, case.answers, case.relevant) == (False, (), ())


def test_one_complaint_outweighs_all_praise(tmp_path: Path) -> None:
    up = DOWN | {"rating": "up"}

    found = cases_of(read_feedback(lines_of(tmp_path / "f.jsonl", up, DOWN, up)))

    assert [case.tags for case in found] == [("feedback", "down")]


def test_every_wrong_line_of_feedback_is_named(tmp_path: Path) -> None:
    path = lines_of(tmp_path / "f.jsonl", DOWN | {"rating": "meh"}, DOWN, {"id": "x"})

    with pytest.raises(QuestionSetError) as caught:
        read_feedback(path)

    assert [entry.split(":")[0] for entry in caught.value.wrong] == [
        "f.jsonl line 1",
        "f.jsonl line 3",
    ]


def test_imported_feedback_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    made = cases_of(read_feedback(lines_of(tmp_path / "f.jsonl", DOWN)))

    add_cases(tmp_path / "set.jsonl", made)

    assert read_cases(tmp_path / "set.jsonl") == made


@pytest.mark.parametrize(
    "changes",
    [
        {"document": "CHANGELOG.md"},
        {"document": "docs/history.rst"},
        {"heading": ("Handbook", "Release notes")},
        {"heading": ("Product", "[1.12.0] - 2026-03-01")},
        {"heading": ("v2.0.1",)},
        {"title": "What’s new"},
    ],
    ids=str,
)
def test_lists_of_changes_are_not_drafted_from(changes: dict[str, object]) -> None:
    chunk = a_chunk(LEAVE.text, **changes)

    assert draft_questions([chunk], limit=9) == []
    with pytest.raises(RunError):
        asyncio.run(draft_questions_by_model([chunk], _unasked, limit=9))


async def _unasked(prompt: str) -> str:
    raise AssertionError(prompt)


@pytest.mark.parametrize(
    "heading", ["4.2.1 Overtime", "2.1", "History of the company", "Changes to your salary"]
)
def test_headings_with_numbers_and_ordinary_words_are_drafted_from(heading: str) -> None:
    assert draft_questions([a_chunk(LEAVE.text, heading=(heading,))], limit=9)


@pytest.mark.parametrize(
    "text",
    [
        "A permit is [the right to park](park.md) at our gate every day.",
        "The permit at our gate costs 20 euros, see https://example.org/a/b for more.",
    ],
)
def test_sentences_with_links_are_not_drafted_from(text: str) -> None:
    plain = text.replace("[", "").replace("](park.md)", "").replace("https://example.org/a/b", "it")

    assert draft_questions([a_chunk(text)], limit=9) == []
    assert len(draft_questions([a_chunk(plain)], limit=9)) == 1
