"""A run from its questions to the record on disk."""

import asyncio
import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.bot.engine.query_rewriting import rewrite_by_rule
from footnote_qa.bot.types import Answer, Question, Status, Turn
from footnote_qa.eval.errors import ChoiceError, RunError
from footnote_qa.eval.metrics.catalogue import METRICS
from footnote_qa.eval.metrics.retrieval import RETRIEVAL, Spot
from footnote_qa.eval.runs.record import load_record, save, to_json, to_record
from footnote_qa.eval.runs.recorder import Recorder
from footnote_qa.eval.runs.run import Options, RunResult, Subject, at_even_steps, run_questions
from footnote_qa.eval.types import Baseline, Case, Place, QuestionSet
from tests.fakes.searcher_for_eval import ScriptedAsk, ScriptedSearcher, answer, citation

CASES = (
    Case(id="1", question="leave?", answers=("two weeks",), relevant=(Place(document="a"),)),
    Case(id="2", question="parking?", answers=("free",), relevant=(Place(document="b"),)),
    Case(id="3", question="moon?", answerable=False),
)
QUESTIONS = QuestionSet(name="sample set", digest="d" * 64, cases=CASES)
FOUND = {"leave?": ["a", "c"], "parking?": ["c", "b"], "moon?": ["c"]}
SAID = {
    "leave?": answer("Two weeks [1].", citation("a", quote="two weeks"), ms=10, confidence=0.9),
    "parking?": answer(ms=20, confidence=0.3),
    "moon?": answer(ms=30, confidence=0.3),
}


def measured(subject: Subject, questions: QuestionSet = QUESTIONS) -> RunResult:
    return asyncio.run(run_questions(questions, subject))


def means(result: RunResult) -> dict[str, float]:
    return {name: summary.mean for name, summary in result.metrics.items()}


def test_a_run_measures_what_is_found_what_is_said_and_how_long_it_takes() -> None:
    subject = Subject(searcher=ScriptedSearcher(FOUND), ask=ScriptedAsk(SAID))

    result = measured(subject)

    assert means(result) == pytest.approx(
        {
            "ndcg@10": (1 + 0.6309298) / 2,
            **dict.fromkeys(["recall@5", "recall@10", "recall@20", "all_evidence@10"], 1.0),
            "mrr@10": 0.75,
            "map": 0.75,
            **dict.fromkeys(["complete", "partly", "first"], 0.5),
            "wrong": 0.0,
            "answer_words_p50": 2.0,
            **dict.fromkeys(["exact_match", "f1", "contains_answer", "rouge_l"], 0.5),
            **dict.fromkeys(["citation_precision", "citation_recall", "place_hit"], 1.0),
            "refusal_recall": 1.0,
            "false_refusal": 0.5,
            "aurc": 0.0,
            "auroc": 0.75,
            "failed": 0.0,
            **dict.fromkeys(["input_tokens", "output_tokens", "cost_usd"], 0.0),
            **dict.fromkeys(["search_ms_p50", "search_ms_p95"], 2.0),
            "ms_p50": 20.0,
            "ms_p95": 29.0,
        }
    )
    assert {name: summary.n for name, summary in result.metrics.items()} == {
        **dict.fromkeys([*RETRIEVAL], 2),
        **dict.fromkeys(["complete", "partly", "first", "wrong"], 2),
        **dict.fromkeys(["exact_match", "f1", "contains_answer", "rouge_l", "false_refusal"], 2),
        "answer_words_p50": 1,
        **dict.fromkeys(["citation_precision", "citation_recall", "place_hit"], 1),
        **dict.fromkeys(["refusal_recall", "aurc"], 1),
        **dict.fromkeys(["auroc", "failed", "input_tokens", "output_tokens", "cost_usd"], 3),
        **dict.fromkeys(["search_ms_p50", "search_ms_p95", "ms_p50", "ms_p95"], 3),
    }
    assert result.failed == 0


def test_metrics_come_in_their_order() -> None:
    subject = Subject(searcher=ScriptedSearcher(FOUND), ask=ScriptedAsk(SAID))

    names = list(measured(subject).metrics)

    assert names == [name for name in METRICS if name in names]


def test_quotes_are_compared_where_the_stored_text_is_available() -> None:
    subject = Subject(
        searcher=ScriptedSearcher(FOUND),
        ask=ScriptedAsk(SAID),
        text_of={"a": "one week"}.get,
    )

    assert means(measured(subject))["quote_verbatim"] == 0.0


