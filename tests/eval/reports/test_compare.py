"""Two runs side by side: what is planted is found, and what is the same is the same."""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from rich.console import Console

from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.types import (
    Answer,
    Citation,
    Draft,
    Evidence,
    Question,
    Sentence,
    ShownPassage,
)
from footnote_qa.eval.errors import ChoiceError, RunError
from footnote_qa.eval.reports.compare import Comparison, Unclear, Verdict, compare_runs, to_json
from footnote_qa.eval.reports.table import comparison_table
from footnote_qa.eval.runs.record import RunRecord, to_record
from footnote_qa.eval.runs.recorder import Recorder
from footnote_qa.eval.runs.run import Ask, Subject, run_questions
from footnote_qa.eval.types import Case, Place, QuestionSet
from footnote_qa.index.types import Audience, Chunk, Passage, SearchResult
from footnote_qa.prompts import load
from tests.fakes.models import a_portfolio
from tests.fakes.searcher_for_eval import BUILT_AT

COUNT = 48
ROOMS = [f"Room {number:03} is kept by keeper {number * 7 + 11}." for number in range(COUNT)]
TEXTS = {f"room-{number:03}.md": text for number, text in enumerate(ROOMS)}
CASES = tuple(
    Case(
        id=f"room-{number:03}",
        question=f"Who keeps room {number:03}?",
        answers=(f"keeper {number * 7 + 11}",),
        relevant=(Place(document=f"room-{number:03}.md", quote=text),),
        tags=("deep" if number % 8 > 3 else "near",),
    )
    for number, text in enumerate(ROOMS)
)
QUESTIONS = QuestionSet(name="rooms", digest="d" * 64, cases=CASES)
RULES = load("answer-rules").render()
Move = Callable[[Citation], Citation]


class RoomSearcher:
    """Finds the right room in first to eighth place, by its number."""

    def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
        del audience
        wanted = int(question.removeprefix("Who keeps room ").removesuffix("?"))
        place = wanted % 8
        others = [(wanted + 1 + step) % COUNT for step in range(8)]
        order = [*others[:place], wanted, *others[place:]][:k]
        passages = [
            Passage(chunk=room(number), rank=rank, fused=1 / rank, cosine=None, bm25=1.0)
            for rank, number in enumerate(order, start=1)
        ]
        return SearchResult(
            passages=tuple(passages), generation="gen-000001", created_at=BUILT_AT, ms=1.0
        )


def room(number: int) -> Chunk:
    return Chunk(
        id=number,
        document=f"room-{number:03}.md",
        title=f"Room {number}",
        start=0,
        end=len(ROOMS[number]),
        text=ROOMS[number],
        heading=(),
        page=None,
        url=None,
        modified_at=None,
        audience=(),
    )


@dataclass(frozen=True)
class ObedientModel:
    """Reads the passages for the room asked for, and answers in the form its rules ask for."""

    rules: str = RULES

    async def draft(self, question: Question, passages: Sequence[ShownPassage]) -> Draft:
        number = question.text.removeprefix("Who keeps room ").removesuffix("?")
        right = [one for one in passages if one.passage.chunk.text.startswith(f"Room {number} ")]
        if not right:
            return Draft(sentences=(), answerer="obedient")
        text = right[0].passage.chunk.text
        if "Keep to the words of the passage" not in self.rules:
            text = "Ask at the desk upstairs, I believe."
        evidence = (Evidence(passage_id=right[0].id),)
        return Draft(sentences=(Sentence(text=text, evidence=evidence),), answerer="obedient")


def recorded(*, k: int = 8, rules: str = RULES, move: Move | None = None) -> RunRecord:
    searcher = Recorder(RoomSearcher(), 10)
    engine = AnswerEngine(searcher, a_portfolio(), fallback=ObedientModel(rules), k=k)
    ask: Ask = Shift(engine.aask, move) if move else engine.aask
    subject = Subject(searcher=searcher, ask=ask, text_of=TEXTS.get)
    return to_record(asyncio.run(run_questions(QUESTIONS, subject)))


