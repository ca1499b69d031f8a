"""The links of a page, and addresses in one form."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from bs4 import BeautifulSoup

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|mc_[ce]id)$", re.IGNORECASE)
_MOST_LINKS = 2000


def normalised(address: str) -> str:
    """Return an address without what makes no difference.

    >>> normalised("HTTPS://X.test:443/a/../b?utm_source=mail&v=2#part")
    'https://x.test/b?v=2'
    >>> normalised("https://x.test")
    'https://x.test/'
    """
    parts = urlsplit(urljoin(address, urlsplit(address).path or "/"))
    asked = urlsplit(address).query
    kept = [
        pair for pair in parse_qsl(asked, keep_blank_values=True) if not _TRACKING.match(pair[0])
    ]
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    is_usual = parts.port in {None, {"http": 80, "https": 443}.get(scheme)}
    place = host if is_usual else f"{host}:{parts.port}"
    path = re.sub(r"/{2,}", "/", parts.path) or "/"
    return urlunsplit((scheme, place, path, urlencode(kept) if kept else "", ""))


def folder_of(address: str) -> str:
    """Return the folder that a page is in.

    >>> folder_of("https://x.test/docs/index.html"), folder_of("https://x.test/docs/")
    ('https://x.test/docs/', 'https://x.test/docs/')
    """
    parts = urlsplit(address)
    folder = parts.path[: parts.path.rfind("/") + 1]
    return urlunsplit((parts.scheme, parts.netloc, folder, "", ""))


def links_of(content: bytes, address: str, headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the addresses that a page links to, unless it asks not to be followed.

    >>> page = b'<a href="b.html#x">B</a> <a rel="nofollow" href="c">C</a> <a href="mailto:x">M</a>'
    >>> links_of(page, "https://x.test/a/", {})
    ('https://x.test/a/b.html',)
    """
    soup = BeautifulSoup(content, "lxml")
    if "nofollow" in headers.get("x-robots-tag", "").lower() or _asks_not_to(soup):
        return ()
    bases = [str(tag["href"]) for tag in soup.find_all("base", href=True)]
    base = urljoin(address, bases[0]) if bases else address
    found = (
        _joined(base, str(tag["href"]))
        for tag in soup.find_all("a", href=True)
        if "nofollow" not in " ".join(tag.get_attribute_list("rel")).lower()
    )
    return tuple(dict.fromkeys(filter(None, found)))[:_MOST_LINKS]


def _asks_not_to(soup: BeautifulSoup) -> bool:
    tags = soup.find_all("meta", attrs={"name": re.compile("^(robots|footnote)$", re.IGNORECASE)})
    rules = {
        rule for tag in tags for rule in re.split(r"[\s,]+", str(tag.get("content", "")).lower())
    }
    return bool(rules & {"nofollow", "none"})


def _joined(base: str, href: str) -> str:
    """Return the address of a link; "" if it leads to no page."""
    try:
        link = urljoin(base, href.strip()).partition("#")[0]
        parts = urlsplit(link)
    except ValueError:
        return ""
    return link if parts.scheme in {"http", "https"} and parts.hostname else ""
