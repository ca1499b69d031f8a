"""Confluence besides the contract: inherited restrictions, attachments, macros, editions."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.audience import may_see
from footnote_qa.index.sources.connectors.confluence_storage import to_html
from footnote_qa.index.sources.sync import ItemError
from tests.fakes.services.confluence import FakeFile, FakePage
from tests.fakes.services.syncing import Doc, Syncing
from tests.index.sources.contract.worlds import TOKEN, ConfluenceWorld, world_of


@pytest.fixture(params=["confluence-cloud", "confluence-data-center"])
def world(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ConfluenceWorld]:
    with world_of(request.param) as found:
        assert isinstance(found, ConfluenceWorld)
        monkeypatch.setenv(TOKEN, found.service.token)
        yield found


def sees(syncing: Syncing, doc: Doc, person: str) -> bool:
    return may_see(doc.audience, syncing.access.groups_of([f"{person}@example.org"]))


def test_a_page_inherits_every_restriction_above_it(world: ConfluenceWorld, tmp_path: Path) -> None:
    world.wiki.pages = {
        "1": FakePage("1", "Top", "Top.", users=("ann",)),
        "2": FakePage("2", "Middle", "Middle.", parent="1"),
        "3": FakePage("3", "Low", "Low.", parent="2", groups=("staff",)),
        "4": FakePage("4", "Nobody", "Low.", parent="1", users=("bob",)),
    }
    syncing = Syncing(world.spec, tmp_path)

    docs = syncing.sync()

    assert sorted(docs) == [
        "ENG/Top.html",
        "ENG/Top/Middle.html",
        "ENG/Top/Middle/Low.html",
        "ENG/Top/Nobody.html",
    ]
    for name in ("ENG/Top/Middle.html", "ENG/Top/Middle/Low.html"):
        assert sees(syncing, docs[name], "ann")
        assert not sees(syncing, docs[name], "bob")
    assert not sees(syncing, docs["ENG/Top/Nobody.html"], "ann")
    assert not sees(syncing, docs["ENG/Top/Nobody.html"], "bob")


def test_an_attached_file_is_for_the_readers_of_its_page(
    world: ConfluenceWorld, tmp_path: Path
) -> None:
    key = world.add("Salaries", "See the file.")
    world.restrict(key)
    world.wiki.files = {
        "900": FakeFile("900", key, "salaries.csv", b"name,euros\nann,1\n"),
        "901": FakeFile("901", key, "photo.png", b"x"),
    }
    syncing = Syncing(world.spec, tmp_path)

    docs = syncing.sync()

    assert sorted(docs) == ["ENG/Salaries.html", "ENG/Salaries/salaries.csv"]
    file = docs["ENG/Salaries/salaries.csv"]
    assert file.text == "name,euros\nann,1\n"
    assert sees(syncing, file, "ann")
    assert not sees(syncing, file, "bob")


def test_a_person_whose_address_is_hidden_sees_nothing(
    world: ConfluenceWorld, tmp_path: Path
) -> None:
    world.add("Leave", "Twenty days.")
    world.wiki.people["bob"] = ""
    syncing = Syncing(world.spec, tmp_path)

    (doc,) = syncing.sync().values()

    assert sees(syncing, doc, "ann")
    assert not sees(syncing, doc, "bob")


def test_by_the_settings_a_restricted_page_is_for_nobody(
    world: ConfluenceWorld, tmp_path: Path
) -> None:
    world.add("Leave", "Twenty days.")
    world.restrict(world.add("Salaries", "Secret."))
    told = {**world.spec.arguments, "permissions": "settings"}
    syncing = Syncing(replace(world.spec, arguments=told, audience=("dev",)), tmp_path)

    docs = syncing.sync()

    assert docs["ENG/Leave.html"].audience == ("dev",)
    assert not may_see(docs["ENG/Salaries.html"].audience, frozenset({"dev"}))


def test_a_space_that_lets_in_nobody_known_is_for_nobody(
    world: ConfluenceWorld, tmp_path: Path
) -> None:
    world.add("Leave", "Twenty days.")
    world.wiki.spaces["ENG"].readers = []
    syncing = Syncing(world.spec, tmp_path)

    (doc,) = syncing.sync().values()

    assert not sees(syncing, doc, "ann")
    assert not may_see(doc.audience, frozenset())


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (("r1", "USER", "bob"), {"bob"}),
        (("r1", "GROUP", "staff"), {"ann", "bob"}),
        (("r2", "USER", "bob"), set()),  # a role that may not read
        (("r1", "ACCESS_CLASS", "all-licensed-users"), set()),  # nobody knows who they are
        (("r1", "ACCESS_CLASS", "anonymous-users"), {"ann", "bob", "eve"}),
    ],
)
def test_who_has_a_role_that_reads_a_space_sees_its_pages(
    world: ConfluenceWorld, tmp_path: Path, role: tuple[str, str, str], expected: set[str]
) -> None:
    if not world.wiki.cloud:
        pytest.skip("Data Center has no roles")
    world.add("Leave", "Twenty days.")
    world.wiki.spaces["ENG"].readers = []
    world.wiki.spaces["ENG"].roles = [role]
    syncing = Syncing(world.spec, tmp_path)

    (doc,) = syncing.sync().values()

    assert {one for one in ("ann", "bob", "eve") if sees(syncing, doc, one)} == expected


def test_pages_of_one_title_and_titles_with_a_slash_are_documents_of_their_own(
    world: ConfluenceWorld, tmp_path: Path
) -> None:
    world.wiki.pages = {
        "1": FakePage("1", "Leave / absence", "One."),
        "2": FakePage("2", "Leave - absence", "Two."),
        "3": FakePage("3", "Leave", "A post.", kind="blogpost"),
    }

    docs = Syncing(world.spec, tmp_path).sync()

    assert len(docs) == 3
    assert {(doc.text or "")[15:] for doc in docs.values()} == {
        f"{text}</p></body></html>" for text in ("One.", "Two.", "A post.")
    }


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        ("<p>A&nbsp;b &ndash; c &amp; d</p>", "<p>A\xa0b – c &amp; d</p>"),
        (
            (
                '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">sql'
                "</ac:parameter><ac:plain-text-body><![CDATA[a < b && c]]></ac:plain-text-body>"
                "</ac:structured-macro>"
            ),
            '<pre><code class="language-sql">a &lt; b &amp;&amp; c</code></pre>',
        ),
        (
            (
                '<ac:structured-macro ac:name="warning"><ac:parameter ac:name="title">Mind'
                "</ac:parameter><ac:rich-text-body><p>It is hot.</p></ac:rich-text-body>"
                "</ac:structured-macro>"
            ),
            "<div><p><strong>Mind</strong></p><p>It is hot.</p></div>",
        ),
        ('<ac:structured-macro ac:name="toc" />', "<span></span>"),
        (
            (
                '<p><ac:link><ri:page ri:content-title="Leave" /><ac:plain-text-link-body>'
                "<![CDATA[our rules]]></ac:plain-text-link-body></ac:link>.</p>"
            ),
            "<p><span>our rules</span>.</p>",
        ),
        (
            (
                "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete"
                "</ac:task-status><ac:task-body>Pay</ac:task-body></ac:task></ac:task-list>"
            ),
            "<ul><li>[x] Pay</li></ul>",
        ),
        ('<p>On <time datetime="2026-01-02" /></p>', None),
        ("<p>not closed", "<p>not closed</p>"),
    ],
)
def test_storage_format_becomes_what_a_reader_sees(storage: str, shown: str | None) -> None:
    page = to_html(storage).decode()

    expected = shown or '<p>On <time datetime="2026-01-02">2026-01-02</time></p>'
    assert page == f"<html><body>{expected}</body></html>"


def test_an_entity_that_would_grow_is_not_expanded() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x "xxxxxxxx">]><p>&x;&x;</p>'

    try:
        page = to_html(bomb)
    except ItemError:
        return
    assert b"xxxxxxxx&" not in page
    assert page.count(b"xxxxxxxx") <= 1