def test_retrieval_alone_asks_nobody_and_times_the_search() -> None:
    searcher = ScriptedSearcher(FOUND, ms=2.5)

    result = measured(Subject(searcher=searcher))

    assert [name for name in result.metrics if not name.endswith(("_p50", "_p95"))] == [
        *RETRIEVAL,
        "failed",
    ]
    assert result.metrics["ms_p50"].mean == 2.5
    assert result.settings["retrieval_only"] is True
    assert [row.status for row in result.rows] == [None, None, None]


def test_search_goes_deep_and_sees_every_document() -> None:
    searcher = ScriptedSearcher(FOUND)

    asyncio.run(run_questions(QUESTIONS, Subject(searcher=searcher), Options(k=37)))

    assert searcher.asked == [(case.question, 37, None) for case in CASES]


def test_a_question_is_asked_with_its_history_and_every_audience() -> None:
    history = (Turn(role="user", text="Am I insured?"),)
    case = Case(id="1", question="leave?", history=history)
    ask = ScriptedAsk(SAID)

    measured(
        Subject(
            searcher=ScriptedSearcher({"leave? (insured)": ["a"]}), ask=ask, rewrite=rewrite_by_rule
        ),
        QuestionSet(name="s", digest="d" * 64, cases=(case,)),
    )

    assert ask.asked == [Question(text="leave?", audience=None, history=history)]


def test_retrieval_alone_searches_for_a_follow_up_with_the_words_of_what_it_follows() -> None:
    history = (
        Turn(role="user", text="What is throat cancer?"),
        Turn(role="assistant", text="A disease of the pharynx."),
    )
    follow_up = Case(id="1", question="Is it treatable?", history=history)
    searcher = ScriptedSearcher({"Is it treatable? (throat cancer)": ["a"]})

    measured(
        Subject(searcher=searcher, rewrite=rewrite_by_rule), replace(QUESTIONS, cases=(follow_up,))
    )

    assert [text for text, _, _ in searcher.asked] == ["Is it treatable? (throat cancer)"]


def test_a_question_whose_answer_raises_is_kept_and_spoils_no_mean(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said: dict[str, Answer | Exception] = {**SAID, "parking?": ValueError("no such model")}
    subject = Subject(searcher=ScriptedSearcher(FOUND), ask=ScriptedAsk(said))

    with caplog.at_level(logging.ERROR):
        result = measured(subject)

    row = result.rows[1]
    assert row.error == "ValueError: no such model"
    assert (row.status, row.answer, row.ms) == (Status.FAILED, None, None)
    assert set(row.scores) == set(RETRIEVAL)
    assert result.failed == 1
    assert (result.metrics["f1"].mean, result.metrics["f1"].n) == (1.0, 1)
    assert (result.metrics["false_refusal"].mean, result.metrics["false_refusal"].n) == (0.0, 1)
    assert result.metrics["ms_p50"].n == 2
    assert [record.message for record in caplog.records] == ["question failed"]


def test_a_question_that_fails_in_words_is_kept_with_them() -> None:
    said = {**SAID, "moon?": answer(status=Status.FAILED, ms=99)}
    subject = Subject(searcher=ScriptedSearcher(FOUND), ask=ScriptedAsk(said))

    result = measured(subject)

    assert result.rows[2].error == "The documents don't say. (ref-1)"
    assert result.rows[2].status is Status.FAILED
    assert result.failed == 1
    assert "refusal_recall" not in result.metrics
    assert result.metrics["ms_p95"].high <= 20


def test_a_question_whose_search_fails_is_not_asked_and_has_no_score() -> None:
    ask = ScriptedAsk(SAID)
    searcher = ScriptedSearcher({key: FOUND[key] for key in ("leave?", "moon?")})

    result = measured(Subject(searcher=searcher, ask=ask))

    row = result.rows[1]
    assert row.error == "KeyError: 'parking?'"
    assert (row.scores, row.search_ms, row.found) == ({}, None, ())
    assert [question.text for question in ask.asked] == ["leave?", "moon?"]
    assert result.metrics["ndcg@10"].n == 1


@pytest.mark.parametrize(
    ("limit", "taken"),
    [
        (None, ["0", "1", "2", "3", "4", "5", "6"]),
        (99, ["0", "1", "2", "3", "4", "5", "6"]),
        (3, ["0", "2", "4"]),
        (2, ["0", "3"]),
        (1, ["0"]),
    ],
)
def test_a_limit_takes_questions_at_even_steps(limit: int | None, taken: list[str]) -> None:
    cases = [Case(id=str(number), question="?") for number in range(7)]

    assert [case.id for case in at_even_steps(cases, limit)] == taken


def test_progress_is_reported_after_each_question_of_the_limit() -> None:
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))

    subject = Subject(searcher=ScriptedSearcher(FOUND))
    asyncio.run(run_questions(QUESTIONS, subject, Options(limit=2, progress=progress)))

    assert told == [(1, 2), (2, 2)]


