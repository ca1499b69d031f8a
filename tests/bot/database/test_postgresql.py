"""PostgreSQL: several processes, outages, and a password to keep."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from footnote_qa.bot.database import PostgresUrl, Schema, Target, open_database, probe_database
from footnote_qa.bot.database.outages import PATIENCE_S, Outages
from footnote_qa.bot.errors import StoreError, StoreUnavailableError
from footnote_qa.bot.state import SCHEMA, Claimed, Outcome, QuestionRepository, Received
from tests.fakes.postgresql import PostgresServer, missing, running

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "can run")


def question(n: int, *, user: str = "U1", thread: int | None = None) -> Received:
    return Received(
        event_id=f"Ev{n}",
        team="T1",
        channel="C1",
        ts=f"{n}.0",
        thread_ts=f"{n if thread is None else thread}.0",
        user=user,
        text=f"question {n}",
    )


@pytest.fixture
def replicas(postgres_target: Target) -> Iterator[list[QuestionRepository]]:
    """Four processes' repositories on one database; each has connections of its own."""
    opened = [QuestionRepository(postgres_target) for _ in range(4)]
    yield opened
    for each in opened:
        each.close()


def side_by_side(replicas: list[QuestionRepository], work: Any) -> None:
    threads = [
        threading.Thread(target=work, args=(number, each)) for number, each in enumerate(replicas)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_replicas_claim_each_question_once(replicas: list[QuestionRepository]) -> None:
    for n in range(60):
        replicas[0].receive(question(n))
    claimed: list[Claimed] = []

    def work(number: int, store: QuestionRepository) -> None:
        while (one := store.claim(f"replica {number}")) is not None:
            claimed.append(one)

    side_by_side(replicas, work)

    assert sorted(int(one.received.ts[:-2]) for one in claimed) == list(range(60))


def test_replicas_work_on_one_question_of_a_thread_at_a_time(
    replicas: list[QuestionRepository],
) -> None:
    for n in range(40):
        replicas[0].receive(question(n, thread=n % 4))
    working: Counter[str] = Counter()
    most: list[int] = []

    def work(number: int, store: QuestionRepository) -> None:
        for _ in range(200):
            one = store.claim(f"replica {number}")
            if one is None:
                continue
            working[one.received.thread_ts] += 1
            most.append(max(working.values()))
            time.sleep(0.002)
            working[one.received.thread_ts] -= 1
            store.finish(one.id, Outcome.POSTED)

    side_by_side(replicas, work)

    assert len(most) == 40
    assert max(most) == 1


def test_a_person_has_no_more_questions_in_work_than_allowed_in_all_replicas_together(
    replicas: list[QuestionRepository],
) -> None:
    for n in range(40):
        replicas[0].receive(question(n, user=f"U{n % 2}"))
    claimed: list[str] = []

    def work(number: int, store: QuestionRepository) -> None:
        found = [store.claim(f"replica {number}", max_per_user=3) for _ in range(10)]
        claimed.extend(one.received.user for one in found if one)

    side_by_side(replicas, work)

    assert Counter(claimed) == {"U0": 3, "U1": 3}


def test_no_more_questions_wait_than_allowed_in_all_replicas_together(
    replicas: list[QuestionRepository],
) -> None:
    def work(number: int, store: QuestionRepository) -> None:
        for n in range(10):
            store.receive(question(100 * number + n), max_waiting=7)

    side_by_side(replicas, work)

    left = replicas[0].unfinished()
    assert sum(not one.turned_away for one in left) == 7
    assert len(left) == 40


def test_a_stored_question_wakes_the_other_replicas(replicas: list[QuestionRepository]) -> None:
    woken = threading.Event()
    unlisten = replicas[1].database.listen(woken.set)
    assert woken.wait(20)  # as soon as it listens
    woken.clear()

    replicas[0].receive(question(1))
    heard = woken.wait(20)
    unlisten()

    assert heard


def test_texts_with_the_character_zero_can_be_stored(postgres_target: Target) -> None:
    with QuestionRepository(postgres_target) as store:
        store.receive(Received(**{**as_dict(question(1)), "text": "a\0b"}))

        assert store.unfinished()[0].received.text == "ab"


def as_dict(received: Received) -> dict[str, Any]:
    return {name: getattr(received, name) for name in received.__dataclass_fields__}


# --- outages ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server of this file."""
    with running() as own:
        yield own


@pytest.fixture
def server(own_server: PostgresServer) -> Iterator[PostgresServer]:
    """A server that a test may kill; it runs again for the next one."""
    yield own_server
    if own_server.is_running:
        own_server.resume()
    else:
        own_server.start()


def opened(server: PostgresServer, **named: Any) -> QuestionRepository:
    return QuestionRepository(PostgresUrl(server.new_database()), **named)


def test_what_is_stored_in_an_outage_waits_for_its_end_and_is_stored_once(
    server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(server) as store, caplog.at_level(logging.WARNING):
        store.receive(question(1))
        server.kill()
        restart = threading.Timer(1.5, server.start)
        restart.start()

        is_new = store.receive(question(2))
        restart.join()
        left = [one.received.ts for one in store.unfinished()]

    assert is_new
    assert left == ["1.0", "2.0"]
    assert caplog.messages == [
        "the state cannot be reached: questions wait",
        "the state can be reached again",
    ]


def test_looking_for_work_in_an_outage_fails_at_first_and_later_works(
    server: PostgresServer,
) -> None:
    with opened(server) as store:
        store.receive(question(1))
        server.kill()

        with pytest.raises(StoreUnavailableError):
            store.claim("us")
        lasting_s = store.database.outage_s()
        server.start()
        claimed = store.claim("us")

        assert lasting_s > 0
        assert store.database.outage_s() == 0
        assert claimed is not None


def test_a_server_that_does_not_answer_for_a_while_loses_nothing(server: PostgresServer) -> None:
    with opened(server) as store:
        store.receive(question(1))
        server.pause()
        threading.Timer(2, server.resume).start()

        is_new = store.receive(question(2))

        assert is_new
        assert len(store.unfinished()) == 2


def test_after_an_outage_owners_can_renew_before_others_take_over(server: PostgresServer) -> None:
    url = PostgresUrl(server.new_database())
    with QuestionRepository(url, lease_s=2) as ours, QuestionRepository(url, lease_s=2) as theirs:
        ours.receive(question(1))
        claimed = ours.claim("us")
        server.kill()
        with pytest.raises(StoreUnavailableError):
            theirs.claim("them")
        time.sleep(2.2)  # the lease is over
        server.start()

        taken = theirs.claim("them")
        ours.renew("us")
        time.sleep(1.0)
        still = theirs.claim("them")

        assert claimed is not None
        assert (taken, still) == (None, None)
        assert ours.begin_posting(claimed.id, "us")


def test_the_questions_of_a_replica_that_died_in_an_outage_are_taken_over(
    server: PostgresServer,
) -> None:
    url = PostgresUrl(server.new_database())
    with QuestionRepository(url, lease_s=1) as ours, QuestionRepository(url, lease_s=1) as theirs:
        ours.receive(question(1))
        ours.claim("us")
        server.kill()
        with pytest.raises(StoreUnavailableError):
            theirs.claim("them")
        server.start()

        until = time.monotonic() + 60
        while (taken := theirs.claim("them")) is None and time.monotonic() < until:
            time.sleep(0.05)

        assert taken is not None


class LostReply:
    """Lets the connection break after the next commit, so that nobody hears of it."""

    def __init__(self, store: QuestionRepository) -> None:
        self._real = store.database.transaction
        self.lost = 0
        vars(store.database)["transaction"] = self.transaction

    def transaction(self, **named: Any) -> Any:
        import contextlib

        @contextlib.contextmanager
        def losing() -> Iterator[Any]:
            with self._real(**named) as sql:
                yield sql
            if not self.lost:
                self.lost += 1
                raise StoreUnavailableError("the connection broke after the commit")

        return losing()


def test_a_question_whose_commit_was_not_heard_of_is_new_and_not_a_duplicate(
    postgres_target: Target,
) -> None:
    with QuestionRepository(postgres_target) as store:
        reply = LostReply(store)

        is_new = store.receive(question(1))
        again = store.receive(question(1))

        assert (reply.lost, is_new, again) == (1, True, False)


def test_a_question_taken_without_knowing_it_is_released_and_taken_again(
    postgres_target: Target,
) -> None:
    with QuestionRepository(postgres_target) as store:
        store.receive(question(1))
        store.receive(question(2))
        known = store.claim("us")
        LostReply(store)
        with pytest.raises(StoreUnavailableError):
            store.claim("us")
        nothing = store.claim("us")

        assert known is not None
        store.release("us", keep=[known.id])
        found = store.claim("us")

        assert nothing is None
        assert found is not None
        assert found.received.ts == "2.0"
        assert store.begin_posting(known.id, "us")


def test_patience_ends_and_whoever_comes_late_does_not_wait_as_long_again() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    outages = Outages("somewhere", now=lambda: now[0], sleep=sleep)

    def fail() -> None:
        outages.failed(StoreError("gone"))
        raise StoreUnavailableError("gone")

    with pytest.raises(StoreUnavailableError):
        outages.wait_out(fail)
    first = now[0]
    with pytest.raises(StoreUnavailableError):
        outages.wait_out(fail)

    assert PATIENCE_S - 2 < first < PATIENCE_S + 2
    assert now[0] - first < 3


# --- the address --------------------------------------------------------------------------

SECRET = "p4ss w%rd"  # noqa: S105 it opens nothing


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:p4ss%20w%25rd@127.0.0.1:1/footnote",
        "postgresql://bot@127.0.0.1:1/footnote?password=p4ss%20w%25rd",
        "postgresql://bot:p4ss w%rd@127.0.0.1:1/footnote",
        "postgresql://bot:p4ss w%rd@[::1/footnote",
        "postgresql://127.0.0.1:1/footnote?passwort=p4ss w%rd",
    ],
)
def test_no_password_is_in_an_error_or_the_log(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("footnote_qa.bot.database.outages.PATIENCE_S", 0.1)
    said = []

    for act in (lambda: QuestionRepository(PostgresUrl(url)), lambda: probe(url)):
        with caplog.at_level(logging.DEBUG), pytest.raises(StoreError) as failed:
            act()
        said.append(str(failed.value))
        assert failed.value.__cause__ is None

    shown = " ".join([*said, caplog.text, repr(PostgresUrl(url)), str(PostgresUrl(url))])
    assert "p4ss" not in shown
    assert "PostgreSQL" in said[0]


def probe(url: str) -> str:
    return probe_database(PostgresUrl(url), SCHEMA)


def test_the_probe_names_server_version_and_migrations_and_changes_nothing(
    postgres_target: Target,
) -> None:
    before = probe_database(postgres_target, SCHEMA)
    again = probe_database(postgres_target, SCHEMA)
    QuestionRepository(postgres_target).close()
    after = probe_database(postgres_target, SCHEMA)

    assert "PostgreSQL 1" in before
    assert "version 0" in before
    assert again == before
    assert f"up to date (version {len(SCHEMA.steps)})" in after


# --- versions -----------------------------------------------------------------------------

OLD = Schema(name="parts", steps=(("CREATE TABLE part (n INTEGER) STRICT",),), usable_from=1)
NEW = Schema(
    name="parts",
    steps=(*OLD.steps, ("ALTER TABLE part ADD COLUMN name TEXT NOT NULL DEFAULT ''",)),
    usable_from=1,
)


def test_replicas_of_the_release_before_run_on_while_new_ones_start(
    postgres_target: Target,
) -> None:
    old = open_database(postgres_target, OLD)
    new = open_database(postgres_target, NEW)
    restarted = open_database(postgres_target, OLD)

    for each in (old, restarted):
        with each.sql() as sql:
            sql.execute("INSERT INTO part (n) VALUES (:n)", {"n": 1})
    with new.sql() as sql:
        rows = [tuple(row) for row in sql.execute("SELECT n, name FROM part").fetchall()]
    for each in (old, new, restarted):
        each.close()

    assert rows == [(1, ""), (1, "")]


def test_tables_that_an_older_program_cannot_use_are_refused(postgres_target: Target) -> None:
    breaking = Schema(name="parts", steps=NEW.steps, usable_from=2)
    open_database(postgres_target, breaking).close()

    with pytest.raises(StoreError, match="newer program"):
        open_database(postgres_target, OLD)


def test_replicas_that_start_side_by_side_migrate_once(postgres_target: Target) -> None:
    failed: list[Exception] = []

    def start() -> None:
        try:
            QuestionRepository(postgres_target).close()
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


def test_leases_that_ended_in_an_outage_still_count_for_their_person(
    server: PostgresServer,
) -> None:
    url = PostgresUrl(server.new_database())
    with QuestionRepository(url, lease_s=1) as ours, QuestionRepository(url, lease_s=1) as theirs:
        for n in (1, 2):
            ours.receive(question(n))
        ours.claim("us", max_per_user=1)
        server.kill()
        with pytest.raises(StoreUnavailableError):
            theirs.claim("them", max_per_user=1)
        time.sleep(1.1)
        server.start()

        taken = theirs.claim("them", max_per_user=1)

        assert taken is None
