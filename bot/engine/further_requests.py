"""Lines of a reply in which a model asks for another search, or for a complete document."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_KINDS = ("SEARCH:", "READ:")
_REQUEST = re.compile(r"[\s>*_`-]*(SEARCH|READ)[*_`]*:[*_`]*[ \t]*(.*?)[\s*_`]*$")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_MARKS = " \t>*_`-"
_MOST_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A search or a document that a model asks for before it answers.

    Attributes:
        search: Words to search for; "" if it asks for a document.
        read: Number of the passage whose complete document it wants; 0 if it wants a search.
    """

    search: str = ""
    read: int = 0


class RequestFilter:
    r"""Takes the lines that ask for something out of a reply while it streams in.

    Attributes:
        found: The requests, in order.

    >>> reader = RequestFilter()
    >>> reader.feed("SEAR"), reader.feed("CH: parking fee\nParking is"), reader.end()
    ('', 'Parking is', '')
    >>> reader.found
    [Request(search='parking fee', read=0)]
    """

    def __init__(self) -> None:
        self.found: list[Request] = []
        self._held = ""  # the beginning of a line that may be a request
        self._is_inside = False  # a line of something else has begun

    def feed(self, text: str) -> str:
        """Return what of *text*, and of what was held back, is no request."""
        passed = ""
        lines = _LINE.findall(self._held + text)
        self._held = ""
        for line in lines:
            ends = line.endswith("\n")
            if self._is_inside or not may_be_request(line):
                passed += line
                self._is_inside = not ends
            elif not ends:
                self._held = line
            elif not self._takes(line):
                passed += line
        return passed

    def end(self) -> str:
        """Return what was held back, unless it is a request."""
        held, self._held = self._held, ""
        return "" if self._takes(held) else held

    def _takes(self, line: str) -> bool:
        asked = _REQUEST.match(line)
        if asked is None:
            return False
        kind, what = asked.groups()
        number = re.search(r"\d{1,3}", what)
        if kind == "SEARCH" and what:
            self.found.append(Request(search=what[:_MOST_CHARS]))
        elif kind == "READ" and number:
            self.found.append(Request(read=int(number.group())))
        return True


def may_be_request(line: str) -> bool:
    """Return whether a line, which may not be complete, is or may become a request.

    >>> may_be_request("- SEA"), may_be_request("SEARCH: x"), may_be_request("Searching")
    (True, True, False)
    """
    said = line.lstrip(_MARKS + "\r\n").replace("*", "")
    if not said:
        return bool(line) and not line.endswith("\n")
    return any(said.startswith(kind) or kind.startswith(said) for kind in _KINDS)


def searches_asked_for(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the searches in the lines of a reply.

    >>> searches_asked_for(["How long is it?", "SEARCH: contract length"])
    ('contract length',)
    """
    reader = RequestFilter()
    for line in lines:
        reader.feed(line + "\n")
    return tuple(one.search for one in reader.found if one.search)
