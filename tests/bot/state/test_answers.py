from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.bot.database import Target
from footnote_qa.bot.state.answers import DAY_S, AnswerRepository, Rating, json_line
from footnote_qa.bot.state.database import TABLES
from footnote_qa.bot.state.questions import Kind, Outcome, QuestionRepository, Received
from footnote_qa.bot.types import Question, Status
from footnote_qa.eval.datasets.feedback import read_feedback
from tests.fakes.slack_bot_process import answered, not_found

ANSWER = answered(Question(text="why?", audience=frozenset({"staff"})))


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(target: Target, clock: Clock) -> Iterator[QuestionRepository]:
    with QuestionRepository(target, now=clock) as opened:
        yield opened


@pytest.fixture
def records(store: QuestionRepository, clock: Clock) -> AnswerRepository:
    return AnswerRepository(store.database, now=clock)


def received(n: int = 1, *, user: str = "U1", thread: str = "1.0") -> Received:
    return Received(
        event_id=f"Ev{n}",
        team="T1",
        channel="C1",
        ts=f"{n}.0",
        thread_ts=thread,
        user=user,
        text=f"canary {user} {n}",
        kind=Kind.MENTION,
    )


def stored(store: QuestionRepository, folder: Path) -> bytes:
    """Return everything that is stored: every byte of the files, or every row in PostgreSQL."""
    if files := sorted(folder.iterdir()):
        return b"".join(path.read_bytes() for path in files)
    with store.database.snapshot() as sql:
        tables = [sql.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]
    return repr(tables).encode()


def test_an_answer_comes_back_as_it_was_kept(records: AnswerRepository) -> None:
    records.keep("q1", received(), "why?", ANSWER)

    kept = records.kept("q1")

    assert kept is not None
    assert kept.answer == ANSWER
    assert (kept.question, kept.user, kept.at) == ("why?", "U1", 1_000_000.0)
    assert records.kept("q2") is None


def test_an_answer_to_a_question_taken_back_meanwhile_is_not_kept(
    store: QuestionRepository, records: AnswerRepository
) -> None:
    store.receive(received())
    (question,) = store.unfinished()
    store.withdraw("T1", "C1", "1.0")

    records.keep(question.id, received(), "why?", ANSWER)

    assert records.kept(question.id) is None


def test_the_turns_of_a_thread_are_its_own_and_in_order(
    records: AnswerRepository, clock: Clock
) -> None:
    for n, thread in ((1, "1.0"), (2, "1.0"), (3, "9.0"), (4, "1.0")):
        clock.now += 1
        records.keep(f"q{n}", received(n, thread=thread), f"question {n}", ANSWER)

    turns = records.turns(received(5), limit=2)

    assert [turn.text for turn in turns if turn.role == "user"] == ["question 2", "question 4"]
    assert {turn.text for turn in turns if turn.role == "assistant"} == {ANSWER.text}


def test_feedback_is_listed_with_the_answer_it_is_about(
    records: AnswerRepository, clock: Clock
) -> None:
    records.keep("q1", received(), "why?", ANSWER)
    clock.now += 60

    records.rate("q1", "U2", Rating.DOWN)
    records.explain("q1", "U2", reason="outdated", comment="since 2025")
    (told,) = records.feedback()

    assert (told["id"], told["question"], told["answer"]) == ("q1", "why?", ANSWER.text)
    assert (told["rating"], told["reason"], told["comment"]) == ("down", "outdated", "since 2025")
    assert (told["generation"], told["answerer"], told["status"]) == (
        *("gen-000001", "offline"),
        "answered",
    )
    assert (told["asked_at"], told["at"]) == ("1970-01-12T13:46:40Z", "1970-01-12T13:47:40Z")
    citations = told["citations"]
    assert isinstance(citations, list)
    assert citations[0]["quote"] == ANSWER.citations[0].quote
    assert "U1" not in str(told) + str(told)
    assert "U2" not in str(told)


def test_feedback_can_be_read_by_what_makes_questions_of_it(
    records: AnswerRepository, clock: Clock, tmp_path: Path
) -> None:
    for n in (1, 2):
        clock.now += 1
        records.keep(f"q{n}", received(n), f"question {n}?", ANSWER)
    records.rate("q2", "U2", Rating.UP)

    path = tmp_path / "feedback.jsonl"
    path.write_text("".join(json_line(record) + "\n" for record in records.feedback()))
    (line,) = read_feedback(path)

    assert (line.question, line.rating) == ("question 2?", "up")
    assert line.citations[0].quote == ANSWER.citations[0].quote
    assert [turn.content for turn in line.history] == ["question 1?", ANSWER.text]


