import gzip
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.sources import SourceSpec, open_sources, website
from footnote_qa.index.sources.website import WebsiteSource
from footnote_qa.index.types import Problem, ProblemKind, SourceFile
from tests.fakes.website import FakePage, FakeWebsite, fake_website

LEAVE = "<h1>Leave</h1><p>Twenty days"


@pytest.fixture
def site() -> Iterator[FakeWebsite]:
    with fake_website() as served:
        yield served


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def source(site: FakeWebsite, cache: Path, **changes: object) -> WebsiteSource:
    arguments = {"sitemap": f"{site.address}/sitemap.xml", "cache": cache, "allow_private": True}
    return WebsiteSource(**{**arguments, **changes})  # type: ignore[arg-type]  # of many types


def pages(one: WebsiteSource) -> dict[str, SourceFile]:
    return {found.document: found for found in one.files() if isinstance(found, SourceFile)}


def problems(one: WebsiteSource) -> dict[str, Problem]:
    return {found.document: found for found in one.files() if isinstance(found, Problem)}


def refusal(one: WebsiteSource) -> str:
    with pytest.raises(SourceError) as caught:
        list(one.files())
    return str(caught.value)


def test_the_pages_of_the_sitemap_come_with_all_that_is_known(
    site: FakeWebsite, cache: Path
) -> None:
    site.html("/hr/", LEAVE, Last_Modified="Wed, 01 May 2030 07:30:00 GMT")
    site.html("/a%20b?v=2", "<p>Two")
    site.pages["/plan.pdf"] = FakePage(body=b"%PDF-", headers={"Content-Type": "application/pdf"})
    site.html("/not-listed.html", "<p>x")
    site.list("/hr/", "/a%20b?v=2", "/plan.pdf", extra="<lastmod>2029-01-02</lastmod>")

    found = pages(source(site, cache, prefix="wiki", audience=("hr",)))

    assert list(found) == ["wiki/a b?v=2", "wiki/hr/index.html", "wiki/plan.pdf"]
    first, second, third = found.values()
    assert (first.name, second.name, third.name) == ("a b?v=2.html", "index.html", "plan.pdf")
    assert second.read() == LEAVE.encode()
    assert second.url == f"{site.address}/hr/"
    assert second.modified_at == datetime(2030, 5, 1, 7, 30, tzinfo=UTC)
    assert first.modified_at == datetime(2029, 1, 2, tzinfo=UTC)
    assert second.sha256 == sha256(LEAVE.encode()).hexdigest()
    assert {one.audience for one in found.values()} == {("hr",)}


def test_an_unchanged_page_is_not_sent_again(site: FakeWebsite, cache: Path) -> None:
    site.html("/a.html", LEAVE, ETag='"1"')
    site.list("/a.html")
    pages(source(site, cache))
    site.asked.clear()

    found = pages(source(site, cache))

    assert ("/a.html", 304) in site.asked
    assert found["a.html"].read() == LEAVE.encode()


def test_a_changed_page_is_sent_again(site: FakeWebsite, cache: Path) -> None:
    site.html("/a.html", LEAVE, ETag='"1"')
    site.list("/a.html")
    pages(source(site, cache))
    site.html("/a.html", "<p>Thirty days", ETag='"2"')

    assert pages(source(site, cache))["a.html"].read() == b"<p>Thirty days"


def test_what_was_kept_and_is_damaged_is_fetched_again(site: FakeWebsite, cache: Path) -> None:
    site.html("/a.html", LEAVE, ETag='"1"')
    site.list("/a.html")
    pages(source(site, cache))
    (kept,) = cache.glob("*.page")
    kept.write_bytes(b"other")

    assert pages(source(site, cache))["a.html"].read() == LEAVE.encode()


def test_a_page_that_changes_after_it_was_listed_is_unreadable(
    site: FakeWebsite, cache: Path
) -> None:
    site.html("/a.html", LEAVE)
    site.list("/a.html")
    page = pages(source(site, cache))["a.html"]
    (kept,) = cache.glob("*.page")
    kept.write_bytes(b"other")

    with pytest.raises(UnreadableDocumentError, match="build again"):
        page.read()


