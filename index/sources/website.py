"""The pages listed in a website's sitemap, as a source of documents."""

import asyncio
import gzip
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.atomic_files import private_folder, replace_text
from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.sources.fetching import USER_AGENT, Fetcher, FetchError, Page
from footnote_qa.index.sources.names import prefixed, printable
from footnote_qa.index.sources.patterns import takes
from footnote_qa.index.sources.website_pages import (
    SUFFIXES,
    canonical,
    date_of,
    in_utf_8,
    path_of,
    refusal,
)
from footnote_qa.index.types import Problem, ProblemKind, SourceFile

log = logging.getLogger(__name__)

MAX_PAGES = 20_000
_MAX_SITEMAPS = 200
_MAX_SITEMAP_BYTES = 52_000_000  # a little over what the protocol allows
_AT_ONCE = 4
_MAX_DELAY_S = 10.0
_GZIP_MAGIC = b"\x1f\x8b"
_GONE = frozenset({404, 410})
_FORBIDDEN = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    address: str
    modified_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """Cached facts about a page, besides its bytes; `refusal` says why it is not indexed."""

    sha256: str
    size_bytes: int
    content_type: str
    etag: str
    last_modified: str
    refusal: str
    canonical: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebsiteSource:
    """The pages of one host that its sitemap lists and its robots.txt allows.

    An unchanged page is requested but not sent again. If a page cannot be reached for a while, its
    last version is used, so that a short outage does not empty the index.

    Attributes:
        sitemap: Address of the sitemap, or of one that lists sitemaps.
        cache: The source's own folder for the pages.
        include: Patterns; a page's path must match at least one.
        exclude: Patterns; neither a path nor a folder above it may match one.
        prefix: Put before each document's id; empty if there is one source only.
        audience: Groups that may see the documents; empty means everybody.
        max_file_bytes: Largest page that is read.
        allow_private: Whether the host may be on a private network.
    """

    sitemap: str
    cache: Path
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    prefix: str = ""
    audience: tuple[str, ...] = ()
    max_file_bytes: int = 100_000_000
    allow_private: bool = False

    def files(self) -> Iterator[SourceFile | Problem]:
        """Yield every page listed, sorted by document, and a problem for each one skipped.

        Raises:
            SourceError: If the sitemap or robots.txt cannot be read.
        """
        private_folder(self.cache)
        found = asyncio.run(self._found())
        yield from sorted(found, key=lambda one: one.document)

    async def _found(self) -> list[SourceFile | Problem]:
        async with Fetcher(self.sitemap, allow_private=self.allow_private) as fetcher:
            try:
                robots = await _robots(fetcher, self.sitemap)
                listed = await _listed(fetcher, self.sitemap)
            except FetchError as error:
                raise SourceError(f"the sitemap {self.sitemap}: {error.reason}") from error
            chosen = {path_of(one.address): one for one in listed if self._is_chosen(one.address)}
            self._forget_all_but({_key(one.address) for one in chosen.values()})
            delay = min(float(robots.crawl_delay(USER_AGENT) or 0), _MAX_DELAY_S)
            turns = asyncio.Semaphore(1 if delay else _AT_ONCE)

            async def in_turn(one: _Listed) -> SourceFile | Problem:
                async with turns:
                    await asyncio.sleep(delay)
                    return await self._met(fetcher, robots, one)

            met = await asyncio.gather(*(in_turn(one) for one in chosen.values()))
            return [
                self._once(one, listed.address, chosen)
                for one, listed in zip(met, chosen.values(), strict=True)
            ]

    def _once(
        self, found: SourceFile | Problem, address: str, chosen: Mapping[str, _Listed]
    ) -> SourceFile | Problem:
        """Return a problem instead of a page that names another page of the site as its own."""
        kept = self._kept(address) if isinstance(found, SourceFile) else None
        named = path_of(kept.canonical) if kept is not None and kept.canonical else ""
        if not named or named == path_of(address) or named not in chosen:
            return found
        reason = f"the page says that it is a copy of {chosen[named].address}"
        return Problem(document=found.document, kind=ProblemKind.UNSUPPORTED, reason=reason)

    def _is_chosen(self, address: str) -> bool:
        return takes(path_of(address), self.include, self.exclude)

    async def _met(
        self, fetcher: Fetcher, robots: RobotFileParser, listed: _Listed
    ) -> SourceFile | Problem:
        document = prefixed(self.prefix, printable(path_of(listed.address)))
        if not robots.can_fetch(USER_AGENT, listed.address):
            reason = "the site's robots.txt does not allow programs to read it"
            return Problem(document=document, kind=ProblemKind.UNSUPPORTED, reason=reason)
        before = self._kept(listed.address)
        try:
            kept = await self._fetched(fetcher, listed.address, before)
        except FetchError as error:
            if before is None or not error.may_pass:
                kind = ProblemKind.UNREADABLE if error.may_pass else ProblemKind.UNSAFE
                return Problem(document=document, kind=kind, reason=error.reason)
            log.warning("page taken as it was last", extra={"document": document})
            kept = before
        except UnreadableDocumentError as error:
            return Problem(document=document, kind=error.kind, reason=error.reason)
        if kept.refusal:
            kind = ProblemKind.UNSUPPORTED
            return Problem(document=document, kind=kind, reason=kept.refusal)
        return self._file(document, listed, kept)

    async def _fetched(self, fetcher: Fetcher, address: str, before: _Kept | None) -> _Kept:
        marks = {} if before is None else _marks(before)
        page = await fetcher.get(address, max_bytes=self.max_file_bytes, headers=marks)
        if page.status == 304 and before is not None:  # noqa: PLR2004  "not modified"
            return before
        if page.status in _GONE | _FORBIDDEN:
            what = "is not there" if page.status in _GONE else "may not be read"
            raise UnreadableDocumentError(
                ProblemKind.UNREADABLE, f"the page {what} ({page.status}): fix it or the sitemap"
            )
        if page.status != 200:  # noqa: PLR2004  "ok"
            raise FetchError(f"the server answers with status {page.status}", may_pass=True)
        return self._keep(address, page)

    def _keep(self, address: str, page: Page) -> _Kept:
        content = in_utf_8(page.content, page.headers.get("content-type", ""))
        kept = _Kept(
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            content_type=page.headers.get("content-type", "").partition(";")[0].strip().lower(),
            etag=page.headers.get("etag", ""),
            last_modified=page.headers.get("last-modified", ""),
            refusal=refusal(content, page.headers) or "",
            canonical=canonical(content, address) or "",
        )
        _replace_bytes(self.cache / f"{_key(address)}.page", content)
        replace_text(self.cache / f"{_key(address)}.json", json.dumps(asdict(kept)))
        return kept

    def _kept(self, address: str) -> _Kept | None:
        path = self.cache / f"{_key(address)}.json"
        try:
            kept = _Kept(**json.loads(path.read_text(encoding="utf-8")))
            _read(path.with_suffix(".page"), kept.sha256)
        except (OSError, ValueError, TypeError, UnreadableDocumentError):
            return None
        return kept

    def _forget_all_but(self, keys: set[str]) -> None:
        for path in self.cache.iterdir():
            if path.suffix in {".page", ".json"} and path.stem not in keys:
                path.unlink(missing_ok=True)

    def _file(self, document: str, listed: _Listed, kept: _Kept) -> SourceFile:
        name = document.rpartition("/")[2]
        suffix = SUFFIXES.get(kept.content_type, "")
        return SourceFile(
            document=document,
            name=name if not suffix or name.endswith(suffix) else f"{name}{suffix}",
            title=None,
            size_bytes=kept.size_bytes,
            modified_at=date_of(kept.last_modified) or listed.modified_at,
            url=listed.address,
            audience=self.audience,
            read=partial(_read, self.cache / f"{_key(listed.address)}.page", kept.sha256),
            sha256=kept.sha256,
        )