def test_a_person_has_one_opinion_of_an_answer_the_last(records: AnswerRepository) -> None:
    records.keep("q1", received(), "why?", ANSWER)

    records.rate("q1", "U2", Rating.DOWN)
    records.explain("q1", "U2", reason="wrong", comment="")
    records.rate("q1", "U2", Rating.DOWN)
    (repeated,) = records.feedback()
    records.rate("q1", "U2", Rating.UP)
    (changed,) = records.feedback()

    assert (repeated["rating"], repeated["reason"]) == ("down", "wrong")
    assert (changed["rating"], changed["reason"]) == ("up", "")


def test_an_answer_that_is_not_kept_cannot_be_rated(records: AnswerRepository) -> None:
    records.rate("q1", "U2", Rating.UP)

    assert list(records.feedback()) == []


def test_an_answer_is_shared_once_and_again_only_if_that_was_taken_back(
    records: AnswerRepository,
) -> None:
    records.keep("q1", received(), "why?", ANSWER)

    first, second = records.share("q1"), records.share("q1")
    taken_back = records.share("q1", taken_back=True)
    third = records.share("q1")

    assert (first, second, taken_back, third) == (True, False, True, True)


def test_questions_without_a_good_answer_are_found(records: AnswerRepository, clock: Clock) -> None:
    for n, answer in ((1, ANSWER), (2, not_found()), (3, ANSWER)):
        clock.now += 1
        records.keep(f"q{n}", received(n), "?", answer)
    records.rate("q1", "U2", Rating.DOWN)
    records.rate("q3", "U2", Rating.UP)

    assert [kept.id for kept in records.unanswered(limit=9)] == ["q2", "q1"]
    assert not_found().status is Status.NOT_FOUND


def test_after_the_days_to_keep_nothing_is_left_of_an_answer(
    store: QuestionRepository, records: AnswerRepository, clock: Clock, tmp_path: Path
) -> None:
    store.receive(received(1))
    old = store.claim("us")
    assert old is not None
    records.keep(old.id, received(1), "canary-old?", ANSWER)
    store.finish(old.id, Outcome.POSTED, keep_words=True)
    records.rate(old.id, "U2", Rating.UP)
    clock.now += 8 * DAY_S
    records.keep("q2", received(2), "young?", ANSWER)

    pruned = records.prune(keep_days=7)

    assert pruned == 1
    assert records.kept(old.id) is None
    assert records.kept("q2") is not None
    assert list(records.feedback()) == []
    assert b"canary" not in stored(store, tmp_path)
    assert b"young?" in stored(store, tmp_path)


def test_the_key_of_a_question_outlives_its_words_so_that_a_repeat_is_known(
    store: QuestionRepository, records: AnswerRepository, clock: Clock
) -> None:
    store.receive(received(1))
    claimed = store.claim("us")
    assert claimed is not None
    store.finish(claimed.id, Outcome.POSTED)
    clock.now += DAY_S

    records.prune(keep_days=0.5)
    is_new_after_a_day = store.receive(received(1))
    clock.now += 2 * DAY_S
    records.prune(keep_days=0.5)

    assert is_new_after_a_day is False
    assert store.receive(received(1)) is True


def test_what_waits_is_never_pruned(
    store: QuestionRepository, records: AnswerRepository, clock: Clock
) -> None:
    store.receive(received(1))
    clock.now += 400 * DAY_S

    records.prune(keep_days=1)

    assert len(store.unfinished()) == 1


def test_forgetting_a_person_takes_theirs_and_leaves_the_others(
    store: QuestionRepository, records: AnswerRepository, tmp_path: Path
) -> None:
    for n, user in ((1, "U1"), (2, "U2")):
        store.receive(received(n, user=user, thread=f"{n}.0"))
        claimed = store.claim("us")
        assert claimed is not None
        answer = replace(ANSWER, text=f"canary {user} answer [1].")
        records.keep(claimed.id, received(n, user=user), f"canary {user}?", answer)
        store.finish(claimed.id, Outcome.POSTED, keep_words=True)
        records.rate(claimed.id, "U1", Rating.DOWN)
        records.explain(claimed.id, "U1", reason="other", comment="canary U1 thinks")

    forgotten = records.forget_user("U1")

    assert (forgotten.questions, forgotten.answers, forgotten.feedback) == (1, 1, 2)
    disk = stored(store, tmp_path)
    assert b"canary U1" not in disk
    assert b"canary U2?" in disk
    assert store.receive(received(1)) is False


def test_a_forgotten_persons_waiting_question_is_not_asked(
    store: QuestionRepository, records: AnswerRepository
) -> None:
    store.receive(received(1))

    records.forget_user("U1")

    assert store.claim("us") is None
