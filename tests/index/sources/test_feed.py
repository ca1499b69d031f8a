from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources import Argument, SourceSpec, open_connector
from tests.fakes.services.feed import FakeEntry, FakeFeed
from tests.fakes.services.server import Answer, serving
from tests.fakes.services.syncing import Syncing


@pytest.fixture(params=[False, True], ids=["atom", "rss"])
def feed(request: pytest.FixtureRequest) -> Iterator[FakeFeed]:
    found = FakeFeed(is_rss=request.param)
    with serving(found):
        yield found


def spec(feed: FakeFeed, **more: Argument) -> SourceSpec:
    address = f"{feed.address}/feed.xml"
    arguments: dict[str, Argument] = {"feeds": (address,), "allow_private": True}
    return SourceSpec(kind="feed", path=address, arguments=arguments | more)


def test_an_entry_is_a_document_with_its_title_time_and_link(
    feed: FakeFeed, tmp_path: Path
) -> None:
    feed.entries["1"] = FakeEntry("Release 2 & more", "It is faster.")

    docs = Syncing(spec(feed), tmp_path).sync()

    doc = docs["News/Release 2 & more.html"]
    assert doc.title == "Release 2 & more"
    assert doc.url == f"{feed.address}/pages/1"
    assert doc.text is not None
    assert "<body><p>It is faster.</p></body>" in doc.text
    assert feed.bodies == []


def test_a_link_that_is_no_web_address_is_not_offered(tmp_path: Path) -> None:
    item = "<item><guid>1</guid><title>A</title><link>javascript:alert(1)</link></item>"
    feed = FakeFeed()
    feed.faults = [Answer(value=f"<rss version='2.0'><channel>{item}</channel></rss>".encode())]
    with serving(feed):
        docs = Syncing(spec(feed), tmp_path).sync()

    assert [doc.url for doc in docs.values()] == [None]


def test_an_entry_that_has_left_the_feed_stays_unless_the_feed_lists_everything(
    feed: FakeFeed, tmp_path: Path
) -> None:
    feed.entries["1"] = FakeEntry("Old", "It was slow.")
    newest, complete = (
        Syncing(spec(feed, complete=one), tmp_path / str(one)) for one in (False, True)
    )
    newest.sync()
    complete.sync()
    feed.entries = {"2": FakeEntry("New", "It is faster.")}

    assert newest.sync().keys() == {"News/Old.html", "News/New.html"}
    assert complete.sync().keys() == {"News/New.html"}


def test_a_feed_that_has_not_changed_is_not_sent(feed: FakeFeed, tmp_path: Path) -> None:
    feed.entries["1"] = FakeEntry("Old", "It was slow.")
    syncing = Syncing(spec(feed), tmp_path)
    before = syncing.sync()
    feed.forget()

    assert syncing.sync() == before
    assert [one.headers.get("If-None-Match", "") != "" for one in feed.asked] == [True]


def test_what_is_no_feed_is_a_fault_and_loses_nothing(feed: FakeFeed, tmp_path: Path) -> None:
    feed.entries["1"] = FakeEntry("Old", "It was slow.")
    syncing = Syncing(spec(feed, complete=True), tmp_path)
    before = syncing.sync()
    feed.faults = [Answer(value=b"<html>down for repairs</html>")]

    after = syncing.sync()

    assert before.items() <= after.items()
    assert "it is no feed" in syncing.note.faults[0]


def test_a_feed_on_a_private_network_is_refused_unless_it_is_meant(feed: FakeFeed) -> None:
    connector = open_connector(spec(feed, allow_private=False), max_file_bytes=1)

    with pytest.raises(SourceError, match="not on the public internet"):
        connector.check()


def test_what_is_no_address_is_refused(feed: FakeFeed) -> None:
    wrong = replace(spec(feed), arguments={"feeds": ("feed.xml",)})

    with pytest.raises(SourceError, match=r"feed\.xml must be an address"):
        open_connector(wrong, max_file_bytes=1)
