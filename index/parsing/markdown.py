"""Parse Markdown: the text stays as it is, headings are found as CommonMark defines them."""

from collections.abc import Iterator
from itertools import accumulate, pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from footnote_qa.index.parsing.front_matter import front_matter
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Heading, Parsed

# Only the blocks are needed; the inline rules run on the headings alone.
_BLOCKS = MarkdownIt("commonmark").enable("table").disable("inline")
_INLINE = MarkdownIt("commonmark")


def parse(content: bytes) -> Parsed:
    """Return the text of *content* as it is, with its headings and its front matter's values.

    Raises:
        UnreadableDocumentError: UNSAFE if it names an audience that cannot be understood.
    """
    text = clean(decode(content))
    lines = text.split("\n")
    front = front_matter(lines)
    headings = tuple(_headings(lines, skip=front.lines))
    first = next((heading.text for heading in headings if heading.level == 1), None)
    return Parsed(
        text=text,
        title=front.title or first,
        headings=headings,
        audience=front.audience,
        url=front.url,
        modified_at=front.modified_at,
    )


def _headings(lines: list[str], *, skip: int) -> Iterator[Heading]:
    offsets = list(accumulate((len(line) + 1 for line in lines), initial=0))
    # Skipped lines become blank, so that every line keeps its number.
    tokens = _BLOCKS.parse("\n".join([""] * skip + lines[skip:]))
    for opening, inline in pairwise(tokens):
        # A heading inside a quote or a list item has no text under it.
        if opening.type != "heading_open" or opening.level or opening.map is None:
            continue
        text = _plain(inline.content)
        if text:
            yield Heading(start=offsets[opening.map[0]], level=int(opening.tag[1:]), text=text)


def _plain(source: str) -> str:
    """Return the words of a heading without markup."""
    parts = [_words(token) for line in _INLINE.parseInline(source) for token in line.children or []]
    return " ".join("".join(parts).split())


def _words(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return "" if token.type == "html_inline" else token.content
