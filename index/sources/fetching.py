"""Fetch pages from one public host, with every address checked and size and time limited."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

USER_AGENT = "footnote"
_MAX_REDIRECTS = 5
_TIMEOUT_S = 30.0
_CHUNK_BYTES = 65_536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class FetchError(Exception):
    """A page cannot be fetched.

    Attributes:
        reason: One sentence that a person can act on.
        may_pass: Whether another attempt may succeed.
    """

    def __init__(self, reason: str, *, may_pass: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_pass = may_pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A server's answer.

    Attributes:
        status: HTTP status, never that of a redirect.
        headers: With names in lower case.
        content: The body, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes


def is_public(text: str) -> bool:
    """Return whether an IP address is on the public internet, even inside a tunnel address.

    >>> [is_public(text) for text in ("93.184.216.34", "10.0.0.1", "::ffff:127.0.0.1", "x.test")]
    [True, False, False, False]
    """
    try:
        outer = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast for one in (outer, *_inner(outer)))


def _inner(outer: Address) -> list[Address]:
    """Return the addresses that a tunnel or a translator would lead to."""
    if isinstance(outer, ipaddress.IPv4Address):
        return []
    found: list[Address | None] = [outer.ipv4_mapped, outer.sixtofour, *(outer.teredo or ())]
    if any(outer in network for network in _TRANSLATED):
        found.append(ipaddress.IPv4Address(int(outer) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


class _PublicResolver(AbstractResolver):
    """Resolves names to public addresses only, so that the address checked is the one called."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [one for one in found if is_public(one["host"])]
        if not public:
            raise FetchError(f"{host} is not on the public internet", may_pass=False)
        return public

    async def close(self) -> None:
        await self._resolver.close()


class Fetcher:
    """Fetches pages from one host.

    Args:
        start: Address on the host.
        allow_private: Whether the host may be on a private network.
    """

    def __init__(self, start: str, *, allow_private: bool) -> None:
        self._start = URL(start)
        self._allow_private = allow_private
        # Private networks are recognised by address, so no proxy may resolve names instead.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=None if allow_private else _PublicResolver(), limit_per_host=4
            ),
            timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
            headers={"User-Agent": USER_AGENT},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def get(
        self, address: str, *, max_bytes: int, headers: Mapping[str, str] | None = None
    ) -> Page:
        """Fetch a page, following redirects within the host.

        Raises:
            FetchError: It is on another host, too large, too slow, or the server cannot be reached.
        """
        url = self.checked(address)
        try:
            for _ in range(_MAX_REDIRECTS + 1):
                async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                    if answer.status not in _REDIRECTS:
                        return await _page(answer, max_bytes)
                    url = self.checked(str(url.join(URL(answer.headers.get("Location", "")))))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise FetchError(f"it cannot be fetched ({_why(error)})", may_pass=True) from error
        raise FetchError("it redirects too often", may_pass=False)

    def checked(self, address: str) -> URL:
        """Return the address if it is on this host; raises `FetchError`."""
        try:
            url = URL(address)
            port = url.port
        except ValueError as error:
            raise FetchError("its address is not valid", may_pass=False) from error
        if self._start.scheme == "https" and url.scheme == "http" and port == _port("http"):
            # Sitemaps are often older than the site's HTTPS.
            url, port = url.with_scheme("https").with_port(None), _port("https")
        is_upgrade = (self._start.scheme, url.scheme) == ("http", "https") and self._has_own_port()
        is_same_place = (url.scheme, port) == (self._start.scheme, self._start.port)
        if not url.host or url.host != self._start.host or not (is_same_place or is_upgrade):
            raise FetchError(f"it leads away from {self._start.host}", may_pass=False)
        if not self._allow_private and _is_address(url.host) and not is_public(url.host):
            raise FetchError(f"{url.host} is not on the public internet", may_pass=False)
        return url

    def _has_own_port(self) -> bool:
        return self._start.port == _port(self._start.scheme)


def _port(scheme: str) -> int:
    return {"http": 80, "https": 443}[scheme]


def _is_address(host: str) -> bool:
    """Return whether *host* is a number, as aiohttp sees it: 127.1 is not looked up."""
    return ":" in host or host.replace(".", "").isdigit()


async def _page(answer: aiohttp.ClientResponse, max_bytes: int) -> Page:
    content = bytearray()
    # Decompressed in pieces, so that a decompression bomb is stopped early.
    async for piece in answer.content.iter_chunked(_CHUNK_BYTES):
        content += piece
        if len(content) > max_bytes:
            raise FetchError(
                f"it has over {max_bytes / 1e6:,.1f} MB; raise the limit", may_pass=False
            )
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Page(status=answer.status, headers=headers, content=bytes(content))


def _why(error: Exception) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return f"no answer within {_TIMEOUT_S:g} seconds"
    return str(error) or type(error).__name__
