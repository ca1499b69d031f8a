"""Parse reStructuredText with docutils, without opening other files, and convert it to Markdown."""

import re
from dataclasses import replace

from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree

from index.parsing import html
from index.parsing.text import clean, decode
from index.types import Parsed

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
_OPTION = re.compile(r"\s*:[\w-]+:")


def parse(content: bytes) -> Parsed:
    """Return the text of *content* as Markdown.

    Syntax of other programs, such as the directives and roles of Sphinx, is kept as text.
    """
    tree = publish_doctree(clean(decode(content)), settings_overrides=_SETTINGS)
    tree.transform_messages.clear()  # the writer would put them at the end
    for message in list(tree.findall(nodes.system_message)):
        _replace(message, _unknown(message))
    for problem in list(tree.findall(nodes.problematic)):
        _replace(problem, [nodes.Text(_ROLE.sub(_role_words, problem.astext()))])
    for comment in list(tree.findall(nodes.comment)):
        _replace(comment, [])
    page = publish_from_doctree(tree, writer="html5", settings_overrides=_SETTINGS)
    parsed = html.render(str(page))
    # The page's own title is no more than "<string>".
    title = next((heading.text for heading in parsed.headings if heading.level == 1), None)
    return replace(parsed, title=title)


def _replace(node: nodes.Element, by: list[nodes.Node]) -> None:
    if node.parent is not None:
        node.parent.replace(node, by)


def _unknown(message: nodes.system_message) -> list[nodes.Node]:
    """Return the words of a directive that docutils does not know; nothing for other reports."""
    source = next(iter(message.findall(nodes.literal_block)), None)
    if source is None or "Unknown directive" not in message.astext():
        return []
    first, _, rest = source.astext().partition("\n")
    match = _DIRECTIVE.match(first)
    name, argument = (match[1], match[2]) if match else ("", first)
    told = f"{name} {argument}" if name in _TOLD_NAMES else argument
    lines = [told, *rest.split("\n")]
    words = "\n".join(line.strip() for line in lines if not _OPTION.match(line)).strip()
    paragraphs = [part for part in words.split("\n\n") if part.strip()]
    return [nodes.paragraph(part, _ROLE.sub(_role_words, part)) for part in paragraphs]


def _role_words(match: re.Match[str]) -> str:
    return (match[1] or match[2]).strip()