def test_a_bad_hour_of_the_server_does_not_empty_the_index(site: FakeWebsite, cache: Path) -> None:
    site.html("/a.html", LEAVE)
    site.list("/a.html", "/b.html")
    site.pages["/b.html"] = FakePage(status=503)
    assert problems(source(site, cache))["b.html"].kind is ProblemKind.UNREADABLE
    site.pages["/a.html"] = FakePage(status=503)

    assert pages(source(site, cache))["a.html"].read() == LEAVE.encode()


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_page_that_is_gone_is_not_taken_from_the_cache(
    site: FakeWebsite, cache: Path, status: int
) -> None:
    site.html("/a.html", LEAVE)
    site.list("/a.html")
    pages(source(site, cache))
    site.pages["/a.html"] = FakePage(status=status)

    problem = problems(source(site, cache))["a.html"]

    assert problem.kind is ProblemKind.UNREADABLE
    assert str(status) in problem.reason


def test_pages_that_are_no_longer_listed_are_forgotten(site: FakeWebsite, cache: Path) -> None:
    site.html("/a.html", LEAVE)
    site.html("/b.html", LEAVE)
    site.list("/a.html", "/b.html")
    pages(source(site, cache))
    site.list("/b.html")

    assert list(pages(source(site, cache))) == ["b.html"]
    assert len(list(cache.iterdir())) == 2


def test_patterns_choose_the_pages(site: FakeWebsite, cache: Path) -> None:
    for path in ("/docs/a.html", "/docs/old/b.html", "/blog/c.html"):
        site.html(path, LEAVE)
    site.list("/docs/a.html", "/docs/old/b.html", "/blog/c.html")

    found = pages(source(site, cache, include=("docs/**",), exclude=("docs/old",)))

    assert list(found) == ["docs/a.html"]
    assert "/blog/c.html" not in [path for path, _ in site.asked]


def test_sitemaps_that_list_sitemaps_are_followed_packed_or_not(
    site: FakeWebsite, cache: Path
) -> None:
    site.html("/a.html", LEAVE)
    site.html("/b.html", LEAVE)
    site.list("/a.html", at="/one.xml")
    site.list("/b.html", at="/two.xml.gz")
    site.pages["/two.xml.gz"].body = gzip.compress(site.pages["/two.xml.gz"].body)
    inner = "".join(
        f"<sitemap><loc>{site.address}{path}</loc></sitemap>"
        for path in ("/one.xml", "/two.xml.gz", "/sitemap.xml")
    )
    site.pages["/sitemap.xml"] = FakePage(body=f"<sitemapindex>{inner}</sitemapindex>".encode())

    assert list(pages(source(site, cache))) == ["a.html", "b.html"]


def test_what_robots_txt_asks_not_to_read_is_not_read(site: FakeWebsite, cache: Path) -> None:
    site.pages["/robots.txt"] = FakePage(body=b"User-agent: *\nDisallow: /private/\n")
    site.html("/a.html", LEAVE)
    site.html("/private/b.html", LEAVE)
    site.list("/a.html", "/private/b.html")

    found = list(source(site, cache).files())

    assert [type(one) for one in found] == [SourceFile, Problem]
    assert "/private/b.html" not in [path for path, _ in site.asked]


@pytest.mark.parametrize(("status", "is_read"), [(404, True), (401, False)])
def test_a_missing_robots_txt_allows_all_and_a_locked_one_nothing(
    site: FakeWebsite, cache: Path, status: int, is_read: bool
) -> None:
    site.pages["/robots.txt"] = FakePage(status=status)
    site.html("/a.html", LEAVE)
    site.list("/a.html")

    assert bool(pages(source(site, cache))) is is_read


@pytest.mark.parametrize("path", ["/robots.txt", "/sitemap.xml"])
def test_a_server_in_trouble_stops_the_build_and_not_the_pages(
    site: FakeWebsite, cache: Path, path: str
) -> None:
    site.list("/a.html")
    site.pages[path] = FakePage(status=500)

    assert "status 500" in refusal(source(site, cache))


