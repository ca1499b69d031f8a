"""A run from its questions to the record on disk."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from bot.types import Answer, Question, Status, Turn
from eval.metrics import METRICS
from eval.record import save, to_json
from eval.run import Options, RunResult, Subject, at_even_steps, run
from eval.types import Baseline, Case, Place, QuestionSet
from tests.fakes.searcher_for_eval import ScriptedAsk, ScriptedSearcher, answer, citation

CASES = (
    Case(id="1", question="leave?", answers=("two weeks",), relevant=(Place(document="a"),)),
    Case(id="2", question="parking?", answers=("free",), relevant=(Place(document="b"),)),
    Case(id="3", question="moon?", answerable=False),
)
QUESTIONS = QuestionSet(name="sample set", digest="d" * 64, cases=CASES)
FOUND = {"leave?": ["a", "c"], "parking?": ["c", "b"], "moon?": ["c"]}
SAID = {
    "leave?": answer("Two weeks [1].", citation("a", quote="two weeks"), ms=10),
    "parking?": answer(ms=20),
    "moon?": answer(ms=30),
}


def measured(subject: Subject, questions: QuestionSet = QUESTIONS) -> RunResult:
    return asyncio.run(run(questions, subject))


def means(result: RunResult) -> dict[str, float]:
    return {name: summary.mean for name, summary in result.metrics.items()}


def test_a_run_measures_what_is_found_what_is_said_and_how_long_it_takes() -> None:
    subject = Subject(searcher=ScriptedSearcher(FOUND), ask=ScriptedAsk(SAID))

    result = measured(subject)

    assert means(result) == pytest.approx(
        {
            "ndcg@10": (1 + 0.6309298) / 2,
            "recall@10": 1.0,
            "mrr@10": 0.75,
            "exact_match": 0.5,
            "f1": 0.5,
            "contains_answer": 0.5,
            "place_hit": 1.0,
            "refusal_recall": 1.0,
            "false_refusal": 0.5,
            "cost_usd": 0.0,
            "ms_p50": 20.0,
            "ms_p95": 29.0,
        }
    )
    assert {name: summary.n for name, summary in result.metrics.items()} == {
        **dict.fromkeys(["ndcg@10", "recall@10", "mrr@10"], 2),
        **dict.fromkeys(["exact_match", "f1", "contains_answer", "false_refusal"], 2),
        **dict.fromkeys(["place_hit", "refusal_recall"], 1),
        **dict.fromkeys(["cost_usd", "ms_p50", "ms_p95"], 3),
    }
    assert result.failed == 0


def test_metrics_come_in_their_order() -> None:
    subject = Subject(searcher=ScriptedSearcher(FOUND), ask=ScriptedAsk(SAID))

    names = list(measured(subject).metrics)

    assert names == [name for name in METRICS if name in names]


def test_quotes_are_compared_where_the_stored_text_is_at_hand() -> None:
    subject = Subject(
        searcher=ScriptedSearcher(FOUND),
        ask=ScriptedAsk(SAID),
        text_of={"a": "one week"}.get,
    )

    assert means(measured(subject))["quote_verbatim"] == 0.0


def test_retrieval_alone_asks_nobody_and_times_the_search() -> None:
    searcher = ScriptedSearcher(FOUND, ms=2.5)

    result = measured(Subject(searcher=searcher))

    assert list(result.metrics) == ["ndcg@10", "recall@10", "mrr@10", "ms_p50", "ms_p95"]
    assert result.metrics["ms_p50"].mean == 2.5
    assert result.settings["retrieval_only"] is True
    assert [row.status for row in result.rows] == [None, None, None]


def test_search_goes_deep_and_sees_every_document() -> None:
    searcher = ScriptedSearcher(FOUND)

    asyncio.run(run(QUESTIONS, Subject(searcher=searcher), Options(k=37)))

    assert searcher.asked == [(case.question, 37, None) for case in CASES]


def test_a_question_is_asked_with_its_history_and_every_audience() -> None:
    history = (Turn(role="user", text="Am I insured?"),)
    case = Case(id="1", question="leave?", history=history)
    ask = ScriptedAsk(SAID)

    measured(
        Subject(searcher=ScriptedSearcher(FOUND), ask=ask),
        QuestionSet(name="s", digest="d" * 64, cases=(case,)),
    )

    assert ask.asked == [Question(text="leave?", audience=None, history=history)]


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
    assert set(row.scores) == {"ndcg@10", "recall@10", "mrr@10"}
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


def test_progress_is_told_after_each_question_of_the_limit() -> None:
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))

    subject = Subject(searcher=ScriptedSearcher(FOUND))
    asyncio.run(run(QUESTIONS, subject, Options(limit=2, progress=progress)))

    assert told == [(1, 2), (2, 2)]


def test_the_settings_say_what_was_measured() -> None:
    subject = Subject(
        searcher=ScriptedSearcher(FOUND, generation="gen-000042"),
        settings={"version": "0.1.0", "prompts": {"answer": "abc"}},
    )

    settings = dict(asyncio.run(run(QUESTIONS, subject, Options(k=30, limit=2))).settings)

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
        "generations": ["gen-000042"],
    }


def test_relevant_documents_that_the_index_lacks_are_named() -> None:
    subject = Subject(searcher=ScriptedSearcher(FOUND), text_of={"a": "text", "c": "text"}.get)

    result = measured(subject)

    assert result.unknown == ("b",)
    assert to_json(result)["unknown_documents"] == ["b"]
    assert result.metrics["recall@10"].n == 2


def test_the_record_has_the_promised_keys_and_says_where_each_answer_stands() -> None:
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
    assert record["counts"] == {"questions": 3, "failed": 0}
    assert record["baselines"] == {"bm25": {"ndcg@10": 0.5}}
    plain = json.loads(json.dumps(record))
    assert plain["metrics"]["mrr@10"] == {"mean": 0.75, "low": 0.5, "high": 1.0, "n": 2}
    assert plain["questions"][0] == {
        "id": "1",
        "question": "leave?",
        "answerable": True,
        "tags": [],
        "status": "answered",
        "answer": "Two weeks [1].",
        "citations": [
            {
                "label": 1,
                "document": "a",
                "page": None,
                "heading": [],
                "start": 0,
                "end": 9,
                "quote": "two weeks",
            }
        ],
        "relevant": [{"document": "a", "page": None, "heading": [], "quote": None, "grade": 1}],
        "found": [{"document": "a", "page": None}, {"document": "c", "page": None}],
        "scores": {
            "ndcg@10": 1.0,
            "recall@10": 1.0,
            "mrr@10": 1.0,
            "false_refusal": 0.0,
            "exact_match": 1.0,
            "f1": 1.0,
            "contains_answer": 1.0,
            "place_hit": 1.0,
            "cost_usd": 0.0,
        },
        "ms": 10,
        "search_ms": 2.0,
        "error": None,
    }


def test_a_record_is_saved_whole_under_its_id(tmp_path: Path) -> None:
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