def test_the_settings_say_what_was_measured() -> None:
    subject = Subject(
        searcher=ScriptedSearcher(FOUND, generation="gen-000042"),
        settings={"version": "0.1.0", "prompts": {"answer": "abc"}},
    )

    settings = dict(asyncio.run(run_questions(QUESTIONS, subject, Options(k=30, limit=2))).settings)

    del settings["started_at"]
    assert settings == {
        "version": "0.1.0",
        "prompts": {"answer": "abc"},
        "set_digest": "d" * 64,
        "questions": 3,
        "limit": 2,
        "k": 30,
        "depth": 10,
        "retrieval_only": True,
        "generation": "gen-000042",
        "generations": ["gen-000042"],
        "parallel": 1,
        "drafts_left_out": 0,
        "served_at_the_end": None,
    }


def test_relevant_documents_that_the_index_lacks_are_named() -> None:
    subject = Subject(searcher=ScriptedSearcher(FOUND), text_of={"a": "text", "c": "text"}.get)

    result = measured(subject)

    assert result.unknown == ("b",)
    assert to_json(result)["unknown_documents"] == ["b"]
    assert result.metrics["recall@10"].n == 2


def test_the_record_has_the_promised_keys_and_the_place_of_each_answer() -> None:
    subject = Subject(searcher=ScriptedSearcher(FOUND), ask=ScriptedAsk(SAID))
    questions = QuestionSet(
        name="sample set",
        digest="d" * 64,
        cases=CASES,
        baselines=(Baseline(name="bm25", scores={"ndcg@10": 0.5}),),
    )

    record = to_json(measured(subject, questions))

    assert {"set", "run", "metrics", "questions", "settings"} <= set(record)
    assert record["set"] == "sample set"
    assert record["counts"] == {"questions": 3, "failed": 0, "reused": 0}
    assert record["baselines"] == {"bm25": {"ndcg@10": 0.5}}
    plain = json.loads(json.dumps(record))
    assert plain["metrics"]["mrr@10"] == {"mean": 0.75, "low": 0.5, "high": 1.0, "n": 2}
    first = plain["questions"][0]
    assert {key: first[key] for key in ("id", "question", "answerable", "tags", "status")} == {
        "id": "1",
        "question": "leave?",
        "answerable": True,
        "tags": [],
        "status": "answered",
    }
    assert (first["answer"], first["confidence"], first["error"]) == ("Two weeks [1].", 0.9, None)
    assert first["citations"] == [
        {
            "label": 1,
            "document": "a",
            "title": "a",
            "page": None,
            "heading": [],
            "start": 0,
            "end": 9,
            "quote": "two weeks",
            "before": "",
            "after": "",
        }
    ]
    assert first["found"] == [{"document": "a", "page": None}, {"document": "c", "page": None}]
    assert (first["ms"], first["search_ms"]) == (10, 2.0)
    assert first["scores"]["contains_answer"] == 1.0
    assert first["values"]["loss"] == 0.0


def test_the_stored_text_around_each_quote_is_kept() -> None:
    subject = Subject(
        searcher=ScriptedSearcher(FOUND),
        ask=ScriptedAsk(
            {**SAID, "leave?": answer("Two [1].", citation("a", start=3, quote="two"))}
        ),
        text_of={"a": "In two weeks"}.get,
    )

    record = to_record(measured(subject))

    (cited,) = record.questions[0].citations
    assert (cited.before, cited.quote, cited.after) == ("In ", "two", " weeks")


def test_a_record_is_read_back_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    result = measured(Subject(searcher=ScriptedSearcher(FOUND), ask=ScriptedAsk(SAID)))
    path = save(result, tmp_path)

    assert load_record(result.run, tmp_path) == to_record(result)
    assert load_record(result.run[:18], tmp_path) == load_record(str(path), tmp_path)


def test_a_run_that_is_not_there_or_is_no_record_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")

    with pytest.raises(ChoiceError, match=r"there is no run 'nowhere' in .*: begin with"):
        load_record("nowhere", tmp_path)
    with pytest.raises(RunError, match=r"broken\.json is not the record of a run"):
        load_record(str(broken), tmp_path)


