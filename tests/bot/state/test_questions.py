import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.bot.database import Row, Target
from footnote_qa.bot.errors import StoreError
from footnote_qa.bot.state.database import MIGRATIONS
from footnote_qa.bot.state.questions import Claimed, Outcome, QuestionRepository, Received


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(target: Target, clock: Clock) -> Iterator[QuestionRepository]:
    with QuestionRepository(target, lease_s=30, now=clock) as opened:
        yield opened


def question(n: int, *, event_id: str | None = None, thread: int | None = None) -> Received:
    return Received(
        event_id=event_id or f"Ev{n}",
        team="T1",
        channel="C1",
        ts=f"{n}.0",
        thread_ts=f"{n if thread is None else thread}.0",
        user="U1",
        text=f"question {n}",
    )


def rows(store: QuestionRepository) -> list[Row]:
    with store.database.sql() as sql:
        return sql.execute("SELECT * FROM question ORDER BY seq").fetchall()


def claim(store: QuestionRepository, owner: str = "a") -> Claimed:
    claimed = store.claim(owner)
    assert claimed is not None
    return claimed


def test_an_event_or_a_message_seen_before_is_a_duplicate(store: QuestionRepository) -> None:
    first = store.receive(question(1))

    again = store.receive(question(1))
    same_event = store.receive(question(2, event_id="Ev1"))
    same_message = store.receive(question(1, event_id="Ev9"))

    assert (first, again, same_event, same_message) == (True, False, False, False)
    assert [c.received for c in store.unfinished()] == [question(1)]


def test_a_duplicate_is_known_after_the_question_was_answered(store: QuestionRepository) -> None:
    store.receive(question(1))
    store.finish(claim(store).id, Outcome.POSTED, "9.9")

    assert store.receive(question(1)) is False
    assert store.claim("a") is None


def test_a_question_outlives_its_process(
    store: QuestionRepository, target: Target, clock: Clock
) -> None:
    store.receive(question(1))

    with QuestionRepository(target, now=clock) as next_one:
        found = claim(next_one)

    assert found.received == question(1)
    assert found.received_at == 1000.0
    assert found.attempts == 1


def test_questions_are_claimed_once_and_in_order(store: QuestionRepository) -> None:
    for n in (1, 2):
        store.receive(question(n))

    claimed = [store.claim(owner) for owner in "abc"]

    assert [c and c.received.ts for c in claimed] == ["1.0", "2.0", None]


def test_a_thread_is_answered_one_question_at_a_time(store: QuestionRepository) -> None:
    for n, thread in ((1, 1), (2, 1), (3, 3)):
        store.receive(question(n, thread=thread))

    first, other_thread, nothing = claim(store), claim(store), store.claim("a")
    store.finish(first.id, Outcome.POSTED)
    second = claim(store)

    assert nothing is None
    assert [c.received.ts for c in (first, other_thread, second)] == ["1.0", "3.0", "2.0"]


def test_what_a_dead_owner_held_can_be_claimed_when_its_lease_ends(
    store: QuestionRepository, clock: Clock
) -> None:
    store.receive(question(1))
    claim(store, "dead")
    clock.now += 29

    too_early = store.claim("next")
    clock.now += 2
    later = claim(store, "next")

    assert too_early is None
    assert later.attempts == 2
    assert later.maybe_posted is False


def test_a_sign_of_life_keeps_a_lease(store: QuestionRepository, clock: Clock) -> None:
    store.receive(question(1))
    claim(store, "alive")
    clock.now += 29
    store.renew("alive")
    clock.now += 29

    assert store.claim("next") is None


def test_a_clock_that_jumps_does_not_let_a_process_claim_what_it_works_on(
    store: QuestionRepository, clock: Clock
) -> None:
    store.receive(question(1))
    claim(store, "a")
    clock.now += 86_400

    assert store.claim("a") is None


