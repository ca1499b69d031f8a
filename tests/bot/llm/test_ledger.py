import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.database import Target
from footnote_qa.bot.errors import StoreError
from footnote_qa.bot.llm.ledger import Ledger, Request, Scope, next_by_share

SHARES = {"main": 0.75, "second": 0.25}
DAY_S = 86_400.0


Open: TypeAlias = Callable[..., Ledger]


@pytest.fixture
def open_ledger(target: Target) -> Iterator[Open]:
    """Opens ledgers in a file or in PostgreSQL."""
    with ExitStack() as stack:
        yield lambda **named: stack.enter_context(closing(Ledger(target, **named)))


class Clock:
    def __init__(self) -> None:
        self.now = 1_760_000_000.0

    def __call__(self) -> float:
        return self.now


def a_request(**changes: Any) -> Request:
    values: dict[str, Any] = {
        "provider": "main",
        "purpose": "answer",
        "reason": "",
        "ms": 10.0,
        "input_tokens": 100,
        "output_tokens": 10,
        "cost_usd": Decimal("0.0000375"),
        "user": "U1",
        "channel": "C1",
    }
    return Request(**(values | changes))


def test_first_choices_of_ten_thousand_threads_follow_the_shares() -> None:
    ledger = Ledger(None)

    for at in range(10_000):
        ledger.choose(SHARES, f"thread-{at}")

    assert ledger.chosen(SHARES) == {"main": 7500, "second": 2500}


@given(
    st.lists(st.integers(1, 100), min_size=1, max_size=6), st.integers(min_value=1, max_value=400)
)
def test_no_provider_is_ever_far_from_its_share(weights: list[int], count: int) -> None:
    shares = {f"p{at}": weight / sum(weights) for at, weight in enumerate(weights)}
    chosen = dict.fromkeys(shares, 0)

    for _ in range(count):
        chosen[next_by_share(shares, chosen)] += 1

    assert all(abs(chosen[n] - shares[n] * count) < len(shares) for n in shares)


def test_thread_keeps_its_provider_and_counts_once(open_ledger: Open) -> None:
    ledger = open_ledger()
    first = [ledger.choose(SHARES, f"thread-{at}") for at in range(8)]

    again = [ledger.choose(SHARES, f"thread-{at}") for at in range(8)]

    assert again == first
    assert sum(ledger.chosen(SHARES).values()) == 8


def test_choices_go_on_where_the_last_process_left_off(tmp_path: Path) -> None:
    chosen = []
    for _ in range(4):
        ledger = Ledger(tmp_path / "spend.sqlite")
        chosen.append(ledger.choose(SHARES, ""))
        ledger.close()

    assert sorted(chosen) == ["main", "main", "main", "second"]


def test_after_a_change_of_shares_counting_starts_again(open_ledger: Open) -> None:
    ledger = open_ledger()
    for _ in range(100):
        ledger.choose(SHARES, "")
    other = {"main": 0.5, "third": 0.5}

    for _ in range(10):
        ledger.choose(other, "")

    assert ledger.chosen(other) == {"main": 5, "third": 5}


def test_costs_add_up_exactly_however_small(open_ledger: Open) -> None:
    ledger = open_ledger()

    for _ in range(1000):
        ledger.record(a_request(cost_usd=Decimal("0.0000000375")))

    assert ledger.spent_today(Scope.ALL) == Decimal("0.0000375")


@pytest.mark.parametrize(
    ("scope", "name", "times"),
    [
        (Scope.ALL, "", 3),
        (Scope.PROVIDER, "main", 2),
        (Scope.PROVIDER, "second", 1),
        (Scope.USER, "U1", 2),
        (Scope.USER, "U3", 0),
        (Scope.CHANNEL, "C1", 3),
    ],
)
def test_spending_is_known_by_provider_user_and_channel(
    open_ledger: Open, scope: Scope, name: str, times: int
) -> None:
    ledger = open_ledger()
    requests = [a_request(), a_request(provider="second"), a_request(user="U2")]

    for request in requests:
        ledger.record(request)

    assert ledger.spent_today(scope, name) == times * Decimal("0.0000375")


