"""Parse reStructuredText with docutils, without opening other files, and convert it to Markdown."""

import re
from dataclasses import replace
from itertools import dropwhile, pairwise
from textwrap import dedent

from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree

from footnote_qa.index.parsing import html
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed

_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 3,  # reports are kept in the tree, and with them unknown directives
    "initial_header_level": "1",
    "halt_level": 5,
    "warning_stream": False,
    "doctitle_xform": False,
    "sectsubtitle_xform": False,
    "smart_quotes": False,
    "syntax_highlight": "none",
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "math_output": "LaTeX",
    "output_encoding": "unicode",
    "line_length_limit": 100_000,
}
_ROLE = re.compile(r":[\w:.+-]+:`([^`<]+)(?:\s<[^`>]*>)?`|`([^`<]+)(?:\s<[^`>]*>)?`")
_DIRECTIVE = re.compile(r"\.\. +(?:\|[^|]*\| +)?([\w:.+-]+)::[ \t]*(.*)")
# Directives whose name is part of the text.
_TOLD_NAMES = frozenset({"versionadded", "versionchanged", "deprecated"})
_OPTION = re.compile(r"\s*:([\w-]+):[ \t]*(.*)")
_REFUSED = re.compile(r'Error in "[^"]+" directive')
_REFUSED_TITLE = re.compile(r"section title|[Tt]itle (?:style|overline|level)|section cannot be")
_LETTER = re.compile(r"\w")
_UNKNOWN_OPTION = re.compile(r'unknown option: "([\w-]+)"')
_SHOWN_OPTIONS = frozenset({"caption", "title"})
_CODE = frozenset(
    {
        *("code-block", "sourcecode", "code", "parsed-literal", "prompt", "doctest", "testcode"),
        *("code-tab", "code-cell", "ipython"),
    }
)
_BORDER = re.compile(r"^ *=+(?: +=+)+ *$")
_LISTED = frozenset({"list-table", "flat-table"})
_MOST_TRIES = 6  # options to leave out of one directive


def parse(content: bytes) -> Parsed:
    """Return the text of *content* as Markdown.

    Syntax of other programs, such as the directives and roles of Sphinx, is kept as text.
    """
    source = _with_first_cells(clean(decode(content)))
    tree = publish_doctree(source, settings_overrides=_SETTINGS)
    tree.transform_messages.clear()  # the writer would put them at the end
    for message in list(tree.findall(nodes.system_message)):
        _replace(message, _instead(message))
    for problem in list(tree.findall(nodes.problematic)):
        _replace(problem, [nodes.Text(_ROLE.sub(_role_words, problem.astext()))])
    for comment in list(tree.findall(nodes.comment)):
        _replace(comment, [])
    for number in [one for one in tree.findall(nodes.inline) if "ln" in one["classes"]]:
        _replace(number, [])  # of a line of code
    for classifier in tree.findall(nodes.classifier):
        classifier.insert(0, nodes.Text(" : "))
    page = publish_from_doctree(tree, writer="html5", settings_overrides=_SETTINGS)
    parsed = html.render(str(page))
    # The page's own title is no more than "<string>".
    title = next((heading.text for heading in parsed.headings if heading.level == 1), None)
    return replace(parsed, title=title)


def _with_first_cells(source: str) -> str:
    """Mark blank first cells below the borders of simple tables; docutils would drop their rows."""
    lines = source.split("\n")
    for number, (border, line) in enumerate(pairwise(lines), start=1):
        if _BORDER.match(border) and line.strip():
            start = len(border) - len(border.lstrip())
            end = border.find(" ", start)
            if end - start > 1 and not line[:end].strip():
                lines[number] = f"{' ' * start}\\ {line[start + 2 :]}"
    return "\n".join(lines)


def _replace(node: nodes.Element, by: list[nodes.Node]) -> None:
    if node.parent is not None:
        node.parent.replace(node, by)


