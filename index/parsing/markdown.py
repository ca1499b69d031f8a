"""Markdown: stored as it is, its headings found as CommonMark defines them."""

from collections.abc import Iterator
from itertools import accumulate, pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.parsing.text import clean, decode
from index.types import Heading, Parsed

_MAX_FRONT_MATTER_LINES = 200
_FRONT_MATTER_STARTS = (" ", "\t", "- ", "#", "]", "}")

# Only the blocks are needed; the inline rules are run on the headings alone.
_BLOCKS = MarkdownIt("commonmark").enable("table").disable("inline")
_INLINE = MarkdownIt("commonmark")


def parse(content: bytes) -> Parsed:
    """Return the text of *content* as it is, with its headings."""
    text = clean(decode(content))
    lines = text.split("\n")
    front = _front_matter_end(lines)
    headings = tuple(_headings(lines, skip=front))
    return Parsed(text=text, title=_title(lines[:front], headings), headings=headings)


def _title(front_matter: list[str], headings: tuple[Heading, ...]) -> str | None:
    for line in front_matter:
        key, colon, value = line.partition(":")
        if colon and key == "title" and value.strip().strip("\"'|>-"):
            return value.strip().strip("\"'")
    return next((heading.text for heading in headings if heading.level == 1), None)


def _front_matter_end(lines: list[str]) -> int:
    """Return how many lines the YAML at the top takes; 0 if there is none."""
    if lines[0].rstrip() != "---":
        return 0
    for number, line in enumerate(lines[1:_MAX_FRONT_MATTER_LINES], start=1):
        if line.rstrip() in {"---", "..."}:
            # A lone pair of rules is not front matter: something must be said between them.
            return number + 1 if number > 1 else 0
        if not _is_front_matter(line):
            return 0
    return 0


def _is_front_matter(line: str) -> bool:
    key, colon, _ = line.partition(":")
    is_entry = bool(colon) and " " not in key.strip()
    return not line.strip() or is_entry or line.startswith(_FRONT_MATTER_STARTS)


def _headings(lines: list[str], *, skip: int) -> Iterator[Heading]:
    offsets = list(accumulate((len(line) + 1 for line in lines), initial=0))
    # Blank lines in place of what is skipped keep every line's number.
    tokens = _BLOCKS.parse("\n".join([""] * skip + lines[skip:]))
    for opening, inline in pairwise(tokens):
        # Inside a quote or a list item a heading heads nothing that follows it.
        if opening.type != "heading_open" or opening.level or opening.map is None:
            continue
        text = _plain(inline.content)
        if text:
            yield Heading(start=offsets[opening.map[0]], level=int(opening.tag[1:]), text=text)


def _plain(source: str) -> str:
    """Return the words of a heading without their mark-up."""
    parts = [_words(token) for line in _INLINE.parseInline(source) for token in line.children or []]
    return " ".join("".join(parts).split())


def _words(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return "" if token.type == "html_inline" else token.content
