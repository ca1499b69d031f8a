"""Turn the Markdown of an answer, or of a document, into HTML that can do nothing."""

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from footnote_qa.bot.safe_text import clean
from footnote_qa.bot.types import LABEL
from footnote_qa.index.chunking import plain, plain_block

# Noncharacters, which never have a meaning; to Markdown they are ordinary letters
OPENS: Final = "\ufdd0"
CLOSES: Final = "\ufdd1"
_MARKS: Final = re.compile(f"[{OPENS}{CLOSES}]")
_TAG: Final = re.compile(r"<[^>]*>")
_SEAM: Final = re.compile(r"</mark>(\s+)<mark>")
_PIECE: Final = re.compile(f"([{OPENS}{CLOSES}]|<[^>]*>)")

_LEVELS: Final = 6

Place = tuple[int, int]
Reference = Callable[[int], str | None]
"""Returns the address of a citation by its label; "" if it is not known yet, None if there is no
such citation."""


def _parser() -> MarkdownIt:
    """Return a parser whose HTML has no address, image or tag of the text's own."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("reference")
    # A link is shown as its words, a picture as its description: only sources are linked to.
    for kind in ("link_open", "link_close"):
        parser.add_render_rule(kind, lambda *_: "")
    parser.add_render_rule("image", lambda _self, tokens, at, *_: escape(tokens[at].content))
    parser.add_render_rule(
        "table_open", lambda *_: '<div class="scroll" tabindex="0"><table>\n', fmt="html"
    )
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n", fmt="html")
    return parser


_PARSER: Final = _parser()


def answer_html(text: str, bold: Sequence[Place] = (), *, refer: Reference) -> Markup:
    r"""Return an answer as HTML, in which the number of each citation leads to its source.

    Args:
        text: Markdown with labels.
        bold: Where the words are that are the answer itself, as (start, end), in order. If they
            cannot be marked without changing the rest, none is.
        refer: Gives the address of each citation.

    >>> str(answer_html("Yes [1]. [x](http://a.example)", refer=lambda label: f"/s/{label}"))
    '<p>Yes <a class="cite" href="/s/1" data-panel aria-label="Source 1">1</a>. x</p>\n'
    """
    html = _rendered(text, refer)
    marked = _rendered(_with_marks(text, bold), refer)
    shown = _wrapped(marked, "strong") if _is_same(marked, html) else html
    return Markup(shown)  # noqa: S704 - made by the parser, which escapes every text


def document_html(text: str, quote: Place | None = None) -> Markup:
    r"""Return the text of a document as HTML, with the quote at *quote* marked.

    If the quote cannot be marked in the laid-out text, for example because it ends inside of
    mark-up, the text is shown as it is stored.

    >>> str(document_html("It is *due* in May.", (12, 14)))
    '<p>It is <em>due</em> <mark id="quote" tabindex="-1">in</mark> May.</p>\n'
    """
    text = _MARKS.sub(" ", text)
    html = _rendered(text, lambda _: None)
    if quote is None:
        return Markup(html)  # noqa: S704 - made by the parser, which escapes every text
    marked = _rendered(_with_marks(text, _lines(text, quote)), lambda _: None)
    if _is_same(marked, html):
        return _with_anchor(_wrapped(marked, "mark"))
    start, end = quote
    before, words, after = (
        escape(clean(piece)) for piece in (text[:start], text[start:end], text[end:])
    )
    return _with_anchor(f'<div class="stored">{before}<mark>{words}</mark>{after}</div>')


def words_of(text: str) -> str:
    """Return stored text on one line without its mark-up, for reading.

    >>> words_of("- Every *thirty* **days**")
    'Every thirty days'
    """
    return clean(plain_block(plain(text)))


def _with_anchor(html: str) -> Markup:
    html = _SEAM.sub(r"\1", html)  # between two lines of one paragraph
    return Markup(html.replace("<mark>", '<mark id="quote" tabindex="-1">', 1))  # noqa: S704


def _rendered(text: str, refer: Reference) -> str:
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(_LEVELS, int(token.tag[1]) + 2)}"  # below the page's own headings
        if token.type in {"fence", "code_block"}:
            token.content = clean(token.content)
        if token.type == "inline" and token.children:
            token.children = [piece for child in token.children for piece in _pieces(child, refer)]
    html: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return html


def _pieces(token: Token, refer: Reference) -> list[Token]:
    """Return a token, cut at the labels that it has."""
    if token.type == "code_inline":
        token.content = clean(token.content)
    if token.type != "text":
        return [token]
    text = clean(token.content)
    pieces: list[Token] = []
    at = 0
    for label in LABEL.finditer(text):
        address = refer(int(label.group()[1:-1]))
        if address is None:
            continue
        number = label.group()[1:-1]
        name = f'aria-label="Source {number}">{number}'
        link = f'<span class="cite">{number}</span>'
        if address:
            link = f'<a class="cite" href="{escape(address)}" data-panel {name}</a>'
        pieces.append(Token("text", "", 0, content=text[at : label.start()]))
        pieces.append(Token("html_inline", "", 0, content=link))
        at = label.end()
    pieces.append(Token("text", "", 0, content=text[at:]))
    return pieces


def _with_marks(text: str, places: Sequence[Place]) -> str:
    for start, end in sorted(places, reverse=True):
        text = f"{text[:start]}{OPENS}{text[start:end]}{CLOSES}{text[end:]}"
    return text


def _is_same(marked: str, html: str) -> bool:
    """Return whether the marks changed nothing else, and are between tags only."""
    in_tags = any(_MARKS.search(tag) for tag in _TAG.findall(marked))
    return _MARKS.sub("", marked) == html and not in_tags


def _wrapped(marked: str, tag: str) -> str:
    """Return *marked* with each run of text between two marks in an element of its own."""
    done: list[str] = []
    is_open = False
    for piece in filter(None, _PIECE.split(marked)):
        if piece in {OPENS, CLOSES}:
            is_open = piece == OPENS
        elif is_open and piece.strip() and not piece.startswith("<"):
            done.append(f"<{tag}>{piece}</{tag}>")
        else:
            done.append(piece)
    return "".join(done)


def _lines(text: str, quote: Place) -> list[Place]:
    """Return *quote* cut into the pieces that lie on one line, without the marks of lists."""
    start, end = quote
    pieces: list[Place] = []
    at = start
    for line in text[start:end].split("\n"):
        lead = _LEAD.match(line) if (at == start or text[at - 1 : at] == "\n") else None
        skipped = lead.end() if lead and (at == 0 or text[at - 1] == "\n") else 0
        for cell in _CELL.finditer(line, skipped):
            words = cell.group()
            if words.strip() and not _RULE.fullmatch(words.strip()):
                left = len(words) - len(words.lstrip())
                right = len(words.rstrip())
                pieces.append((at + cell.start() + left, at + cell.start() + right))
        at += len(line) + 1
    return pieces


_LEAD: Final = re.compile(r"\s*(?:>\s?)*(?:#{1,6}\s+|[-*+]\s+|\d{1,9}[.)]\s+)?")
_CELL: Final = re.compile(r"[^|]+")
_RULE: Final = re.compile(r":?-+:?")
