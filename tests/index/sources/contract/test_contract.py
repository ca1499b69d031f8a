"""Promises of every source, over real HTTP against the service on loopback."""

import os
import signal
import subprocess
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from footnote_qa.index.audience import may_see
from footnote_qa.index.errors import SourceError
from tests.fakes.services.server import Answer, FakeClock
from tests.fakes.services.syncing import Doc, Syncing
from tests.index.sources.contract.worlds import OPEN, UNTIMED, World


def with_text(docs: dict[str, Doc], text: str) -> Doc:
    """Return the one document that has *text*."""
    (found,) = [doc for doc in docs.values() if doc.text and text in doc.text]
    return found


def texts(docs: dict[str, Doc]) -> str:
    return "\n".join(doc.text or "" for doc in docs.values())


def needs_an_account(world: World) -> None:
    if world.spec.kind in OPEN:
        pytest.skip("the service has no accounts")


def needs_retry_after(world: World) -> None:
    if world.spec.kind in UNTIMED:
        pytest.skip("the service does not say how long to wait")


def seers(syncing: Syncing, doc: Doc) -> set[str]:
    people = ("ann@example.org", "bob@example.org", "eve@example.org")
    return {
        one.partition("@")[0]
        for one in people
        if may_see(doc.audience, syncing.access.groups_of([one]))
    }


def test_first_sync_brings_every_document_with_its_title_and_address(
    world: World, syncing: Syncing
) -> None:
    world.add("Leave", "Twenty days of leave.")
    world.add("Parking", "Three euros a day.")

    docs = syncing.sync()

    assert len(docs) == 2
    leave = with_text(docs, "Twenty days")
    assert leave.title is None or "Leave" in leave.title
    assert leave.url is not None
    assert leave.url.startswith("http")
    assert syncing.note.items == 2
    assert syncing.note.faults == ()


def test_nothing_is_fetched_if_nothing_changed(world: World, syncing: Syncing) -> None:
    for number in range(5):
        world.add(f"Page {number}", f"Text number {number}.")
    before = syncing.sync()
    world.service.forget()

    after = syncing.sync()

    assert after == before
    assert world.service.bodies == []
    assert syncing.note.fetched == 0


def test_an_edit_fetches_one_body(world: World, syncing: Syncing) -> None:
    key = world.add("Leave", "Twenty days of leave.")
    world.add("Parking", "Three euros a day.")
    syncing.sync()
    world.service.forget()
    world.edit(key, "Thirty days of leave.")

    docs = syncing.sync()

    assert with_text(docs, "Thirty days") is not None
    assert "Twenty days" not in texts(docs)
    assert len(world.service.bodies) == 1


def test_a_renamed_document_is_there_once(world: World, syncing: Syncing) -> None:
    key = world.add("Leave", "Twenty days of leave.")
    before = set(syncing.sync())
    world.rename(key, "Absence")

    docs = syncing.sync()

    assert len(docs) == 1
    (name,) = docs
    assert ("Absence" in name) or ("Absence" in (docs[name].title or "")) or name not in before
    assert with_text(docs, "Twenty days") is not None


def test_what_is_deleted_is_gone_and_withheld_from_earlier_generations(
    world: World, syncing: Syncing
) -> None:
    key = world.add("Leave", "Twenty days of leave.")
    world.add("Parking", "Three euros a day.")
    before = syncing.sync()
    number = syncing.note.number
    (gone,) = [name for name, doc in before.items() if "Twenty" in (doc.text or "")]
    world.delete(key)

    docs = syncing.sync()

    assert "Twenty days" not in texts(docs)
    assert "Three euros" in texts(docs)
    assert syncing.withheld(number) == {gone}
    assert syncing.withheld(syncing.note.number) == frozenset()


def test_a_permission_counts_from_the_next_sync_without_a_fetch(
    world: World, syncing: Syncing
) -> None:
    key = world.add("Salaries", "Salaries are secret.")
    before = syncing.sync()
    if not world.restrict(key):
        pytest.skip("the service has no permissions of single documents")
    assert seers(syncing, with_text(before, "secret")) == {"ann", "bob"}
    number = syncing.note.number
    world.service.forget()

    docs = syncing.sync()

    assert seers(syncing, with_text(docs, "secret")) == {"ann"}
    assert world.service.bodies == []
    assert len(syncing.withheld(number)) == 1