async def _robots(fetcher: Fetcher, sitemap: str) -> RobotFileParser:
    """Return the rules of robots.txt: all allowed if missing, nothing if it may not be read."""
    parts = urlsplit(sitemap)
    page = await fetcher.get(f"{parts.scheme}://{parts.netloc}/robots.txt", max_bytes=1_000_000)
    robots = RobotFileParser()
    if page.status in _FORBIDDEN:
        robots.parse(["User-agent: *", "Disallow: /"])
    elif page.status == 200:  # noqa: PLR2004  "ok"
        robots.parse(page.content.decode("utf-8", errors="replace").split("\n"))
    elif page.status >= 500:  # noqa: PLR2004  a server error
        raise FetchError(f"its robots.txt answers with status {page.status}", may_pass=True)
    else:
        robots.parse([])
    return robots


async def _listed(fetcher: Fetcher, sitemap: str) -> list[_Listed]:
    """Return the pages and the sitemaps that the sitemap lists."""
    waiting, seen = [sitemap], {sitemap}
    found: dict[str, _Listed] = {}
    while waiting:
        address = waiting.pop()
        page = await fetcher.get(address, max_bytes=_MAX_SITEMAP_BYTES)
        if page.status != 200:  # noqa: PLR2004  "ok"
            raise FetchError(f"{address} answers with status {page.status}", may_pass=True)
        root = _xml(address, page.content)
        for one in _locations(root, "url"):
            found.setdefault(one.address, one)
        inner = [one.address for one in _locations(root, "sitemap") if one.address not in seen]
        waiting += inner
        seen |= set(inner)
        if len(found) > MAX_PAGES or len(seen) > _MAX_SITEMAPS:
            raise FetchError(
                f"it lists over {MAX_PAGES:,} pages or {_MAX_SITEMAPS} sitemaps; name one of these",
                may_pass=False,
            )
    return list(found.values())


def _xml(address: str, content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        if content.startswith(_GZIP_MAGIC):
            with gzip.open(BytesIO(content)) as packed:
                content = packed.read(_MAX_SITEMAP_BYTES)
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, OSError, EOFError) as error:
        raise FetchError(f"{address} is no sitemap in XML", may_pass=False) from error


def _locations(root: etree._Element, name: str) -> Iterator[_Listed]:
    for node in root.iterchildren(f"{{*}}{name}"):
        facts = {etree.QName(child).localname: child.text or "" for child in node.iterchildren("*")}
        address = facts.get("loc", "").strip()
        if address:
            yield _Listed(address=address, modified_at=_iso_date(facts.get("lastmod", "").strip()))


def _key(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:32]


def _marks(kept: _Kept) -> dict[str, str]:
    marks = {"If-None-Match": kept.etag, "If-Modified-Since": kept.last_modified}
    return {name: value for name, value in marks.items() if value}


def _read(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableDocumentError(
            ProblemKind.UNREADABLE, f"it was fetched but cannot be read: {error.strerror}"
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UnreadableDocumentError(
            ProblemKind.UNREADABLE, "it was fetched but has changed since; build again"
        )
    return content


def _replace_bytes(path: Path, content: bytes) -> None:
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(scratch).replace(path)


def _iso_date(text: str) -> datetime | None:
    try:
        date = datetime.fromisoformat(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
