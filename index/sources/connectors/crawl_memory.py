"""The pages that a crawl saw, kept on disk between crawls and through a crash."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from footnote_qa.index.atomic_files import replace_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A page as it was seen last.

    Attributes:
        version: SHA-256 of its bytes, in hex.
        kind: The type of its content.
        etag: As the server gave it; "" if not.
        modified: The header Last-Modified; "" if there was none.
        refusal: Why it is not indexed; "" if it is.
        canonical: The address that it names as its own; "" if none.
        links: The addresses that it links to.
    """

    version: str
    kind: str
    etag: str
    modified: str
    refusal: str
    canonical: str
    links: tuple[str, ...]

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for the page only if it has changed."""
        told = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in told.items() if value}


class Memory:
    """Pages by address: one line of JSON each, appended as they are seen.

    Args:
        folder: Where the file is; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / "crawl.jsonl"
        self._pages: dict[str, Seen] = {}
        if self._path is not None and self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            address, fields = json.loads(line)
            self._pages[address] = Seen(**{**fields, "links": tuple(fields["links"])})
        except (ValueError, TypeError, KeyError):  # the last line of a crawl that was killed
            return

    def of(self, address: str) -> Seen | None:
        """Return a page as it was seen last; None if it was not."""
        return self._pages.get(address)

    def put(self, address: str, seen: Seen) -> None:
        """Store a page."""
        self._pages[address] = seen
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                print(_line(address, seen), file=file)

    def keep_only(self, addresses: Iterable[str]) -> None:
        """Forget all other pages."""
        wanted = set(addresses)
        self._pages = {one: seen for one, seen in self._pages.items() if one in wanted}
        if self._path is not None:
            lines = [_line(address, seen) for address, seen in sorted(self._pages.items())]
            replace_text(self._path, "".join(f"{line}\n" for line in lines))


def _line(address: str, seen: Seen) -> str:
    return json.dumps([address, asdict(seen)], ensure_ascii=False)