def test_a_token_that_expires_half_way_is_one_clear_fault_and_nothing_is_lost(
    world: World, syncing: Syncing, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_an_account(world)
    for number in range(12):
        world.add(f"Page {number}", f"Text number {number}.")
    world.service.expires_after_bodies = 4

    with pytest.raises(SourceError, match="expired"):
        syncing.sync()

    assert len(syncing.note.faults) == 1
    assert "expired" in syncing.note.faults[0]
    assert "another" not in syncing.note.faults[0]
    world.service.expires_after_bodies = None
    monkeypatch.setenv("TOKEN_OF_THE_TEST", world.service.token)
    world.service.forget()
    assert len(syncing.sync()) == 12
    assert len(world.service.bodies) < 12  # the first ones are not fetched again
    assert not syncing.note.faults


def test_a_fault_later_deletes_nothing(
    world: World, syncing: Syncing, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_an_account(world)
    world.add("Leave", "Twenty days of leave.")
    before = syncing.sync()
    number = syncing.note.number
    monkeypatch.setenv("TOKEN_OF_THE_TEST", "revoked")

    with pytest.raises(SourceError):
        syncing.sync()

    assert syncing.offline() == before
    assert syncing.withheld(number) == frozenset()
    assert syncing.note.synced_at
    assert syncing.note.items == 1


def test_the_service_says_how_long_to_wait(world: World, syncing: Syncing) -> None:
    needs_retry_after(world)
    world.add("Leave", "Twenty days of leave.")
    world.service.faults = [
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(status=429, headers={"Retry-After": "11"}),
    ]

    docs = syncing.sync()

    assert len(docs) == 1
    assert syncing.clock.slept == [pytest.approx(7, abs=0.1), pytest.approx(11, abs=0.1)]


def test_a_wait_is_measured_by_the_clock_of_the_service(world: World, tmp_path: Path) -> None:
    needs_retry_after(world)
    world.add("Leave", "Twenty days of leave.")
    clock = FakeClock(skew=timedelta(days=3))
    syncing = Syncing(world.spec, tmp_path, clock)
    until = FakeClock().now() + timedelta(seconds=40)
    world.service.faults = [
        Answer(status=429, headers={"Retry-After": format_datetime(until, usegmt=True)})
    ]

    syncing.sync()

    assert clock.slept == [pytest.approx(40, abs=2)]


def test_a_wait_without_end_is_a_fault(world: World, syncing: Syncing) -> None:
    needs_retry_after(world)
    world.add("Leave", "Twenty days of leave.")
    world.service.faults = [Answer(status=429, headers={"Retry-After": "86400"})]

    with pytest.raises(SourceError, match="wait for 86400 s"):
        syncing.sync()


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_passing_fault_of_the_server_is_waited_out(
    world: World, syncing: Syncing, status: int
) -> None:
    world.add("Leave", "Twenty days of leave.")
    world.service.faults = [Answer(status=status)] * 3

    docs = syncing.sync()

    assert len(docs) == 1
    assert len(syncing.clock.slept) == 3
    assert syncing.clock.slept == sorted(syncing.clock.slept)


def test_a_server_that_stays_down_is_a_fault(world: World, syncing: Syncing) -> None:
    world.add("Leave", "Twenty days of leave.")
    syncing.sync()
    world.service.faults = [Answer(status=503)] * 50

    with pytest.raises(SourceError, match="try later"):
        syncing.sync()

    assert len(syncing.offline()) == 1


def test_a_broken_document_is_one_problem_and_is_tried_again(
    world: World, syncing: Syncing
) -> None:
    key = world.add("Leave", "Twenty days of leave.")
    world.add("Parking", "Three euros a day.")
    world.break_(key)

    docs = syncing.sync()

    problems = [doc for doc in docs.values() if doc.text is None]
    assert len(docs) == 2
    assert len(problems) == 1
    assert problems[0].reason
    assert syncing.note.broken == 1
    world.repair(key)
    assert with_text(syncing.sync(), "Twenty days") is not None
    assert syncing.note.broken == 0


def test_a_part_that_vanishes_is_a_fault_and_its_documents_stay(
    world: World, syncing: Syncing
) -> None:
    world.add("Leave", "Twenty days of leave.")
    syncing.sync()
    number = syncing.note.number
    if not world.hide_part():
        pytest.skip("the service has no parts")

    docs = syncing.sync()

    assert "Twenty days" in texts(docs)
    assert len(syncing.note.faults) == 1
    assert syncing.withheld(number) == frozenset()


def test_one_change_among_many_documents_costs_one_fetch(
    world: World, syncing: Syncing, campaign: bool
) -> None:
    most = 900 if world.spec.kind == "crawl" else 10_000  # a crawl ends after a thousand pages
    count = most if campaign else 60
    keys = [world.add(f"Page {number}", f"Text number {number}.") for number in range(count)]
    syncing.sync()
    world.service.forget()
    world.edit(keys[count // 2], "Text that is new.")

    docs = syncing.sync()

    assert len(docs) == count
    assert len(world.service.bodies) == 1


def test_a_sync_that_is_killed_goes_on_where_it_was(
    world: World, syncing: Syncing, campaign: bool
) -> None:
    if not campaign and world.spec.kind != "confluence":
        pytest.skip("a process for each world: with --campaign")
    for number in range(20):
        world.add(f"Page {number}", f"Text number {number}.")
    started: list[subprocess.Popen[bytes]] = []

    def kill(count: int) -> None:
        if count == 9:
            os.kill(started[0].pid, signal.SIGKILL)

    world.service.on_body = kill
    started.append(syncing.in_a_process())
    assert started[0].wait(timeout=60) == -signal.SIGKILL
    world.service.forget()

    docs = syncing.sync()

    assert len(docs) == 20
    assert len(world.service.bodies) <= 16  # at most four were on their way


@pytest.mark.parametrize("days", [-2, 2])
def test_a_wrong_clock_misses_no_change(world: World, tmp_path: Path, days: int) -> None:
    syncing = Syncing(world.spec, tmp_path, FakeClock(skew=timedelta(days=days)))
    key = world.add("Leave", "Twenty days of leave.")
    syncing.sync()
    world.edit(key, "Thirty days of leave.")
    world.add("Parking", "Three euros a day.")

    docs = syncing.sync()

    assert "Thirty days" in texts(docs)
    assert "Three euros" in texts(docs)
    assert len(docs) == 2


def test_what_a_state_holds_is_neither_a_token_nor_a_text(
    world: World, syncing: Syncing, tmp_path: Path
) -> None:
    world.add("Leave", "Twenty days of leave.")

    syncing.sync()

    for path in (tmp_path / "index").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert world.service.token.encode() not in content
            assert b"Twenty days" not in content