def by_one_letter(citation: Citation) -> Citation:
    return replace(citation, start=citation.start + 1, end=citation.end + 1)


def by_one_passage(citation: Citation) -> Citation:
    wanted = (int(re.sub(r"\D", "", citation.document)) + 1) % COUNT
    text = ROOMS[wanted]
    return replace(citation, document=f"room-{wanted:03}.md", quote=text, end=len(text))


@dataclass
class Shift:
    """Passes an answer on with its citations moved."""

    ask: Ask
    move: Move

    async def __call__(self, question: Question) -> Answer:
        answer = await self.ask(question)
        return replace(answer, citations=tuple(map(self.move, answer.citations)))


@pytest.fixture(scope="module")
def sound() -> RunRecord:
    return recorded()


def printed(found: Comparison) -> str:
    console = Console(width=160, color_system=None)
    with console.capture() as capture:
        console.print(comparison_table(found))
    return capture.get()


def test_identical_runs_compare_as_no_change(sound: RunRecord) -> None:
    found = compare_runs(sound, recorded())

    timed = [name for name in found.differences if name.endswith(("_p50", "_p95"))]
    quality = {name: d for name, d in found.differences.items() if name not in timed}
    assert len(quality) > 15
    assert {(d.mean, d.low, d.high, d.p) for d in quality.values()} == {(0.0, 0.0, 0.0, 1.0)}
    assert (found.passed, found.wins, found.losses, found.notes) == (True, (), (), ())


def test_half_as_many_passages_are_found_as_what_they_cost(sound: RunRecord) -> None:
    found = compare_runs(sound, recorded(k=4))

    contained = found.differences["contains_answer"]
    assert contained.mean == -0.5
    assert -0.7 < contained.low < contained.high < -0.3
    assert contained.p < 0.01
    assert set(found.fell) == {"complete", "f1", "contains_answer", "rouge_l", "false_refusal"}
    assert found.differences["ndcg@10"].mean == 0.0
    assert not found.passed
    assert len(found.losses) == 24
    assert {change.after.tags for change in found.losses} == {("deep",)}
    assert found.tags["deep"]["contains_answer"].mean == -1.0
    assert found.tags["near"]["contains_answer"].mean == 0.0


def test_a_broken_prompt_is_found(sound: RunRecord) -> None:
    broken = recorded(rules=RULES.replace("Keep to the words of the passage", "Write freely"))

    found = compare_runs(sound, broken)

    assert found.differences["false_refusal"].mean == 1.0
    assert 0.85 < found.differences["false_refusal"].low < found.differences["false_refusal"].high
    assert {"contains_answer", "false_refusal"} <= set(found.fell)


def test_citations_that_are_one_letter_off_are_found(sound: RunRecord) -> None:
    found = compare_runs(sound, recorded(move=by_one_letter))

    assert found.fell == ("quote_verbatim",)
    assert found.differences["quote_verbatim"].mean == -1.0
    assert len(found.losses) == COUNT


def test_citations_that_are_one_passage_off_are_found(sound: RunRecord) -> None:
    found = compare_runs(sound, recorded(move=by_one_passage))

    fell = {"citation_precision", "citation_recall", "place_hit"}
    assert set(found.fell) == fell
    assert {found.differences[name].mean for name in fell} == {-1.0}


def test_a_gain_is_no_fall_in_either_direction(sound: RunRecord) -> None:
    found = compare_runs(recorded(k=4), sound)

    assert found.passed
    assert found.differences["false_refusal"].mean == -0.5
    assert (len(found.wins), len(found.losses)) == (24, 0)


