"""Mask the Markdown and HTML markup that readers of a page never see; offsets stay the same.

The stored text is the file's own, so that a quote is an exact slice of it. A reader of the
rendered page never sees its front matter, comments, site generator tags, link addresses, HTML
tags and the rules under table heads. Chunking, search and answers read the masked text; only
quotes are cut from the stored one.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

HIDDEN = "\u200b"
"""Replaces a character that is not shown: no word, no space, zero width."""

_BLANKS = f" \t\r\n\x0b\x0c\x85\xa0{HIDDEN}"
_FENCE = re.compile(r"[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|\d{1,3}[.)]) +)?(`{3,}|~{3,})")
_CODE_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(?:(?!\n[ \t]*\n)[\s\S])+?(?<!`)\1(?!`)")
_FRONT_STARTS = (" ", "\t", "- ", "#", "]", "}")
_MOST_FRONT_LINES = 200
# What begins with the first of a pair is hidden up to the second, however long it is.
_HIDDEN_PAIRS = (("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>"))
# The bytes of a picture or font within the text
_DATA = re.compile(
    r"data:[\w.+-]{1,40}/[\w.+-]{1,80}(?:;[\w=.+-]{1,60}){0,4},[^\s\"'<>()\[\]]{24,}"
)
# {% tag %}, {%- tag -%}, {{ value }}, {{< shortcode >}}, {{% shortcode %}}, {# comment #}
_TEMPLATE = re.compile(
    r"\{%[^%{}]*(?:%(?!\})[^%{}]*)*%\}|\{\{[^{}\n]*\}\}|\{#(?![\w-]+\})[^{}\n]*#\}"
)
# {: .class}, {:target="_blank"}, {#anchor}, {.class}
_ATTRIBUTES = re.compile(r"\{(?::[^{}\n]*|[#.][\w-][^{}\n]*)\}")
_TAG = re.compile(
    r"</?(?:a|abbr|article|aside|b|big|blockquote|br|button|center|cite|code|col|colgroup|dd|del|"
    r"details|div|dl|dt|em|embed|figcaption|figure|font|footer|form|h[1-6]|header|hr|i|iframe|img|"
    r"input|ins|kbd|label|li|main|mark|nav|object|ol|p|picture|pre|q|s|samp|script|section|small|"
    r"source|span|strong|style|sub|summary|sup|svg|path|table|tbody|td|tfoot|th|thead|time|tr|tt|u|"
    r"ul|var|video|wbr)(?:\s+[\w:@.-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|\{[^{}]*\}|[^\s\"'<>=]+))?)*\s*/?>",
    re.IGNORECASE,
)
# A component of a documentation site: <Tabs groupId="os">, </TabItem>, <Card title="Set up" />
_COMPONENT = re.compile(r"^[ \t]*</?[A-Z][\w.]*(?:\s[^<>]*)?>[ \t]*$", re.MULTILINE)
# The same within a line: with attributes, or closed later on the line
_INLINE_COMPONENT = re.compile(
    r"<[A-Z][\w.]*(?:\s+[\w:-]+=(?:\"[^\"\n]*\"|'[^'\n]*'|\{[^{}\n]*\}))+\s*/?>|</[A-Z][\w.]*>"
    r"|<(?P<open>[A-Z][\w.]*)\s*>(?=[^\n]{0,2000}</(?P=open)>)|<[A-Z][\w.]*\s*/>"
)
_IMPORT = re.compile(
    r"^(?:import\s[^\n]*\sfrom\s+['\"][^\n]*|import\s+['\"][^'\"\n]+['\"];?[ \t]*)$", re.M
)
# Words that are shown from a tag or a shortcode: title="Set up", label='macOS'
_SHOWN = re.compile(
    r"\b(?:title|label|content|caption|summary|heading|text|alt)\s*=\s*(?:\"([^\"\n]+)\"|'([^'\n]+)')"
)
# !!! note "Title", ???+ tip, === "Tab", :::note Title, :::, > [!NOTE]
_ADMONITION = re.compile(
    r"^[ \t]*(?:(?:!!!|\?\?\?\+?)[ \t]+[\w-]+(?:[ \t]+[\w-]+)*"
    r"(?:[ \t]+\"(?P<title>[^\"\n]*)\")?"
    r"|(?:===)[!+]?[ \t]+\"(?P<name>[^\"\n]*)\""
    r"|(?::{3,})[ \t]*(?:\{[^{}\n]*\}|[\w-]+)?"
    r"(?:\[(?P<label>[^\]\n]*)\])?(?P<rest>[^\n]*))[ \t]*$",
    re.MULTILINE,
)
# A fence of an admonition that follows text on its line
_LATE_FENCE = re.compile(r"(?<=\S)[ \t]+:::[ \t]*[\w-]*[ \t]*$", re.MULTILINE)
_ALERT = re.compile(r"(?<=>)[ \t]*\[![A-Z]+\][+-]?")
_LINK = re.compile(
    r"(?:!?\[)(?P<text>(?:[^\[\]\n]|\[[^\[\]\n]*\]|\n(?![ \t]*\n)){0,400}?)"
    r"(?:\]\([ \t]*(?:<[^<>\n]*>|(?:[^()\s<]|\([^()\s]*\))*)"
    r"(?:[ \t\n]+(?:\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*\))"
)
_REFERENCE = re.compile(r"(?:!?\[)(?P<text>[^\[\]\n]{1,200})(?:\]\[[^\[\]\n]{0,100}\])")
_DEFINITION = re.compile(
    r"^ {0,3}\[[^\]\n^][^\]\n]*\]:[ \t]*<?\S+>?(?:[ \t]+[\"'(][^\n]*)?[ \t]*$", re.M
)
_RULE = re.compile(
    r"^[ \t]*(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$|^[ \t]*={2,}[ \t]*$", re.M
)

# (label)= names a place, {ref}`the words <label>` links to one: MyST, as Sphinx reads it
_TARGET = re.compile(r"^[ \t]*\([\w:. -]{1,100}\)=[ \t]*$", re.MULTILINE)
_ROLE = re.compile(
    r"\{[A-Za-z][\w:+.-]{0,30}\}(?=`)"
    r"(?:`(?P<text>[^`<>\n]{1,200}?)[ \t]*<[^`<>\n]{1,200}>`)?"
)
# ```{note} Title: a fence whose lines are text, with options such as :class: tip below
_DIRECTIVE = re.compile(
    r"[ \t]*(?P<fence>`{3,}|~{3,})\{(?:note|warning|tip|hint|important|caution|danger|attention|"
    r"error|seealso|admonition|versionadded|versionchanged|deprecated|dropdown|details|card|topic|"
    r"sidebar|margin|tab-set|tab-item|grid|grid-item|grid-item-card|epigraph|todo)\}"
)
_OPTION = re.compile(r"[ \t]*:[\w-]+:[^\n]*\Z")

_Range = tuple[int, int]


@lru_cache(maxsize=64)  # of texts as long as documents
def mask(text: str) -> str:
    r"""Return *text* at the same length with everything masked that no reader sees.

    Line breaks stay. Markup on lines of its own (front matter, comments, template tags, rules of
    tables) becomes spaces; markup within a line becomes `HIDDEN`. Code stays as it is.
    >>> shown("See [the form](x.md) {% raw %}now.\n\n| a  |\n| -- |\n| b  |\n")
    'See the form now.\n\n| a  |\n| b  |'
    """
    chars = list(text)
    body = front_matter_end(text)
    _blank(chars, 0, body)
    _hide_directives(chars, text)
    code = list(_code("".join(chars), body))
    _hide_pairs(chars, text, code)
    for hiding in _HIDING:
        _hide(chars, hiding, code)
    lines = "".join(chars).split("\n")
    return "\n".join(one if one.strip(_BLANKS) else one.replace(HIDDEN, " ") for one in lines)


def shown(text: str) -> str:
    """Return *text* as a reader sees it."""
    return readable(mask(text))


def readable(masked: str) -> str:
    """Return a masked text without its hidden characters."""
    lines = [line.replace(HIDDEN, "").rstrip() for line in masked.split("\n")]
    text = "\n".join(lines).strip("\n")
    # The rule under a table's head is gone; no blank line may separate the head from the rows
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"(?<=\|)\n\n(?=[ \t]*\|)", "\n", text))


def trimmed(masked: str, start: int, end: int) -> tuple[int, int]:
    """Return the border of masked[start:end] without blanks; empty if a reader sees nothing there.

    A hidden mark at an edge, such as the bracket of a link, stays with the words beside it.
    """
    piece = masked[start:end]
    if not piece.strip(_BLANKS):
        return start, start
    first = start + len(piece) - len(piece.lstrip(_BLANKS))
    last = start + len(piece.rstrip(_BLANKS))
    while first > start and masked[first - 1] == HIDDEN:
        first -= 1
    while last < end and masked[last] == HIDDEN:
        last += 1
    return first, last


def front_matter_lines(lines: Sequence[str]) -> int:
    """Return how many lines the front matter at the top takes, its rules included; 0 if none."""
    if lines[0].rstrip() != "---":
        return 0
    for number, line in enumerate(lines[1:_MOST_FRONT_LINES], start=1):
        if line.rstrip() in {"---", "..."}:
            # A pair of rules with nothing between them is not front matter.
            return number + 1 if number > 1 else 0
        if not _can_belong(line):
            return 0
    return 0


def _can_belong(line: str) -> bool:
    key, colon, _ = line.partition(":")
    is_entry = bool(colon) and " " not in key.strip()
    return not line.strip() or is_entry or line.startswith(_FRONT_STARTS)


def front_matter_end(text: str) -> int:
    """Return where the front matter at the start of *text* ends; 0 if there is none."""
    lines = text.split("\n", _MOST_FRONT_LINES)
    return min(sum(len(line) + 1 for line in lines[: front_matter_lines(lines)]), len(text))


_KEYWORDS = re.compile(
    r"^(?:keywords?|tags|aliases|synonyms|description|summary|categories)[ \t]*:"
    r"(?P<words>.*(?:\n(?:[ \t]+\S|- ).*)*)",
    re.MULTILINE | re.IGNORECASE,
)


def keywords(text: str) -> str:
    """Return the search keywords that the front matter of *text* gives."""
    front = text[: front_matter_end(text)]
    found = (re.sub(r"[\[\]\"',>|-]+", " ", one["words"]) for one in _KEYWORDS.finditer(front))
    return " ".join(" ".join(found).split())


def _blank(chars: list[str], start: int, end: int) -> None:
    for at in range(start, end):
        if chars[at] != "\n":
            chars[at] = " "


def _hide_directives(chars: list[str], text: str) -> None:
    """Hide the fences of directives whose lines are text, with their options."""
    if "{" not in text:
        return
    start = 0
    state = _Fences()
    for line in text.split("\n"):
        for at in range(*state.hidden(line)):
            chars[start + at] = HIDDEN
        start += len(line) + 1


class _Fences:
    """Which fences are open while the lines of a text are read."""

    def __init__(self) -> None:
        self._remarks: list[str] = []
        self._code = ""
        self._is_at_options = False

    def hidden(self, line: str) -> _Range:
        """Return what to hide of the next line."""
        if self._code:
            if _closes(line, self._code):
                self._code = ""
            return 0, 0
        if found := _DIRECTIVE.match(line):
            self._remarks.append(found["fence"])
            self._is_at_options = True
            return found.span()
        if self._is_at_options and _OPTION.match(line):
            return 0, len(line)
        self._is_at_options = False
        return self._closing_or_code(line)

    def _closing_or_code(self, line: str) -> _Range:
        if self._remarks and _closes(line, self._remarks[-1]):
            self._remarks.pop()
            return 0, len(line)
        self._code = _opened(line)
        return 0, 0


def _opened(line: str) -> str:
    """Return the fence of code that *line* opens; "" if it opens none."""
    match = _FENCE.match(line)
    if match is None or (match[1][0] == "`" and "`" in line[match.end() :]):
        return ""
    return match[1]


def _closes(line: str, fence: str) -> bool:
    bare = line.strip().lstrip("> ")
    return len(bare) >= len(fence) and bare == fence[0] * len(bare)


def _code(text: str, start: int) -> Iterator[_Range]:
    """Yield the ranges of fenced code and of code within lines, in order."""
    fence, opened = "", 0
    prose = start
    for line in re.finditer(r"[^\n]*(?:\n|\Z)", text[start:]):
        first, last = start + line.start(), start + line.end()
        row = line.group()
        if fence:
            if _closes(row, fence):
                yield opened, last
                fence, prose = "", last
            continue
        fence = _opened(row)
        if fence:
            yield from _spans(text, prose, first)
            opened = first
    if fence:
        yield opened, len(text)
    else:
        yield from _spans(text, prose, len(text))


def _spans(text: str, start: int, end: int) -> Iterator[_Range]:
    for match in _CODE_SPAN.finditer(text, start, end):
        yield match.span()


def _hide_pairs(chars: list[str], text: str, code: Sequence[_Range]) -> None:
    """Hide comments, scripts and styles outside of *code*."""
    lower = text.lower()
    if len(lower) != len(text):  # few letters become two in lower case
        lower = text
    starts = [first for first, _ in code]
    for opening, closing in _HIDDEN_PAIRS:
        start = lower.find(opening)
        while start >= 0:
            within = bisect_right(starts, start) - 1
            if within >= 0 and start < code[within][1]:
                start = lower.find(opening, code[within][1])
                continue
            end = lower.find(closing, start)
            if end < 0:
                break
            for at in range(start, end + len(closing)):
                if chars[at] != "\n":
                    chars[at] = HIDDEN
            start = lower.find(opening, end)


_Keep = Callable[[re.Match[str]], list[_Range]]


def _nothing(_: re.Match[str]) -> list[_Range]:
    return []


def _attributes_shown(match: re.Match[str]) -> list[_Range]:
    return [
        (match.start() + span[0], match.start() + span[1])
        for found in _SHOWN.finditer(match.group())
        for span in [found.span(1) if found[1] else found.span(2)]
    ]


def _title(match: re.Match[str]) -> list[_Range]:
    names = ("title", "name", "label", "rest")
    return [match.span(name) for name in names if match[name] and match[name].strip()]


def _role_text(match: re.Match[str]) -> list[_Range]:
    return [match.span("text")] if match["text"] else []


def _link_text(match: re.Match[str]) -> list[_Range]:
    # An image's alt text says what it shows; an image without one is hidden completely
    return [match.span("text")]


_HIDING: tuple[tuple[re.Pattern[str], _Keep], ...] = (
    (_DATA, _nothing),
    (_TARGET, _nothing),
    (_ROLE, _role_text),
    (_TEMPLATE, _attributes_shown),
    (_ATTRIBUTES, _nothing),
    (_IMPORT, _nothing),
    (_COMPONENT, _attributes_shown),
    (_INLINE_COMPONENT, _attributes_shown),
    (_TAG, _attributes_shown),
    (_ADMONITION, _title),
    (_LATE_FENCE, _nothing),
    (_ALERT, _nothing),
    (_LINK, _link_text),
    (_LINK, _link_text),  # an image may be the text of a link
    (_REFERENCE, _link_text),
    (_DEFINITION, _nothing),
    (_RULE, _nothing),
)


def _hide(chars: list[str], hiding: tuple[re.Pattern[str], _Keep], code: list[_Range]) -> None:
    """Hide the matches of a pattern outside of *code*, except the ranges to keep."""
    pattern, keep = hiding
    text = "".join(chars)
    inside = iter(code)
    block = next(inside, None)
    for match in pattern.finditer(text):
        while block is not None and block[1] <= match.start():
            block = next(inside, None)
        if block is not None and block[0] <= match.start() < block[1]:
            continue
        kept = keep(match)
        for at in range(*match.span()):
            if chars[at] != "\n" and not any(first <= at < last for first, last in kept):
                chars[at] = HIDDEN