def test_asking_in_parallel_gives_the_same_rows_in_the_same_order() -> None:
    questions, subject = many(200)

    one = asyncio.run(run_questions(questions, subject, Options(parallel=1)))
    eight = asyncio.run(run_questions(questions, subject, Options(parallel=8)))

    assert eight.rows == one.rows
    assert eight.metrics == one.metrics
    assert eight.tags == one.tags


def test_no_more_questions_are_asked_together_than_allowed() -> None:
    questions, subject = many(40)
    at_once: list[int] = []
    running = 0
    are_five = asyncio.Event()

    async def ask(_: Question) -> Answer:
        nonlocal running
        running += 1
        at_once.append(running)
        if running == 5:
            are_five.set()
        await asyncio.wait_for(are_five.wait(), 60)
        running -= 1
        return answer()

    asyncio.run(run_questions(questions, replace(subject, ask=ask), Options(parallel=5)))

    assert max(at_once) == 5


def test_each_tag_has_its_own_means() -> None:
    questions, subject = many(6)

    result = asyncio.run(run_questions(questions, subject))

    assert {tag: metrics["failed"].n for tag, metrics in result.tags.items()} == {
        "even": 3,
        "odd": 3,
    }


def test_what_the_answer_searched_for_is_scored_without_a_second_search() -> None:
    inner = ScriptedSearcher(FOUND)
    recorder = Recorder(inner, 100)
    shown: list[int] = []

    async def ask(question: Question) -> Answer:
        result = await asyncio.to_thread(recorder.search, question.text, k=1, audience=None)
        shown.append(len(result.passages))
        return answer()

    result = measured(Subject(searcher=recorder, ask=ask))

    assert shown == [1, 1, 1]
    assert inner.asked == [(case.question, 100, None) for case in CASES]
    assert result.rows[1].found == (Spot(document="c", page=None), Spot(document="b", page=None))


def test_rows_of_an_index_that_changed_meanwhile_are_kept_and_are_in_no_mean() -> None:
    searcher = ScriptedSearcher(FOUND)

    async def ask(question: Question) -> Answer:
        if question.text == "leave?":
            searcher.generation = "gen-000002"
        return answer()

    result = measured(Subject(searcher=searcher, ask=ask))

    assert [row.error for row in result.rows[1:]] == [
        "the index changed meanwhile: this is from gen-000002, the run from gen-000001"
    ] * 2
    assert result.metrics["ndcg@10"].n == 1
    assert result.metrics["failed"].mean == pytest.approx(2 / 3)
    assert result.settings["generations"] == ["gen-000001", "gen-000002"]


def many(count: int) -> tuple[QuestionSet, Subject]:
    """Questions that end in different ways, and what answers them after different waits."""
    cases = tuple(
        Case(
            id=str(n),
            question=f"q{n}",
            answers=("two weeks",),
            relevant=(Place(document=f"d{n % 7}"),),
            tags=("odd" if n % 2 else "even",),
        )
        for n in range(count)
    )

    async def ask(question: Question) -> Answer:
        number = int(question.text[1:])
        for _ in range(number * 7 % 5):
            await asyncio.sleep(0)
        if number % 11 == 10:
            raise ValueError(question.text)
        said = "Two weeks [1]." if number % 3 else ""
        return answer(said, *([citation(f"d{number % 5}")] if said else []), ms=float(number))

    found = {case.question: [f"d{n}" for n in range(7)] for case in cases}
    questions = QuestionSet(name="many", digest="e" * 64, cases=cases)
    return questions, Subject(searcher=ScriptedSearcher(found), ask=ask)


def test_a_complete_record_is_saved_under_its_id(tmp_path: Path) -> None:
    result = measured(Subject(searcher=ScriptedSearcher(FOUND)))

    path = save(result, tmp_path)

    assert path == tmp_path / "runs" / result.run / "run.json"
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(to_json(result)))
    assert [file.name for file in path.parent.iterdir()] == ["run.json"]


def test_a_record_that_cannot_be_written_in_full_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    result = measured(Subject(searcher=ScriptedSearcher(FOUND)))
    monkeypatch.setattr("os.fsync", fail)

    with pytest.raises(OSError, match="No space left"):
        save(result, tmp_path)

    assert not list(tmp_path.rglob("run.json"))


def test_two_runs_of_one_set_have_two_ids_that_are_file_names() -> None:
    subject = Subject(searcher=ScriptedSearcher(FOUND))

    first, second = measured(subject).run, measured(subject).run

    assert first != second
    assert "sample-set" in first
    assert not set(first) & set("/\\: ")
