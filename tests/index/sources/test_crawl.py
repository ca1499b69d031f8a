from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.errors import SourceError
from tests.fakes.services.site import START
from tests.fakes.services.syncing import Syncing
from tests.index.sources.contract.worlds import SiteWorld, world_of


@pytest.fixture
def world() -> Iterator[SiteWorld]:
    with world_of("crawl") as found:
        assert isinstance(found, SiteWorld)
        yield found


def syncing(world: SiteWorld, folder: Path, **told: int | bool) -> Syncing:
    spec = replace(world.spec, arguments={**world.spec.arguments, **told})
    return Syncing(spec, folder)


def test_pages_are_found_over_links_and_only_below_the_first_one(
    world: SiteWorld, tmp_path: Path
) -> None:
    world.site.pages = {
        "/docs/a.html": '<a href="deep/b.html">b</a> <a href="/private/x.html">x</a>',
        "/docs/deep/b.html": "The deep page.",
        "/private/x.html": "Not to be read.",
    }

    docs = syncing(world, tmp_path).sync()

    # The first page of this site links to all, also to those beside its folder
    assert sorted(docs) == ["docs/a.html", "docs/deep/b.html"]
    assert "/private/x.html" not in [one.path for one in world.site.asked]


def test_depth_and_pages_are_limited(world: SiteWorld, tmp_path: Path) -> None:
    for number in range(6):
        world.add(f"p{number}", f"Page {number}.")

    assert len(syncing(world, tmp_path / "a", max_pages=3).sync()) == 2  # and the first page
    assert syncing(world, tmp_path / "b", max_depth=0).sync() == {}


def test_robots_and_noindex_and_canonical_are_obeyed(world: SiteWorld, tmp_path: Path) -> None:
    world.site.robots = "User-agent: *\nDisallow: /docs/hidden\nCrawl-delay: 2\n"
    world.add("hidden", "Not for programs.")
    world.add("quiet", '<meta name="robots" content="noindex">Not for an index.')
    world.add("copy", f'<link rel="canonical" href="{START}original.html">The text.')
    world.add("original", "The text.")
    found = syncing(world, tmp_path)

    docs = found.sync()

    assert sorted(docs) == ["docs/original.html"]
    assert f"{START}hidden.html" not in [one.path for one in world.site.asked]
    assert set(found.clock.slept) == {2.0}


def test_a_page_that_fails_hides_no_page_behind_it(world: SiteWorld, tmp_path: Path) -> None:
    world.site.pages = {"/docs/a.html": '<a href="sub/b.html">b</a>', "/docs/sub/b.html": "Behind."}
    found = syncing(world, tmp_path)
    assert len(found.sync()) == 2
    world.break_("/docs/a.html")

    docs = found.sync()

    assert docs["docs/sub/b.html"].text is not None
    assert found.note.broken == 1


def test_a_page_that_is_forbidden_now_is_gone(world: SiteWorld, tmp_path: Path) -> None:
    key = world.add("a", "Text.")
    world.add("b", "Other.")
    found = syncing(world, tmp_path)
    found.sync()
    del world.site.pages[key]

    assert sorted(found.sync()) == ["docs/b.html"]


def test_without_leave_a_private_network_is_not_called(world: SiteWorld, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not on the public internet"):
        syncing(world, tmp_path, allow_private=False).sync()
    assert world.site.asked == []


def test_an_address_that_is_none_is_refused(world: SiteWorld, tmp_path: Path) -> None:
    spec = replace(world.spec, path="x", arguments={"start": "ftp://x.test/"})

    with pytest.raises(SourceError, match="start must be an address"):
        Syncing(spec, tmp_path).sync()