def test_only_its_owner_may_begin_to_post(store: QuestionRepository, clock: Clock) -> None:
    store.receive(question(1))
    old = claim(store, "old")
    clock.now += 31
    new = claim(store, "new")

    assert store.begin_posting(old.id, "old") is False
    assert store.begin_posting(new.id, "new") is True


def test_the_next_owner_knows_that_posting_had_begun(
    store: QuestionRepository, clock: Clock
) -> None:
    store.receive(question(1))
    store.begin_posting(claim(store, "a").id, "a")
    clock.now += 31

    later = claim(store, "b")

    assert later.maybe_posted is True


def test_a_post_that_certainly_failed_leaves_no_doubt_behind(store: QuestionRepository) -> None:
    store.receive(question(1))
    claimed = claim(store)
    store.begin_posting(claimed.id, "a")

    store.retract(claimed.id, "a")
    store.release("a", claimed.id)

    assert claim(store, "b").maybe_posted is False


def test_released_questions_can_be_claimed_immediately_and_not_posted_any_more(
    store: QuestionRepository,
) -> None:
    store.receive(question(1))
    claimed = claim(store, "a")

    store.release("a")
    store.renew("a")

    assert store.begin_posting(claimed.id, "a") is False
    assert claim(store, "b").id == claimed.id


def test_beyond_the_limit_a_question_is_kept_only_to_be_turned_away(
    store: QuestionRepository,
) -> None:
    for n in (1, 2, 3):
        store.receive(question(n, thread=1), max_waiting=2)

    turned_away = store.claim("a", turned_away=True)
    waiting = claim(store)

    assert turned_away is not None
    assert (turned_away.received.ts, turned_away.turned_away) == ("3.0", True)
    assert (waiting.received.ts, waiting.turned_away) == ("1.0", False)


def test_the_words_of_a_question_are_gone_from_the_disk_once_it_is_answered(
    tmp_path: Path,
) -> None:
    store = QuestionRepository(tmp_path / "state.sqlite")
    store.receive(question(1))
    store.finish(claim(store).id, Outcome.POSTED)
    store.close()

    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert b"Ev1" in on_disk
    assert b"question 1" not in on_disk


def test_the_questions_of_one_person_that_are_worked_on_have_a_limit(
    store: QuestionRepository, clock: Clock
) -> None:
    for n in (1, 2, 3):
        store.receive(question(n))

    claimed = [store.claim("a", max_per_user=2) for _ in range(3)]
    store.finish(str(claimed[0] and claimed[0].id), Outcome.POSTED)
    after_one_ended = store.claim("a", max_per_user=2)

    assert [c and c.received.ts for c in claimed] == ["1.0", "2.0", None]
    assert after_one_ended is not None
    clock.now += 31
    assert store.claim("b", max_per_user=2) is not None  # a dead owner holds up nobody


def test_a_question_that_waits_can_be_revised_and_one_in_work_cannot(
    store: QuestionRepository,
) -> None:
    store.receive(question(1))

    waiting = store.revise("T1", "C1", "1.0", text="anew")
    claimed = claim(store)
    working = store.revise("T1", "C1", "1.0", text="too late")

    assert (waiting, working, claimed.received.text) == (True, False, "anew")
    assert store.revise("T1", "C1", "9.0", text="of nothing") is False


def test_a_question_taken_back_may_not_be_posted(store: QuestionRepository) -> None:
    store.receive(question(1))
    claimed = claim(store)
    store.begin_posting(claimed.id, "a")
    store.note_part(claimed.id, "5.0")

    withdrawn = store.withdraw("T1", "C1", "1.0")

    assert withdrawn is not None
    assert (withdrawn.posting, withdrawn.messages) == (True, ("5.0",))
    assert store.begin_posting(claimed.id, "a") is False
    assert store.finish(claimed.id, Outcome.POSTED) is False
    assert store.outcome(claimed.id) is Outcome.WITHDRAWN
    assert store.withdraw("T1", "C1", "9.0") is None


