"""A reader follows the store in the background, and answers whatever happens to the store."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from footnote_qa.index.replication import Follower
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.storage import Generation, IndexDirectory
from footnote_qa.index.types import SearchResult
from tests.fakes import object_store
from tests.fakes.building import specs
from tests.fakes.embedder import HashEmbedder
from tests.fakes.object_store import Way
from tests.index.replication.conftest import Machine, add, builder_on


def wait_for(is_true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < until, what
        time.sleep(0.02)


class Asker:
    """Asks in a thread of its own without pause."""

    def __init__(self, index: LiveIndex) -> None:
        self.results: list[SearchResult] = []
        self.faults: list[Exception] = []
        self._index, self._ending = index, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Asker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def served(self, generation: str) -> Callable[[], bool]:
        return lambda: bool(self.results) and self.results[-1].generation == generation

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                found = self._index.search("Parking costs three euros a day", k=1, audience=None)
                self.results.append(found)
            except Exception as error:  # noqa: BLE001 - any would be a failed question
                self.faults.append(error)
            self._ending.wait(0.01)


def test_no_question_fails_while_generations_change_and_the_store_goes_away(
    machine: Machine,
    documents: Path,
    embedder: HashEmbedder,
    way: Way,
    caplog: pytest.LogCaptureFixture,
    *,
    campaign: bool,
) -> None:
    away_s = 60.0 if campaign else 1.5
    made = [builder_on(machine("builder"), embedder).build(specs(documents)).generation]
    machine("reader").refresh()
    directory = machine("reader", at=way.url)
    index = LiveIndex(directory.root)

    with (
        Follower(directory, every_s=0.1, prepare=index.prepare) as follower,
        Asker(index) as asker,
    ):
        for number in range(3):
            add(documents, number)
            made.append(builder_on(machine("builder"), embedder).build(specs(documents)).generation)
            wait_for(asker.served(made[-1]), "the new generation is not in use")
        way.down()
        wait_for(lambda: bool(follower.state().fault), "nobody notices that the store is away")
        add(documents, 9)
        made.append(builder_on(machine("builder"), embedder).build(specs(documents)).generation)
        count = len(asker.results)
        time.sleep(away_s)
        assert len(asker.results) > count
        assert asker.served(made[-2])()
        assert follower.state().seconds > away_s / 2
        way.up()
        wait_for(asker.served(made[-1]), "the store is back, and not followed")
        wait_for(lambda: not follower.state().fault, "the store is back, and its fault stays")

    assert asker.faults == []
    assert all(result.passages[0].chunk.document == "parking.txt" for result in asker.results)
    order = list(dict.fromkeys(result.generation for result in asker.results))
    assert order == made
    told = [record for record in caplog.records if "not followed" in record.message]
    assert len(told) == len({record.__dict__["fault"] for record in told}) <= 3
    assert all(record.levelno == logging.WARNING for record in told)


def test_damaged_generation_is_not_taken_up_and_looked_at_less_often(
    machine: Machine, documents: Path, embedder: HashEmbedder, server: str, url: str
) -> None:
    first = builder_on(machine("builder"), embedder).build(specs(documents)).generation
    directory = machine("reader")
    directory.refresh()
    index = LiveIndex(directory.root)
    add(documents, 1)
    second = builder_on(machine("builder"), embedder).build(specs(documents)).generation
    object_store.objects(server, url).remove([f"generations/{second}/passages.sqlite"])
    follower = Follower(directory, every_s=10, prepare=index.prepare)

    follower.look()
    follower.look()

    assert "passages.sqlite" in follower.state().fault
    assert follower.wait_s == 40
    assert index.search("parking", k=1, audience=None).generation == first


def test_no_question_waits_for_a_new_generation_to_be_opened(
    machine: Machine, documents: Path, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder_on(machine("builder"), embedder).build(specs(documents))
    directory = machine("reader")
    directory.refresh()
    index = LiveIndex(directory.root)
    add(documents, 1)
    second = builder_on(machine("builder"), embedder).build(specs(documents)).generation
    opened: list[str] = []
    real = IndexDirectory.open

    def noted(self: IndexDirectory, name: str | None = None) -> Generation:
        opened.append(threading.current_thread().name)
        return real(self, name)

    monkeypatch.setattr(IndexDirectory, "open", noted)

    with Follower(directory, every_s=0.05, prepare=index.prepare):
        wait_for(lambda: directory.current() == second, "the new generation is not fetched")
        found = index.search("parking", k=1, audience=None)

    assert found.generation == second
    assert opened == ["index-store"]
