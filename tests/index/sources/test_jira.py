from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.index.audience import may_see
from tests.fakes.services.jira import FakeIssue
from tests.fakes.services.syncing import Syncing
from tests.index.sources.contract.worlds import TOKEN, JiraWorld, world_of


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[JiraWorld]:
    with world_of("jira") as found:
        assert isinstance(found, JiraWorld)
        monkeypatch.setenv(TOKEN, found.service.token)
        yield found


def test_an_issue_is_one_document_without_the_comments_of_few(
    world: JiraWorld, tmp_path: Path
) -> None:
    comments = [("Bob", "Turn it off.", False), ("Ann", "Only for administrators.", True)]
    world.jira.issues["7"] = FakeIssue("The <lamp> is on", "All night.", comments=comments)

    docs = Syncing(world.spec, tmp_path).sync()

    doc = docs["OPS/OPS-7 The <lamp> is on.html"]
    assert doc.title == "OPS-7 The <lamp> is on"
    assert doc.url == f"{world.jira.address}/browse/OPS-7"
    assert doc.text == (
        "<html><body><p>Status: Open.</p><p>All night.</p>"
        "<h2>Comment by Bob on 2026-03-02</h2><p>Turn it off.</p></body></html>"
    )


def test_an_issue_is_for_those_who_may_browse_its_project(world: JiraWorld, tmp_path: Path) -> None:
    world.add("Open", "For the project.")
    key = world.add("Closed", "For a security level.")
    world.jira.issues[key].is_secured = True
    syncing = Syncing(world.spec, tmp_path)

    docs = syncing.sync()

    bob, eve = (syncing.access.groups_of([f"{one}@example.org"]) for one in ("bob", "eve"))
    assert may_see(docs["OPS/OPS-1 Open.html"].audience, bob)
    assert not may_see(docs["OPS/OPS-1 Open.html"].audience, eve)
    assert not may_see(docs["OPS/OPS-2 Closed.html"].audience, bob)
