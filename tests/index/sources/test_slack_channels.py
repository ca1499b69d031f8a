from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.audience import may_see
from footnote_qa.index.errors import SourceError
from tests.fakes.services.server import Answer
from tests.fakes.services.slack_channels import CHANNEL, FakeTalk
from tests.fakes.services.syncing import Syncing
from tests.index.sources.contract.worlds import TOKEN, SlackWorld, world_of


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackWorld]:
    with world_of("slack") as found:
        assert isinstance(found, SlackWorld)
        monkeypatch.setenv(TOKEN, found.service.token)
        yield found


def test_a_thread_is_one_document_with_names_and_its_link(
    world: SlackWorld, tmp_path: Path
) -> None:
    world.slack.threads["1772350000.000100"] = FakeTalk(
        "How do I book a room? I tried.", [("UBOB", "Ask <@UANN> &amp; see <https://x.test|here>.")]
    )

    (doc,) = Syncing(world.spec, tmp_path).sync().values()

    assert doc.title == "How do I book a room?"
    assert doc.url == f"https://acme.slack.test/archives/{CHANNEL}/p1772350000000100"
    assert doc.text == (
        "**Ann** on 2026-03-01:\n\nHow do I book a room? I tried.\n\n"
        "**Bob** on 2026-03-01:\n\nAsk @Ann & see here (https://x.test).\n"
    )


def test_a_message_without_replies_is_no_document(world: SlackWorld, tmp_path: Path) -> None:
    world.slack.threads["1772350000.000100"] = FakeTalk("Good morning")

    assert Syncing(world.spec, tmp_path).sync() == {}


def test_a_thread_is_for_the_members_of_its_channel(world: SlackWorld, tmp_path: Path) -> None:
    world.add("Salaries", "A lot.")
    syncing = Syncing(world.spec, tmp_path)
    (doc,) = syncing.sync().values()

    assert doc.audience == (f"slack:{CHANNEL}",)
    assert may_see(doc.audience, syncing.access.groups_of(["bob@example.org"]))
    assert not may_see(doc.audience, syncing.access.groups_of(["eve@example.org"]))
    world.slack.members.remove("UBOB")
    syncing.sync()
    assert not may_see(doc.audience, syncing.access.groups_of(["bob@example.org"]))


def test_a_deleted_reply_is_gone(world: SlackWorld, tmp_path: Path) -> None:
    key = world.add("Room", "Take the red one.")
    world.slack.threads[key].replies.append(("UANN", "Never say this."))
    syncing = Syncing(world.spec, tmp_path)
    syncing.sync()
    world.slack.threads[key].replies.pop()

    (doc,) = syncing.sync().values()

    assert "Never say this" not in (doc.text or "")


def test_old_threads_are_left_out(world: SlackWorld, tmp_path: Path) -> None:
    world.slack.threads["1000000000.000100"] = FakeTalk("Long ago?", [("UBOB", "Yes.")])
    spec = replace(world.spec, arguments={**world.spec.arguments, "days": 30})

    assert Syncing(spec, tmp_path).sync() == {}


def test_a_scope_that_is_missing_is_named(world: SlackWorld, tmp_path: Path) -> None:
    world.slack.faults = [
        Answer(value={"ok": False, "error": "missing_scope", "needed": "channels:history"})
    ]

    with pytest.raises(SourceError, match="lacks the scope channels:history"):
        Syncing(world.spec, tmp_path).sync()