def test_another_day_begins_at_midnight_utc(open_ledger: Open) -> None:
    clock = Clock()
    ledger = open_ledger(now=clock)
    ledger.record(a_request())

    clock.now += DAY_S

    assert ledger.spent_today(Scope.ALL) == 0


def test_tally_counts_requests_failures_and_what_has_no_price(open_ledger: Open) -> None:
    clock = Clock()
    ledger = open_ledger(now=clock)
    ledger.record(a_request())
    clock.now += 10 * DAY_S
    ledger.record(a_request(ms=30.0))
    ledger.record(a_request(ms=20.0, cost_usd=None))
    ledger.record(a_request(reason="cut", cost_usd=Decimal(0), estimated=True))

    tally = ledger.tally("main", days=7)

    assert (tally.requests, tally.failures) == (3, 1)
    assert (tally.unpriced, tally.estimated) == (1, 1)
    assert tally.ms == (20.0, 30.0)
    assert tally.cost_usd == Decimal("0.0000375")


def test_file_holds_neither_users_nor_channels_nor_threads(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "spend.sqlite")

    ledger.record(a_request(user="U0CANARY", channel="C0CANARY"))
    ledger.choose(SHARES, "T0CANARY")
    ledger.close()

    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"CANARY" not in held


def test_forgotten_user_has_spent_nothing_and_the_sum_stays(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.record(a_request())

    forgotten = ledger.forget_user("U1")

    assert forgotten == 1
    assert ledger.spent_today(Scope.USER, "U1") == 0
    assert ledger.spent_today(Scope.ALL) == Decimal("0.0000375")


def test_file_from_before_estimates_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "spend.sqlite"
    Ledger(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE request DROP COLUMN estimated")
        connection.execute("DROP TABLE reservation")
        connection.execute("PRAGMA user_version = 0")

    ledger = Ledger(path)
    ledger.record(a_request(estimated=True))

    assert ledger.tally("main", days=1).estimated == 1


def test_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "spend.sqlite"
    path.write_text("not a database, but long enough to look like one" * 40, encoding="utf-8")

    with pytest.raises(StoreError, match=r"spend\.sqlite"):
        Ledger(path)


def test_of_two_processes_only_one_reserves_the_rest_of_a_budget(open_ledger: Open) -> None:
    ledgers = [open_ledger(), open_ledger()]
    limits = {(Scope.ALL, ""): Decimal(1), (Scope.USER, "U1"): Decimal(5)}

    made = [ledger.reserve(limits, Decimal("0.3"), for_s=60) for ledger in ledgers * 3]
    ledgers[0].release(made[1] or "")
    after = [ledger.reserve(limits, Decimal("0.3"), for_s=60) for ledger in ledgers]

    assert [each is not None for each in made] == [True, True, True, False, False, False]
    assert [each is not None for each in after] == [True, False]


def test_reservations_made_side_by_side_never_exceed_a_budget(open_ledger: Open) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    limits = {(Scope.CHANNEL, "C1"): Decimal(1)}
    made: list[str | None] = []

    def reserve(ledger: Ledger) -> None:
        made.extend(ledger.reserve(limits, Decimal("0.1"), for_s=60) for _ in range(5))

    threads = [threading.Thread(target=reserve, args=[ledger]) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(each is not None for each in made) == 10


def test_a_reservation_of_a_process_that_died_ends_by_itself(open_ledger: Open) -> None:
    clock = Clock()
    dead, alive = open_ledger(now=clock), open_ledger(now=clock)
    limits = {(Scope.ALL, ""): Decimal(1)}
    dead.reserve(limits, Decimal(1), for_s=60)

    before = alive.reserve(limits, Decimal(1), for_s=60)
    clock.now += 61
    after = alive.reserve(limits, Decimal(1), for_s=60)

    assert before is None
    assert after is not None


def test_turns_of_many_processes_follow_the_shares_together(open_ledger: Open) -> None:
    ledgers = [open_ledger() for _ in range(4)]

    threads = [
        threading.Thread(
            target=lambda one: [one.choose(SHARES, "") for _ in range(25)], args=[each]
        )
        for each in ledgers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ledgers[0].chosen(SHARES) == {"main": 75, "second": 25}
