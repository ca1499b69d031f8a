"""Notion: the pages and database entries that are shared with the connection.

https://developers.notion.com/reference/intro, version 2022-06-28 of the API.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from footnote_qa.index.atomic_files import replace_text
from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.notion_blocks import (
    CHILDREN_ELSEWHERE,
    properties_of,
    title_of,
    to_markdown,
)
from footnote_qa.index.sources.connectors.paths import joined, safe, time_of
from footnote_qa.index.sources.sync import (
    Client,
    ClientOptions,
    Event,
    ForbiddenError,
    Item,
    Json,
    Listed,
    MissingError,
)

_PAGE: Final = 100
_MOST_DEPTH: Final = 20
_VERSION: Final = "2022-06-28"
_WRITTEN: Final = "1"
"""Raised when an unchanged page becomes another text."""

_ROUNDED: Final = timedelta(minutes=2)
"""Times of Notion are rounded to the minute: within it, a page can change once more."""

_MOST_BYTES: Final = 50_000_000


class Notion:
    """Pages that were shared with the connection.

    Args:
        client: With the API as its base.
        settings: The source's settings.
    """

    def __init__(self, client: Client, settings: ConnectorSettings) -> None:
        self._client, self._settings = client, settings

    def check(self) -> str:
        """Return who is signed in."""
        me = self._client.json("/users/me")
        place = ((me.get("bot") or {}).get("workspace_name")) or "Notion"
        return f"{me.get('name') or 'a connection'} in {place}"

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield every page: Notion reports no deletion, so all are listed."""
        del cursor
        now, found = self._found()
        pages = {id_: one for id_, one in found.items() if one.get("object") == "page"}
        if not pages and not self._known():
            raise SourceError("Notion shows no page to the connection: share pages with it")
        for id_ in self._known() - pages.keys():  # the search does not always find everything
            page = self._still_there(id_)
            if page is not None:
                pages[id_] = found[id_] = page
        for id_, page in pages.items():
            yield self._item(id_, page, found, now)
        self._remember(set(pages))
        yield Listed()

    def _found(self) -> tuple[datetime, dict[str, Json]]:
        """Return Notion's time and everything that its search finds, by id."""
        found: dict[str, Json] = {}
        now = self._settings.clock.now()
        body: dict[str, object] = {"page_size": _PAGE}
        while True:
            reply = self._client.reply("/search", max_bytes=_MOST_BYTES, body=body)
            page = self._client.json_of(reply)
            now = _date(reply.headers) or now
            found |= {str(one["id"]): one for one in page.get("results") or () if _is_there(one)}
            if not page.get("has_more"):
                return now, found
            body["start_cursor"] = page["next_cursor"]

    def _still_there(self, id_: str) -> Json | None:
        try:
            page = self._client.json(f"/pages/{id_}")
        except (MissingError, ForbiddenError):
            return None
        return page if _is_there(page) else None

    def _item(  # noqa: PLR0917
        self, id_: str, page: Json, found: Mapping[str, Json], now: datetime
    ) -> Item:
        edited = str(page.get("last_edited_time") or "")
        at = time_of(edited)
        is_fresh = at is not None and abs(now - at) < _ROUNDED
        title = title_of(page)
        return Item(
            key=id_,
            # A fresh page is fetched once more at the next sync
            version=f"{edited}.{_WRITTEN}" + (f".{now:%H%M%S}" if is_fresh else ""),
            path=f"{joined(*self._above(page, found), safe(title))}.md",
            name="page.md",
            title=title,
            url=page.get("url"),
            modified_at=at,
            created_at=time_of(page.get("created_time")),
            author=str((page.get("last_edited_by") or {}).get("id") or ""),
            parent=_parent(page),
        )

    def _above(self, page: Json, found: Mapping[str, Json]) -> list[str]:
        names: list[str] = []
        seen: set[str] = set()
        while (id_ := _parent(page)) and id_ in found and id_ not in seen:
            seen.add(id_)
            page = found[id_]
            names.insert(0, safe(title_of(page)))
        return names

    def fetch(self, item: Item) -> bytes:
        """Return a page as Markdown: its properties, then its blocks."""
        page = self._client.json(f"/pages/{item.key}")
        facts = properties_of(page)
        text = to_markdown(self._blocks(item.key, 0))
        return f"{facts}\n\n{text}".strip().encode(errors="replace") + b"\n"

    def _blocks(self, id_: str, depth: int) -> list[Json]:
        """Return the blocks below one, each with its own under `children`."""
        blocks: list[Json] = []
        asked: dict[str, str | int] = {"page_size": _PAGE}
        while True:
            page = self._client.json(f"/blocks/{id_}/children", asked)
            blocks += page.get("results") or ()
            if not page.get("has_more"):
                break
            asked["start_cursor"] = str(page["next_cursor"])
        for block in blocks:
            has_own = block.get("has_children") and block.get("type") not in CHILDREN_ELSEWHERE
            if has_own and depth < _MOST_DEPTH:
                block["children"] = self._blocks(str(block["id"]), depth + 1)
        return blocks

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield nothing: Notion does not tell who may read a page."""
        yield from ()

    def _known(self) -> set[str]:
        """Return the pages that were there at the last sync."""
        if self._settings.memory is None:
            return set()
        try:
            path = self._settings.memory / "notion.json"
            return set(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return set()

    def _remember(self, ids: set[str]) -> None:
        if self._settings.memory is not None:
            replace_text(self._settings.memory / "notion.json", json.dumps(sorted(ids)))


def _is_there(one: Json) -> bool:
    return not one.get("archived") and not one.get("in_trash")


def _parent(page: Json) -> str:
    parent = page.get("parent") or {}
    return str(parent.get("page_id") or parent.get("database_id") or "")


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None


def make(settings: ConnectorSettings) -> Notion:
    """Return the connector of these settings."""
    options = ClientOptions(
        headers={
            "Authorization": f"Bearer {settings.secrets['token']}",
            "Notion-Version": _VERSION,
        },
        token_name=settings.variables["token"],
        service="Notion",
        clock=settings.clock,
    )
    return Notion(Client(settings.text("api"), options), settings)