def test_a_fall_within_its_margin_passes(sound: RunRecord) -> None:
    wide = dict.fromkeys(("complete", "f1", "contains_answer", "rouge_l", "false_refusal"), 0.5)

    found = compare_runs(sound, recorded(k=4), wide)

    assert found.passed
    assert compare_runs(sound, recorded(k=4), {**wide, "f1": 0.1}).fell == ("f1",)


def test_a_margin_for_no_metric_is_named(sound: RunRecord) -> None:
    with pytest.raises(ChoiceError, match="there is no metric f2: choose from ndcg@10"):
        compare_runs(sound, sound, {"f2": 0.1})


def test_questions_that_failed_are_a_fall_and_not_a_better_mean(sound: RunRecord) -> None:
    worse = sound.questions[:4]
    failed = tuple(
        asked.model_copy(update={"values": {"failed": 1.0}, "error": "down", "status": "failed"})
        for asked in worse
    )
    broken = sound.model_copy(update={"questions": failed + sound.questions[4:]})

    found = compare_runs(sound, broken)

    assert found.fell == ("failed",)
    assert found.differences["f1"].n == COUNT - 4
    assert [change.after.error for change in found.losses] == ["down"] * 4


def test_questions_are_paired_by_id_and_words_and_the_others_are_counted(sound: RunRecord) -> None:
    other = sound.questions[0].model_copy(update={"question": "Who keeps the garden?"})
    changed = sound.model_copy(update={"questions": (other, *sound.questions[1:-1]), "run": "two"})

    found = compare_runs(sound, changed)

    assert found.differences["f1"].n == COUNT - 2
    assert found.notes == (
        f"2 questions of {sound.run} are not in the other run: left out",
        "1 questions of two are not in the other run: left out",
    )


def test_runs_of_different_sets_cannot_be_compared(sound: RunRecord) -> None:
    with pytest.raises(RunError, match="no question in common"):
        compare_runs(sound, sound.model_copy(update={"questions": ()}))


def test_what_the_second_run_did_not_measure_is_said(sound: RunRecord) -> None:
    searched = to_record(asyncio.run(run_questions(QUESTIONS, Subject(searcher=RoomSearcher()))))

    (note,) = compare_runs(sound, searched).notes

    assert note.startswith(f"not measured in {searched.run}, so not compared: ")
    assert "exact_match, f1" in note


def test_the_object_has_the_promised_keys(sound: RunRecord) -> None:
    plain = json.loads(json.dumps(to_json(compare_runs(sound, recorded(k=4)))))

    assert plain["passed"] is False
    fell = plain["differences"]["contains_answer"]
    assert {"mean", "low", "high", "p"} <= fell.keys()
    assert (fell["mean"], fell["margin"], fell["fell"]) == (-0.5, 0.02, True)
    first = plain["losses"][0]
    assert first["before"]["answer"] == "Room 004 is kept by keeper 39 [1]."
    assert (first["after"]["answer"], first["after"]["status"]) == ("", "not_found")


def test_a_person_reads_the_verdict_and_the_texts_side_by_side(sound: RunRecord) -> None:
    text = printed(compare_runs(sound, recorded(k=4)))

    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert any("contains_answer │ 1.000 │ 0.500 │ -0.500" in line for line in lines)
    assert "0 questions went better, 24 worse" in text
    assert "lost: Who keeps room 004?" in text
    assert any("Room 004 is kept by keeper 39 [1]. (refused)" in line for line in lines)


def shares(*values: float, run: str) -> RunRecord:
    from footnote_qa.eval.runs.record import Asked

    questions = tuple(
        Asked(id=str(at), question=f"Question {at}?", answerable=True, values={"complete": value})
        for at, value in enumerate(values)
    )
    return RunRecord(set="ours", run=run, metrics={}, questions=questions, settings={})


