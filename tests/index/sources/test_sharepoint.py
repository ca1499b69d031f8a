from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.audience import may_see
from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources import Argument, SourceSpec, open_connector
from tests.fakes.services.sharepoint import SITE, FakeDriveItem, user
from tests.fakes.services.syncing import Doc, Syncing
from tests.index.sources.contract.worlds import TOKEN, world_of
from tests.index.sources.contract.worlds_of_files import SharePointWorld

NAME = "Handbook/Documents/A.txt"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[SharePointWorld]:
    with world_of("sharepoint") as found:
        assert isinstance(found, SharePointWorld)
        monkeypatch.setenv(TOKEN, found.service.token)
        yield found


def with_(world: SharePointWorld, **arguments: Argument) -> SourceSpec:
    return replace(world.spec, arguments={**world.spec.arguments, **arguments})


def seers(syncing: Syncing, doc: Doc) -> set[str]:
    people = ("ann@example.org", "bob@example.org", "eve@acme.test")
    return {
        one.partition("@")[0]
        for one in people
        if may_see(doc.audience, syncing.access.groups_of([one]))
    }


def asked(world: SharePointWorld, end: str) -> int:
    return sum(one.path.endswith(end) for one in world.site.asked)


def test_a_change_asks_for_the_permissions_of_its_file_alone(
    world: SharePointWorld, tmp_path: Path
) -> None:
    keys = [world.add(f"{number:02}", "Text.") for number in range(45)]
    syncing = Syncing(world.spec, tmp_path)
    syncing.sync()
    first = asked(world, "/$batch")
    world.site.forget()
    world.edit(keys[7], "Other text.")

    docs = syncing.sync()

    assert docs["Handbook/Documents/07.txt"].text == "Other text."
    assert (first, asked(world, "/$batch")) == (3, 1)
    (batch,) = [one for one in world.site.asked if one.path.endswith("/$batch")]
    assert len(batch.body["requests"]) == 1


def test_a_link_that_is_too_old_lists_everything(world: SharePointWorld, tmp_path: Path) -> None:
    key = world.add("A", "Text.")
    syncing = Syncing(world.spec, tmp_path)
    syncing.sync()
    world.delete(key)
    world.site.is_link_old = True

    assert syncing.sync() == {}


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize("is_shared", [False, True])
def test_another_folder_gives_files_another_path_and_other_readers(
    world: SharePointWorld, tmp_path: Path, *, is_lost: bool, is_shared: bool
) -> None:
    world.site.items["top"] = FakeDriveItem("HR", is_folder=True)
    world.site.items["a"] = FakeDriveItem("A.txt", "Text.", parent="top")
    syncing = Syncing(world.spec, tmp_path)
    before = syncing.sync()
    if not is_shared:
        world.site.items["top"].name = "People"
    world.site.items["a"].permissions = [user("ann")]  # inherited: only the folder is reported
    world.site.touch("top", shared=is_shared)
    world.site.forget()

    if is_lost:  # the generation of that sync was not sealed
        syncing.sync(sealed=False)
    after = syncing.sync()

    folder = "HR" if is_shared else "People"
    assert seers(syncing, before["Handbook/Documents/HR/A.txt"]) == {"ann", "bob"}
    assert seers(syncing, after[f"Handbook/Documents/{folder}/A.txt"]) == {"ann"}
    assert world.site.bodies == []


def test_a_folder_that_is_deleted_takes_its_files_along(
    world: SharePointWorld, tmp_path: Path
) -> None:
    world.site.items["top"] = FakeDriveItem("HR", is_folder=True)
    world.site.items["a"] = FakeDriveItem("A.txt", "Text.", parent="top")
    syncing = Syncing(world.spec, tmp_path)
    syncing.sync()
    world.site.items.clear()
    world.site.touch("top")

    assert syncing.sync() == {}


GROUP = {"grantedToV2": {"group": {"id": "g1", "email": "team@acme.test"}}}
MEMBERS = {"grantedToV2": {"siteGroup": {"id": "5", "displayName": "Handbook Members"}}}
EVERYBODY = {"grantedToV2": {"siteUser": {"loginName": "c:0-.f|rolemanager|spo-grid-all-users/7"}}}
NAMELESS = {"grantedToV2": {"user": {"id": "u7", "displayName": "Bob"}}}
INVITED = {
    "link": {"scope": "users"},
    "grantedToIdentitiesV2": [{"user": {"email": "BOB@example.org"}}],
}


@pytest.mark.parametrize(
    ("permissions", "arguments", "expected"),
    [
        ([user("ann")], {}, {"ann"}),
        ([GROUP], {}, {"bob"}),
        ([NAMELESS], {}, {"bob"}),
        ([INVITED], {}, {"bob"}),
        ([MEMBERS], {}, set()),
        ([MEMBERS], {"site_groups": ("Handbook Members=g1",)}, {"bob"}),
        ([EVERYBODY], {}, set()),
        ([EVERYBODY], {"domains": ("acme.test",)}, {"eve"}),
        ([{"link": {"scope": "organization"}}], {"domains": ("acme.test",)}, set()),
        (
            [{"link": {"scope": "organization"}}],
            {"domains": ("acme.test",), "links": True},
            {"eve"},
        ),
        ([{"link": {"scope": "anonymous"}}], {}, set()),
        ([{"link": {"scope": "anonymous"}}], {"links": True}, {"ann", "bob", "eve"}),
        ([], {}, set()),
        ([], {"permissions": "settings"}, {"ann", "bob", "eve"}),
    ],
)
def test_those_who_may_read_a_file_there_see_it_here(
    world: SharePointWorld,
    tmp_path: Path,
    permissions: list[dict[str, object]],
    arguments: dict[str, Argument],
    expected: set[str],
) -> None:
    world.site.groups = {"g1": ["bob@example.org"]}
    world.site.people = {"u7": "bob@example.org"}
    world.site.items["a"] = FakeDriveItem("A.txt", "Text.", permissions=permissions)
    syncing = Syncing(with_(world, **arguments), tmp_path)

    docs = syncing.sync()

    assert seers(syncing, docs[NAME]) == expected


def test_a_limit_within_a_batch_opens_nothing(world: SharePointWorld, tmp_path: Path) -> None:
    world.add("A", "Text.")
    world.site.is_batch_limited = True
    syncing = Syncing(world.spec, tmp_path)

    assert seers(syncing, syncing.sync()[NAME]) == {"ann", "bob"}

    world.site.hides_permissions = True
    world.site.touch("item1")
    assert seers(syncing, syncing.sync()[NAME]) == set()


def test_the_application_says_what_it_reads(world: SharePointWorld) -> None:
    connector = open_connector(world.spec, max_file_bytes=1)

    assert connector.check() == f"an application that reads {SITE} (1 libraries)"


def test_a_source_without_a_site_is_refused(world: SharePointWorld) -> None:
    with pytest.raises(SourceError, match="needs sites, or users"):
        open_connector(with_(world, sites=()), max_file_bytes=1)
