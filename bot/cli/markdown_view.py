"""Show the Markdown of an answer in the terminal: lists, tables, code, and its labels in colour."""

import re
from collections.abc import Iterator, Sequence

from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, ListItem, Markdown
from rich.segment import Segment
from rich.style import Style

from footnote_qa.bot.types import LABEL

# Noncharacters, which never have a meaning: where words in bold begin and end
_OPENS, _CLOSES = "\ufdd0", "\ufdd1"
_PIECE = re.compile(rf"([{_OPENS}{_CLOSES}]|{LABEL.pattern})")
_LABEL_STYLE, _BOLD = Style.parse("bold cyan"), Style(bold=True)
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")
_STRUCTURE = re.compile(r"\s*(?:[-*+]\s|\d{1,3}[.)]\s|\||>|#{1,6}\s|$)")
_CODE_SPAN = re.compile(r"(`+)(?:(?!\1).)+\1")
# Document text, not markup: tags, and underscores as in __init__
_ESCAPED = re.compile(r"(?<!\\)([<_~])")


class _LeftHeading(Heading):
    """A heading on the left, without a frame."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        yield self.text


class _NumberedItem(ListItem):
    """An item with the number that it was written with: a step that is left out leaves a gap."""

    number: int | None = None

    @classmethod
    def create(cls, markdown: Markdown, token: Token) -> "_NumberedItem":  # noqa: ARG003 - theirs
        """Return the item for its token."""
        made = cls()
        made.number = int(token.info) if token.info.isdigit() else None
        return made

    def render_number(  # noqa: PLR0917 - theirs
        self, console: Console, options: ConsoleOptions, number: int, last_number: int
    ) -> RenderResult:
        """Yield the item behind its number."""
        number = self.number or number
        yield from super().render_number(console, options, number, max(number, last_number))


class _Markdown(Markdown):
    elements = Markdown.elements | {"heading_open": _LeftHeading, "list_item_open": _NumberedItem}


class AnswerMarkdown:
    """The text of an answer as rich shows it.

    Args:
        text: Markdown with labels.
        bold: Where the words are that are the answer itself, as (start, end), in order.
    """

    def __init__(self, text: str, bold: Sequence[tuple[int, int]] = ()) -> None:
        for start, end in reversed(bold):
            if not _in_structure(text, start):
                text = f"{text[:start]}{_OPENS}{text[start:end]}{_CLOSES}{text[end:]}"
        self._markdown = _Markdown(prepared(text), code_theme="ansi_dark", hyperlinks=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the rendered text, its labels in colour."""
        is_bold = False
        for segment in console.render(self._markdown, options):
            for piece in _PIECE.split(segment.text) if not segment.control else [segment.text]:
                if piece in {_OPENS, _CLOSES}:
                    is_bold = piece == _OPENS
                elif piece:
                    yield Segment(piece, _style(piece, segment, is_bold=is_bold), segment.control)


def _style(piece: str, segment: Segment, *, is_bold: bool) -> Style | None:
    style = segment.style or Style.null()
    if LABEL.fullmatch(piece):
        return style + _LABEL_STYLE
    return style + _BOLD if is_bold else segment.style


def _in_structure(text: str, at: int) -> bool:
    """Return whether text[at] is in a table or in code, where a mark would change the layout."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line.lstrip().startswith("|") or text[:at].count("```") % 2 == 1


def prepared(text: str) -> str:
    r"""Return *text* so that its lines stay apart and its tags and underscores are shown.

    >>> prepared("One <b>\nTwo __init__ `a_b`")
    'One \\<b>  \nTwo \\_\\_init\\_\\_ `a_b`'
    """
    return "\n".join(_prepared_lines(text.split("\n")))


def _prepared_lines(lines: Sequence[str]) -> Iterator[str]:
    is_code = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if _FENCE.match(line):
            is_code = not is_code
            yield line
        elif is_code:
            yield line
        else:
            breaks = not _STRUCTURE.match(line) and not (
                _STRUCTURE.match(following) or _FENCE.match(following)
            )
            yield _outside_code(line) + ("  " if breaks else "")


def _outside_code(line: str) -> str:
    done, at = "", 0
    for span in _CODE_SPAN.finditer(line):
        done += _ESCAPED.sub(r"\\\1", line[at : span.start()]) + span.group()
        at = span.end()
    return done + _ESCAPED.sub(r"\\\1", line[at:])