def test_a_page_elsewhere_is_not_fetched(site: FakeWebsite, cache: Path) -> None:
    with fake_website() as other:
        other.html("/secret.html", "canary")
        site.pages["/away.html"] = FakePage(
            status=302, headers={"Location": f"{other.address}/secret.html"}
        )
        site.list("/away.html", f"{other.address}/secret.html", "file:///etc/passwd")

        found = problems(source(site, cache))

        assert {one.kind for one in found.values()} == {ProblemKind.UNSAFE}
        assert len(found) == 3
        assert other.asked == []


def test_a_page_that_is_moved_within_the_site_is_followed(site: FakeWebsite, cache: Path) -> None:
    site.pages["/old.html"] = FakePage(status=301, headers={"Location": "new.html"})
    site.pages["/round.html"] = FakePage(status=301, headers={"Location": "/round.html"})
    site.html("/new.html", LEAVE)
    site.list("/old.html", "/round.html")

    assert pages(source(site, cache))["old.html"].read() == LEAVE.encode()
    assert "redirects too often" in problems(source(site, cache))["round.html"].reason


def test_a_page_over_the_limit_is_not_kept_packed_or_not(site: FakeWebsite, cache: Path) -> None:
    site.html("/a.html", "x" * 1001)
    site.html("/bomb.html", "", Content_Encoding="gzip")
    site.pages["/bomb.html"].body = gzip.compress(b"x" * 5_000_000)
    site.list("/a.html", "/bomb.html")

    found = problems(source(site, cache, max_file_bytes=1000))

    assert ["MB" in one.reason for one in found.values()] == [True, True]
    assert list(cache.iterdir()) == []


def test_too_many_pages_are_reported(
    site: FakeWebsite, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(website, "MAX_PAGES", 2)
    site.list("/a", "/b", "/c")

    assert "over 2 pages" in refusal(source(site, cache))


def test_a_wrong_sitemap_is_reported(site: FakeWebsite, cache: Path) -> None:
    site.html("/sitemap.xml", "<p>Not found")

    assert "is no sitemap" in refusal(source(site, cache))


def test_an_entity_in_a_sitemap_reads_no_file(
    site: FakeWebsite, cache: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("canary")
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{tmp_path.as_uri()}/secret">]>'
    body = f"{doctype}<urlset><url><loc>{site.address}/&e;a.html</loc></url></urlset>"
    site.pages["/sitemap.xml"] = FakePage(body=body.encode())

    list(source(site, cache).files())

    assert not any("canary" in path for path, _ in site.asked)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "127.1"])
def test_a_private_network_is_not_asked_unless_it_is_allowed(
    site: FakeWebsite, cache: Path, host: str
) -> None:
    site.list("/a.html")
    sitemap = f"{site.address}/sitemap.xml".replace("127.0.0.1", host)

    reason = refusal(source(site, cache, sitemap=sitemap, allow_private=False))

    assert "public internet" in reason
    assert site.asked == []


def test_a_name_that_leads_to_a_private_network_is_not_asked(
    site: FakeWebsite, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(site.address.rpartition(":")[2])
    answer = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [answer])
    sitemap = f"http://docs.example.org:{port}/sitemap.xml"

    assert "public internet" in refusal(source(site, cache, sitemap=sitemap, allow_private=False))
    assert site.asked == []
    with pytest.raises(SourceError, match="status 404"):
        list(source(site, cache, sitemap=sitemap).files())
    assert site.asked == [("/robots.txt", 404), ("/sitemap.xml", 404)]


def test_a_website_is_opened_by_its_kind(site: FakeWebsite, cache: Path) -> None:
    site.html("/a.html", LEAVE)
    site.list("/a.html")
    spec = SourceSpec(kind="website", path=f"{site.address}/sitemap.xml", allow_private=True)

    (opened,) = open_sources([spec], max_file_bytes=1000, cache=cache)

    assert [one.document for one in opened.files()] == ["a.html"]
    assert [path.name[:8] for path in cache.iterdir()] == ["website-"]
