"""Rules that a page of a website sets are obeyed: charset, noindex, canonical, signing in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.index.sources.website import WebsiteSource
from footnote_qa.index.sources.website_pages import in_utf_8
from footnote_qa.index.types import Problem, SourceFile
from tests.fakes.website import FakePage, FakeWebsite, fake_website

TEXT = "<p>Guests may moor for nineteen nights.</p>"


@pytest.fixture
def site() -> Iterator[FakeWebsite]:
    with fake_website() as served:
        yield served


def met(site: FakeWebsite, cache: Path) -> dict[str, SourceFile | Problem]:
    one = WebsiteSource(sitemap=f"{site.address}/sitemap.xml", cache=cache, allow_private=True)
    return {found.document: found for found in one.files()}


@pytest.mark.parametrize(
    "page",
    [
        '<head><meta name="robots" content="noindex, follow"></head>' + TEXT,
        "<head><META NAME=ROBOTS CONTENT=none></head>" + TEXT,
    ],
)
def test_a_page_that_asks_not_to_be_indexed_is_not(
    site: FakeWebsite, tmp_path: Path, page: str
) -> None:
    site.html("/a.html", page)
    site.html("/b.html", TEXT)
    site.list("/a.html", "/b.html")

    found = met(site, tmp_path)

    assert isinstance(found["a.html"], Problem)
    assert "noindex" in found["a.html"].reason
    assert isinstance(found["b.html"], SourceFile)


def test_the_server_can_ask_for_it_too(site: FakeWebsite, tmp_path: Path) -> None:
    headers = {"Content-Type": "text/html", "X-Robots-Tag": "noindex"}
    site.pages["/a.html"] = FakePage(body=TEXT.encode(), headers=headers)
    site.list("/a.html")

    assert isinstance(met(site, tmp_path)["a.html"], Problem)


def test_a_copy_that_names_its_original_is_left_out_if_that_is_listed(
    site: FakeWebsite, tmp_path: Path
) -> None:
    site.html("/print/a.html", f'<head><link rel="canonical" href="/a.html"></head>{TEXT}')
    site.html("/a.html", f'<head><link href="/a.html" rel=canonical></head>{TEXT}')
    site.html("/c.html", f'<head><link rel="canonical" href="/gone.html"></head>{TEXT}')
    site.list("/print/a.html", "/a.html", "/c.html")

    found = met(site, tmp_path)

    assert isinstance(found["print/a.html"], Problem)
    assert isinstance(found["a.html"], SourceFile)
    assert isinstance(found["c.html"], SourceFile)


def test_a_page_to_sign_in_is_no_document(site: FakeWebsite, tmp_path: Path) -> None:
    form = "<h1>Sign in</h1><form><input name=user><input type=password name=secret></form>"
    site.html("/a.html", form)
    site.html("/b.html", TEXT * 40 + form)
    site.list("/a.html", "/b.html")

    found = met(site, tmp_path)

    assert isinstance(found["a.html"], Problem)
    assert "sign-in" in found["a.html"].reason
    assert isinstance(found["b.html"], SourceFile)


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("iso-8859-1", "cp1252"), ("windows-1251", "cp1251"), ("Shift_JIS", "shift_jis")],
)
def test_the_charset_of_the_server_counts(charset: str, codec: str) -> None:
    text = {"cp1252": "Gebühr – 5 €", "cp1251": "Договор", "shift_jis": "契約"}[codec]

    read = in_utf_8(text.encode(codec), f"text/html; charset={charset}")

    assert read.decode("utf-8-sig") == text


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "text/html; charset=x"])
def test_bytes_stay_as_they_are_without_another_charset(kind: str) -> None:
    assert in_utf_8("Gebühr".encode(), kind) == "Gebühr".encode()
