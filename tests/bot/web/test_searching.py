import asyncio
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from footnote_qa.bot.web.pages.searching import AGES
from footnote_qa.index.sources import SourceSpec
from tests.fakes.building import make_builder
from tests.fakes.embedder import HashEmbedder
from tests.fakes.web import DOCUMENTS, Pages


def run(work: Any) -> Any:
    async def main() -> Any:
        return await work

    return asyncio.run(main())


def titles(html: str) -> list[str]:
    return re.findall(r'<a class="title"[^>]*>([^<]+)</a>', html)


def test_passages_are_found_in_the_order_of_the_index_and_lead_to_their_place(pages: Pages) -> None:
    reader = pages.sign_in()
    expected = pages.index.search("days of leave", k=200, audience=frozenset()).passages

    html = run(reader.get("/search?q=days+of+leave")).text

    assert titles(html) == [one.chunk.title for one in expected]
    first = expected[0].chunk
    assert f"/documents/{first.document}?start={first.start}&amp;end={first.end}#quote" in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=txt", {"parking"}),
        ("type=md", {"Leave"}),
        ("type=pdf", set()),
        ("age=week", {"parking"}),
        ("age=nonsense", {"Leave", "parking"}),
    ],
)
def test_filters_take_what_they_say(
    pages: Pages, folder: Path, embedder: HashEmbedder, query: str, expected: set[str]
) -> None:
    old = time.time() - AGES["week"][1].total_seconds() - 3600
    os.utime(folder / "documents" / "leave.md", (old, old))
    (folder / "documents" / "more.txt").write_text("Other words.\n")
    builder = make_builder(folder, embedder, full=True, force=True)
    builder.build([SourceSpec(path=str(folder / "documents"), exclude=("secret*", "more*"))])

    html = run(pages.sign_in().get(f"/search?q=leave+parking+days&{query}")).text

    assert set(titles(html)) == expected


def test_an_empty_search_shows_the_form_alone(pages: Pages) -> None:
    html = run(pages.sign_in().get("/search")).text

    assert 'type="search"' in html
    assert titles(html) == []
    assert "Nothing fits" not in html


def test_a_search_that_finds_nothing_says_so(pages: Pages) -> None:
    html = run(pages.sign_in().get("/search?q=leave&type=exe")).text

    assert "Nothing fits" in html


def test_the_list_of_documents_is_filtered_by_title_and_file(pages: Pages) -> None:
    reader = pages.sign_in()

    by_title, by_file = (run(reader.get(f"/documents?q={q}")).text for q in ("LEAV", "parking.t"))

    assert ("leave.md" in by_title, "parking.txt" in by_title) == (True, False)
    assert ("leave.md" in by_file, "parking.txt" in by_file) == (False, True)


def test_a_document_is_shown_completely_with_a_place_marked(pages: Pages) -> None:
    text = DOCUMENTS["leave.md"]
    start = text.index("Send a note.")
    address = f"/documents/leave.md?start={start}&end={start + 12}"

    html = run(pages.sign_in().get(address)).text

    assert '<mark id="quote" tabindex="-1">Send a note.</mark>' in html
    assert "<em>thirty days</em>" in html


@pytest.mark.parametrize(
    "place", ["start=5", "start=x&end=9", "start=9&end=5", "start=0&end=9999999"]
)
def test_an_odd_place_marks_nothing(pages: Pages, place: str) -> None:
    reply = run(pages.sign_in().get(f"/documents/leave.md?{place}"))

    assert reply.status_code == 200
    assert "<mark" not in reply.text