def test_the_next_owner_knows_what_was_begun(store: QuestionRepository, clock: Clock) -> None:
    store.receive(question(1))
    first = claim(store, "a")
    store.begin_posting(first.id, "a")
    for ts in ("5.0", "6.0"):
        store.note_part(first.id, ts)
    clock.now += 31

    assert claim(store, "b").parts == ("5.0", "6.0")


def test_the_words_of_a_question_that_may_be_asked_again_are_kept(
    store: QuestionRepository,
) -> None:
    for n in (1, 2):
        store.receive(question(n))
    kept, forgotten = claim(store), claim(store)

    store.finish(kept.id, Outcome.POSTED, keep_words=True)
    store.finish(forgotten.id, Outcome.POSTED)

    assert store.words(kept.id) == question(1)
    assert store.words(forgotten.id) is None


def test_an_answer_seen_after_all_takes_the_place_of_the_note_that_doubted_it(
    store: QuestionRepository,
) -> None:
    for n, outcome in ((1, Outcome.UNCERTAIN), (2, Outcome.POSTED)):
        store.receive(question(n))
        store.finish(claim(store).id, outcome, "5.0", keep_words=True)
    ids = [found["id"] for found in rows(store)]

    on_the_note = store.settle(ids[0], "5.0")
    notes = [store.settle(i, "4.0") for i in (*ids, ids[0])]

    assert on_the_note is None
    assert notes == ["5.0", None, None]
    assert [(found["outcome"], found["posted_ts"]) for found in rows(store)] == [
        *(("posted", "4.0"), ("posted", "5.0"))
    ]


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with sqlite3.connect(path) as old:
        for statement in MIGRATIONS[0]:
            old.execute(statement)
        old.execute(
            "INSERT INTO question (id, event_id, team, channel, ts, thread_ts, user, text,"
            " turned_away, received_at)"
            " VALUES ('q', 'Ev1', 'T1', 'C1', '1.0', '1.0', 'U1', 'why?', 0, 5.0)"
        )
        old.execute("PRAGMA user_version = 1")
    old.close()

    with QuestionRepository(path) as store:
        found = claim(store)

    assert (found.id, found.received.text, found.parts) == ("q", "why?", ())


def test_many_threads_keep_each_question_once(store: QuestionRepository) -> None:
    kept: list[bool] = []

    def receive() -> None:
        kept.extend(store.receive(question(n)) for n in range(50))

    threads = [threading.Thread(target=receive) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert kept.count(True) == 50
    assert len(store.unfinished()) == 50


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.sqlite"

    with QuestionRepository(path) as store:
        store.receive(question(1))
        modes = {p.name: p.stat().st_mode & 0o777 for p in path.parent.iterdir()}

    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert modes == {
        "state.sqlite": 0o600,
        "state.sqlite-wal": 0o600,
        "state.sqlite-shm": 0o600,
    }


def test_every_write_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    store = QuestionRepository(tmp_path / "state.sqlite")

    def pragma(name: str) -> object:
        with store.database.sql() as sql:
            return sql.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2  # FULL
    assert pragma("secure_delete") == 1
    store.close()


def test_a_file_of_a_newer_program_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with sqlite3.connect(path) as newer:
        newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()

    with pytest.raises(StoreError, match="newer program"):
        QuestionRepository(path)

    left = sqlite3.connect(path)
    assert left.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS) + 1
    assert left.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    left.close()


def test_an_existing_state_is_opened_without_migrating_it_twice(target: Target) -> None:
    with QuestionRepository(target) as store:
        store.receive(question(1))

    with QuestionRepository(target) as again:
        assert again.receive(question(1)) is False


def test_a_file_that_is_no_database_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"not a database at all" * 100)

    with pytest.raises(StoreError, match=r"state\.sqlite"):
        QuestionRepository(path)


def test_a_store_that_fails_later_says_so_in_its_own_words(store: QuestionRepository) -> None:
    store.close()

    with pytest.raises(StoreError, match="cannot be used"):
        store.receive(question(1))