def test_few_questions_say_that_they_cannot_tell_and_how_many_could() -> None:
    before = shares(*([1.0] * 10 + [0.0] * 10), run="before")
    after = shares(*([0.0] + [1.0] * 9 + [1.0] + [0.0] * 9), run="after")  # one lost, one won
    found = compare_runs(before, after)

    assert found.passed
    assert found.differences["complete"].mean == 0
    needed = found.unclear["complete"]
    low, high = found.differences["complete"].low, found.differences["complete"].high
    assert needed == pytest.approx(20 * ((high - low) / 2 / 0.02) ** 2, abs=1)
    assert needed > 500
    assert found.notes == (
        f"cannot tell at 20 questions: complete (about {needed} would show 0.02)",
    )
    told = to_json(found)["differences"]["complete"]  # type: ignore[index]
    assert told["questions_needed"] == needed
    assert compare_runs(before, after, {"complete": 0.5}).unclear == {}


def test_runs_that_are_the_same_and_metrics_that_fell_are_clear() -> None:
    before = shares(*[1.0] * 20, run="before")

    assert compare_runs(before, before).unclear == {}
    fallen = compare_runs(before, shares(*[0.0] * 20, run="after"))
    assert (fallen.fell, fallen.unclear) == (("complete",), {})


@pytest.mark.parametrize(
    ("lost", "rule", "fell", "verdict"),
    [
        (0, Unclear.FAILS, False, Verdict.HELD),
        (1, Unclear.PASSES, False, Verdict.UNCLEAR),
        (1, Unclear.MEAN, True, Verdict.UNCLEAR),
        (1, Unclear.FAILS, True, Verdict.UNCLEAR),
        (8, Unclear.PASSES, True, Verdict.FELL),
    ],
)
def test_the_interval_judges_and_the_settings_say_what_becomes_of_what_is_unclear(
    lost: int, rule: Unclear, fell: bool, verdict: Verdict
) -> None:
    before = shares(*[1.0] * 20, run="a")
    after = shares(*[0.0] * lost, *[1.0] * (20 - lost), run="b")

    found = compare_runs(before, after, rule=rule)

    assert (not found.passed, found.verdict("complete")) == (fell, verdict)
    assert to_json(found)["differences"]["complete"]["verdict"] == verdict  # type: ignore[index]


def test_a_margin_of_zero_forbids_a_fall_of_one_question() -> None:
    before = shares(*[1.0] * 400, run="a")

    found = compare_runs(before, shares(0.0, *[1.0] * 399, run="b"), {"complete": 0.0})

    assert found.fell == ("complete",)


def test_one_question_that_is_lost_is_no_certainty() -> None:
    found = compare_runs(shares(1.0, run="a"), shares(0.0, run="b"))

    assert found.verdict("complete") is Verdict.UNCLEAR
    assert found.differences["complete"].low == -1.0
    assert found.differences["complete"].high > 0


def test_a_change_shows_what_it_wins_beside_what_it_costs_in_time() -> None:
    def timed(value: float, ms: float, run: str, k: int) -> RunRecord:
        made = shares(*[value] * 20, run=run)
        questions = tuple(
            one.model_copy(update={"values": {**one.values, "ms": ms + int(one.id)}})
            for one in made.questions
        )
        settings = {"search": {"k": k}, "started_at": run, "index": {"generation": run}}
        return made.model_copy(update={"questions": questions, "settings": settings})

    found = compare_runs(timed(0.0, 100, "a", 8), timed(1.0, 200, "b", 16))

    assert found.settings == {"search.k": ("8", "16")}
    assert found.won == ("complete",)
    text = " ".join(printed(found).split())
    assert "settings: search.k: 8 → 16" in text
    assert "won for certain: complete +1.000; an answer takes 110 → 210 ms (+91 %)" in text


def test_p_is_corrected_for_the_metrics_that_can_fail() -> None:
    found = compare_runs(shares(*[1.0] * 20, run="a"), shares(*[0.0] * 20, run="b"))

    assert found.adjusted == {"complete": found.differences["complete"].p}