def _instead(message: nodes.system_message, *, depth: int = 0) -> list[nodes.Node]:
    """Return what a directive says that docutils refused; nothing for other reports."""
    source = next(iter(message.findall(nodes.literal_block)), None)
    if source is None or source.astext().strip() == "":
        return []
    text = message.astext()
    if "directive disabled" in text:  # files, and what is for one output only
        return []
    if "Unknown directive" in text:
        return _words(source.astext(), depth=depth)
    if _REFUSED.search(text) and depth < _MOST_TRIES:
        return _without_options(source.astext(), text, depth=depth)
    if _DIRECTIVE.match(source.astext()):
        return _words(source.astext(), depth=depth)
    return _refused(source.astext(), text)


def _refused(source: str, report: str) -> list[nodes.Node]:
    """Return a table or a title that docutils refused; nothing for what is no text."""
    if "Malformed table" in report:
        return [nodes.literal_block(source, source)]
    lines = [line.strip() for line in source.split("\n") if _LETTER.search(line)]
    return [nodes.paragraph(line, line) for line in lines if _REFUSED_TITLE.search(report)]


def _without_options(source: str, report: str, *, depth: int) -> list[nodes.Node]:
    """Parse a directive again without the option that docutils does not know or understand."""
    unknown = _UNKNOWN_OPTION.search(report)
    told: list[nodes.Node] = []
    lines: list[str] = []
    is_option = True
    for number, line in enumerate(source.split("\n")):
        option = _OPTION.match(line) if number and is_option else None
        is_option = number == 0 or option is not None
        if option is None or (unknown is not None and option[1] != unknown[1]):
            lines.append(line)
        elif option[1] in _SHOWN_OPTIONS and option[2].strip():
            words = _ROLE.sub(_role_words, option[2].strip())
            told.append(nodes.paragraph(words, words))
    return [*told, *_parsed("\n".join(lines), depth=depth + 1)]


def _parsed(source: str, *, depth: int) -> list[nodes.Node]:
    """Parse a part of the document by itself."""
    tree = publish_doctree(source, settings_overrides=_SETTINGS)
    for inner in list(tree.findall(nodes.system_message)):
        _replace(inner, _instead(inner, depth=depth))
    return [child.deepcopy() for child in tree.children]


def _words(source: str, *, depth: int) -> list[nodes.Node]:
    """Return the words of a directive that docutils does not know, and code as code."""
    first, _, rest = source.partition("\n")
    match = _DIRECTIVE.match(first)
    name, argument = (match[1], match[2]) if match else ("", first)
    told = f"{name} {argument}" if name in _TOLD_NAMES else argument
    body = dedent("\n".join(dropwhile(_OPTION.match, rest.split("\n"))))
    if name in _CODE and body.strip():
        return [nodes.literal_block(body.strip("\n"), body.strip("\n"))]
    if depth < _MOST_TRIES and body.strip():
        inner = _parsed(body, depth=depth + 1)
    else:
        inner = [nodes.paragraph(part, part) for part in body.split("\n\n") if part.strip()]
    if name in _LISTED:
        inner = _as_table(inner)
    head = _ROLE.sub(_role_words, told.strip())
    return [*([nodes.paragraph(head, head)] if head else []), *inner]


def _as_table(parts: list[nodes.Node]) -> list[nodes.Node]:
    """Return a list of lists as a table, however long its rows are; anything else as it is."""
    outer = parts[0] if len(parts) == 1 else None
    if not isinstance(outer, nodes.bullet_list):
        return parts
    rows = [
        [cell.astext() for inner in item.children for cell in inner.children]
        for item in outer.children
        if all(isinstance(inner, nodes.bullet_list) for inner in item.children)
    ]
    width = max(map(len, rows), default=0)
    if len(rows) != len(outer) or not width:
        return parts
    group = nodes.tgroup("", *[nodes.colspec() for _ in range(width)], cols=width)
    body = nodes.tbody()
    for row in rows:
        cells = [*row, *[""] * (width - len(row))]
        body += nodes.row("", *[nodes.entry("", nodes.paragraph(text, text)) for text in cells])
    group += body
    return [nodes.table("", group)]


def _role_words(match: re.Match[str]) -> str:
    return (match[1] or match[2]).strip().lstrip("~!")
