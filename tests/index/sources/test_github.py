from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.audience import may_see
from tests.fakes.services.github import REPOSITORY, FakeThread
from tests.fakes.services.server import Answer
from tests.fakes.services.syncing import Syncing
from tests.index.sources.contract.worlds import TOKEN, GitHubWorld, world_of


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubWorld]:
    with world_of("github-files") as found:
        assert isinstance(found, GitHubWorld)
        monkeypatch.setenv(TOKEN, found.service.token)
        yield found


def test_a_thread_is_one_document_with_its_comments_in_order(
    world: GitHubWorld, tmp_path: Path
) -> None:
    world.hub.issues[7] = FakeThread(
        "Printer", "It does not print.", comments=[("bob", "Add paper."), ("ann", "Done.")]
    )
    world.hub.issues[8] = FakeThread("A change", "Nothing to read.", is_pull_request=True)
    world.hub.discussions[3] = FakeThread(
        "Where is the key?", "Who has it?", comments=[("bob", "I.")]
    )

    docs = Syncing(world.spec, tmp_path).sync()

    assert sorted(docs) == [
        f"{REPOSITORY}/discussions/3 Where is the key?.md",
        f"{REPOSITORY}/issues/7 Printer.md",
    ]
    issue = docs[f"{REPOSITORY}/issues/7 Printer.md"]
    assert issue.title == "Printer"
    assert issue.url == f"https://github.test/{REPOSITORY}/issues/7"
    assert issue.text == (
        "It does not print.\n\nState: open.\n\n## Comment by bob on 2026-03-02\n\nAdd paper.\n\n"
        "## Comment by ann on 2026-03-02\n\nDone.\n"
    )
    assert "## Answer by bob on 2026-03-01\n\nI." in (docs[min(docs)].text or "")


def test_only_files_with_a_text_are_taken(world: GitHubWorld, tmp_path: Path) -> None:
    world.hub.files = {"a.md": b"# A", "b.py": b"print()", "img/c.png": b"x", "d/e.rst": b"E"}

    docs = Syncing(world.spec, tmp_path).sync()

    assert sorted(docs) == [f"{REPOSITORY}/a.md", f"{REPOSITORY}/d/e.rst"]
    assert docs[f"{REPOSITORY}/d/e.rst"].url == (
        f"https://github.test/{REPOSITORY}/blob/main/d/e.rst"
    )


def test_a_tree_that_is_too_large_is_read_folder_by_folder(
    world: GitHubWorld, tmp_path: Path
) -> None:
    world.hub.files = {"a.md": b"A", "d/b.md": b"B", "d/e/c.md": b"C", "f/d.md": b"D"}
    world.hub.is_truncated = True

    docs = Syncing(world.spec, tmp_path).sync()

    assert sorted(doc.text or "" for doc in docs.values()) == ["A", "B", "C", "D"]


def test_a_private_repository_is_for_its_collaborators_with_a_public_address(
    world: GitHubWorld, tmp_path: Path
) -> None:
    world.add("Leave", "Twenty days.")
    world.hub.private = True
    syncing = Syncing(world.spec, tmp_path)

    (doc,) = syncing.sync().values()

    def sees(address: str) -> bool:
        return may_see(doc.audience, syncing.access.groups_of([address]))

    assert sees("ann@example.org")
    assert not sees("bob@example.org")  # a collaborator whose address GitHub does not tell
    assert not sees("eve@example.org")
    assert not may_see(doc.audience, frozenset())


def test_the_settings_can_say_alone_who_sees_a_private_repository(
    world: GitHubWorld, tmp_path: Path
) -> None:
    world.add("Leave", "Twenty days.")
    world.hub.private = True
    told = {**world.spec.arguments, "permissions": "settings"}
    spec = replace(world.spec, arguments=told, audience=("dev",))

    (doc,) = Syncing(spec, tmp_path).sync().values()

    assert doc.audience == ("dev",)


def test_a_limit_with_status_403_is_waited_out(world: GitHubWorld, tmp_path: Path) -> None:
    world.add("Leave", "Twenty days.")
    syncing = Syncing(world.spec, tmp_path)
    reset = int(syncing.clock.now().timestamp()) + 90
    world.hub.faults = [
        Answer(
            status=403,
            headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)},
        )
    ]

    assert len(syncing.sync()) == 1

    assert syncing.clock.slept == [pytest.approx(90, abs=3)]
