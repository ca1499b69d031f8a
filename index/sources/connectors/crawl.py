"""A website without a sitemap: its pages are found by their links, within one folder.

robots.txt: https://www.rfc-editor.org/rfc/rfc9309. Requests with a condition, so that a page that
has not changed is not sent again: https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
"""

import hashlib
import shutil
import tempfile
import weakref
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from protego import Protego

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.crawl_memory import Memory, Seen
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.links import folder_of, links_of, normalised
from footnote_qa.index.sources.sync import (
    Client,
    ClientOptions,
    Event,
    ForbiddenError,
    Gone,
    Item,
    ItemError,
    Listed,
    MissingError,
    Reply,
    Unlisted,
)
from footnote_qa.index.sources.website_pages import (
    SUFFIXES,
    canonical,
    date_of,
    in_utf_8,
    path_of,
    refusal,
)

_AGENT: Final = "footnote"
_MAX_DELAY_S: Final = 10.0
_NOT_MODIFIED: Final = 304
_ROBOTS_BYTES: Final = 512_000
_BROKEN: Final = Seen(version="", kind="", etag="", modified="", refusal="", canonical="", links=())


class Crawl:
    """The pages of one site below the folder of the first page.

    Args:
        client: With the site as its base.
        settings: The source's settings.
    """

    def __init__(self, client: Client, settings: ConnectorSettings) -> None:
        self._client, self._settings = client, settings
        self._start = normalised(settings.text("start"))
        self._within = folder_of(self._start)
        # What a crawl downloads to find links is not downloaded again as a body
        self._spool = Path(tempfile.mkdtemp(prefix="footnote-crawl-"))
        weakref.finalize(self, shutil.rmtree, self._spool, ignore_errors=True)

    def check(self) -> str:
        """Return where the crawl begins."""
        self._robots()
        return f"no account is needed for {self._start}"

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield the pages that can be reached by links; each is asked whether it has changed."""
        del cursor
        robots, memory = self._robots(), Memory(self._settings.memory)
        frontier = _Frontier(
            self._start, self._within, max_depth=self._settings.number("max_depth")
        )
        delay = min(float(robots.crawl_delay(_AGENT) or 0), _MAX_DELAY_S)
        is_complete, left = True, self._settings.number("max_pages")
        for address in frontier.addresses():
            if not robots.can_fetch(address, _AGENT):
                continue
            visit = self._visit(address, memory)
            if address == self._start and visit.is_gone:
                reason = f"the first page {address} is not there or may not be read"
                yield Unlisted(scope="", reason=reason)
                return
            yield from [visit.event] if visit.event is not None else []
            is_complete = is_complete and not visit.is_broken
            frontier.add(visit.seen)
            left -= 1
            if not left:
                break
            if delay:
                self._settings.clock.sleep(delay)
        memory.keep_only(frontier.known)
        if is_complete:  # else a page that could not be read may be the way to others
            yield Listed()

    def _visit(self, address: str, memory: Memory) -> "_Visit":
        """Return what a page means for the index, and what was seen on it."""
        before = memory.of(address)
        try:
            reply = self._client.reply(
                address,
                max_bytes=self._settings.max_bytes,
                headers=before.conditions if before else {},
            )
        except (MissingError, ForbiddenError):
            return _Visit(event=Gone(key=address), is_gone=True)
        except ItemError:
            # It is tried again as a body, which says what is wrong; its links are known from before
            item = self._item(address, before or _BROKEN)
            return _Visit(event=replace(item, version="broken"), seen=before, is_broken=True)
        seen = before
        if reply.status != _NOT_MODIFIED or seen is None:
            if not normalised(reply.url).startswith(self._within):
                return _Visit(event=Gone(key=address))
            seen = self._seen(address, reply)
            memory.put(address, seen)
        if seen.refusal or (seen.canonical and seen.canonical != address):
            return _Visit(event=Gone(key=address), seen=seen)
        return _Visit(event=self._item(address, seen), seen=seen)

    def _seen(self, address: str, reply: Reply) -> Seen:
        headers = reply.headers
        content = in_utf_8(reply.content, headers.get("content-type", ""))
        version = hashlib.sha256(content).hexdigest()
        self._spooled(address, version).write_bytes(content)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        is_page = SUFFIXES.get(kind) in {".html", ".xhtml"}
        own = canonical(content, reply.url) if is_page else None
        links = links_of(content, reply.url, headers) if is_page else ()
        return Seen(
            version=version,
            kind=kind,
            etag=headers.get("etag", ""),
            modified=headers.get("last-modified", ""),
            refusal=(refusal(content, headers) or "") if kind in SUFFIXES else "not a text",
            canonical=normalised(own) if own else "",
            links=tuple(dict.fromkeys(normalised(link) for link in links)),
        )

    def _item(self, address: str, seen: Seen) -> Item:
        path = path_of(address)
        name = path.rpartition("/")[2].partition("?")[0]
        suffix = SUFFIXES.get(seen.kind, "")
        return Item(
            key=address,
            version=seen.version,
            path=path,
            name=name if not suffix or name.endswith(suffix) else f"{name}{suffix}",
            url=address,
            modified_at=date_of(seen.modified),
        )

    def fetch(self, item: Item) -> bytes:
        """Return the bytes of a page, in UTF-8."""
        spooled = self._spooled(item.key, item.version)
        if spooled.exists():
            content = spooled.read_bytes()
            spooled.unlink()
            return content
        reply = self._client.reply(item.key, max_bytes=self._settings.max_bytes)
        return in_utf_8(reply.content, reply.headers.get("content-type", ""))

    def _spooled(self, address: str, version: str) -> Path:
        name = hashlib.sha256(f"{address} {version}".encode()).hexdigest()
        return self._spool / name

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield nothing: everybody may read a website."""
        yield from ()

    def _robots(self) -> Protego:
        """Return the rules of robots.txt: all is allowed if there is none."""
        parts = urlsplit(self._start)
        address = f"{parts.scheme}://{parts.netloc}/robots.txt"
        try:
            reply = self._client.reply(address, max_bytes=_ROBOTS_BYTES)
        except MissingError:
            return Protego.parse("")
        except ForbiddenError:
            return Protego.parse("User-agent: *\nDisallow: /")
        except ItemError as error:
            raise SourceError(f"{address}: {error.reason}") from error
        return Protego.parse(reply.content.decode("utf-8", errors="replace"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    event: Event | None = None
    seen: Seen | None = None
    is_gone: bool = False
    is_broken: bool = False


class _Frontier:
    """Addresses to visit, nearest to the first page first."""

    def __init__(self, start: str, within: str, *, max_depth: int) -> None:
        self._within, self._max_depth = within, max_depth
        self._waiting: deque[tuple[str, int]] = deque([(start, 0)])
        self._depth = 0
        self.known = {start}

    def addresses(self) -> Iterator[str]:
        while self._waiting:
            address, self._depth = self._waiting.popleft()
            yield address

    def add(self, seen: Seen | None) -> None:
        """Add the links of the page that was visited last."""
        if seen is None or self._depth >= self._max_depth:
            return
        for link in (*seen.links, *filter(None, [seen.canonical])):
            if link not in self.known and link.startswith(self._within):
                self.known.add(link)
                self._waiting.append((link, self._depth + 1))


def _may_wait(status: int, _: Mapping[str, str]) -> bool:
    return status == 429  # noqa: PLR2004  too many requests


def make(settings: ConnectorSettings) -> Crawl:
    """Return the connector of these settings."""
    start = settings.text("start")
    parts = urlsplit(start)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SourceError(
            f"start must be an address such as https://example.org/docs/, not {start}"
        )
    options = ClientOptions(
        service=f"the website {parts.hostname}",
        clock=settings.clock,
        is_public=not settings.flag("allow_private"),
        is_limit=_may_wait,
    )
    return Crawl(Client(f"{parts.scheme}://{parts.netloc}", options), settings)
