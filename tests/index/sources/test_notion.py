from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footnote_qa.bot.source_settings import SourceSettings
from tests.fakes.services.notion import FakeNote, paragraph, text
from tests.fakes.services.syncing import Syncing
from tests.index.sources.contract.worlds import TOKEN, NotionWorld, world_of


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotionWorld]:
    with world_of("notion") as found:
        assert isinstance(found, NotionWorld)
        monkeypatch.setenv(TOKEN, found.service.token)
        yield found


def test_blocks_become_markdown(world: NotionWorld, tmp_path: Path) -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "heading_2", "heading_2": {"rich_text": text("Leave")}},
        {
            "type": "bulleted_list_item",
            "id": "b1",
            "has_children": True,
            "bulleted_list_item": {"rich_text": text("Twenty days")},
        },
        {"type": "bulleted_list_item", "bulleted_list_item": {"rich_text": text("Ask first")}},
        {"type": "callout", "callout": {"rich_text": text("Not in May")}},
        {"type": "code", "code": {"rich_text": text("a = 1"), "language": "python"}},
        {
            "type": "table",
            "id": "t1",
            "has_children": True,
            "table": {"has_column_header": True},
        },
        {"type": "child_page", "id": "c1", "has_children": True, "child_page": {"title": "Other"}},
    ]
    world.notion.below = {
        "b1": [paragraph("a year")],
        "t1": [
            {"type": "table_row", "table_row": {"cells": [text("Who"), text("Days")]}},
            {"type": "table_row", "table_row": {"cells": [text("All"), text("20")]}},
        ],
    }
    world.notion.pages["p"] = FakeNote("Leave", blocks)

    (doc,) = Syncing(world.spec, tmp_path).sync().values()

    assert doc.text == (
        "## Leave\n\n- Twenty days\n    a year\n- Ask first\n\n> Not in May\n\n"
        "```python\na = 1\n```\n\n| Who | Days |\n| --- | --- |\n| All | 20 |\n"
    )


def test_an_entry_of_a_database_has_its_properties_and_is_below_it(
    world: NotionWorld, tmp_path: Path
) -> None:
    world.notion.databases["d"] = "Offices"
    world.notion.pages["p"] = FakeNote(
        "Berlin",
        [paragraph("By the river.")],
        parent={"type": "database_id", "database_id": "d"},
        properties={
            "Seats": {"type": "number", "number": 40},
            "Tags": {"type": "multi_select", "multi_select": [{"name": "big"}, {"name": "new"}]},
            "Since": {"type": "date", "date": {"start": "2020-01-01", "end": None}},
            "Empty": {"type": "select", "select": None},
        },
    )

    docs = Syncing(world.spec, tmp_path).sync()

    assert docs["Offices/Berlin.md"].text == (
        "Seats: 40  \nTags: big, new  \nSince: 2020-01-01\n\nBy the river.\n"
    )


def test_a_page_that_the_search_forgets_is_not_gone(world: NotionWorld, tmp_path: Path) -> None:
    key = world.add("Leave", "Twenty days.")
    world.add("Parking", "Three euros.")
    syncing = Syncing(world.spec, tmp_path)
    syncing.sync()
    world.notion.pages[key].is_unlisted = True

    assert len(syncing.sync()) == 2
    world.notion.pages[key].in_trash = True
    assert len(syncing.sync()) == 1


def test_a_page_that_was_edited_this_minute_is_fetched_once_more(
    world: NotionWorld, tmp_path: Path
) -> None:
    key = world.add("Leave", "Twenty days.")
    syncing = Syncing(world.spec, tmp_path)
    now = syncing.clock.now()
    world.notion.pages[key].edited = f"{now:%Y-%m-%dT%H:%M}:00.000Z"
    syncing.sync()
    world.notion.pages[key].blocks = [paragraph("Thirty days.")]  # in the same minute
    world.notion.pages[key].edited = f"{now:%Y-%m-%dT%H:%M}:00.000Z"

    import time

    time.sleep(1.1)  # the clock of the service is in its replies
    (doc,) = syncing.sync().values()

    assert doc.text == "Thirty days.\n"


def test_who_sees_notion_must_be_said() -> None:
    with pytest.raises(ValueError, match="needs permissions"):
        SourceSettings.model_validate({"kind": "notion", "token_env": "X"})
    told = {"kind": "notion", "permissions": "settings", "audience": ["hr"]}
    assert SourceSettings.model_validate(told).audience == ("hr",)
