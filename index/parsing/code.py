"""Parse source code: each function and class under its name, as it is written."""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from footnote_qa.index.parsing.blocks import Blocks, fenced
from footnote_qa.index.parsing.languages import LANGUAGES
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed

_KIND = (
    r"class|interface|struct|enum|trait|impl|record|object|protocol|extension|union|module|"
    r"namespace|message|service|type|func|fn|fun|function|def|defp|defmodule|sub|proc|"
    r"macro|mod|resource|data|variable|output|query|mutation|input|schema"
)
_MODIFIER = (
    r"(?:export|default|public|private|protected|internal|static|final|abstract|sealed|async|"
    r"override|virtual|open|inline|extern|unsafe|const|constexpr|partial|data|case|local|pub"
    r"(?:\([^)]*\))?|suspend|readonly|declare|synchronized|explicit|implicit|lazy|template\s*<[^>]*>)"
)
# `class Berth`, `pub fn pay(`, `func (b *Berth) Pay(`, `resource "a" "b"`
_NAMED = re.compile(
    rf"(?P<lead>\s*)(?:{_MODIFIER}\s+)*(?P<kind>{_KIND})\b\*?\s+"
    rf"(?:\([^)]*\)\s*|<[^>]*>\s*)?[\"']?(?P<name>[A-Za-z_$][\w$.:?!-]*)"
)
# `const pay = (`, `let pay = async x =>`, `pay = function`
_ASSIGNED = re.compile(
    r"(?P<lead>\s*)(?:export\s+)?(?:const|let|var)?\s*(?P<name>[A-Za-z_$][\w$]*)\s*(?::[^=]+)?=\s*"
    r"(?:async\s*)?(?:function\b|\([^)]*\)\s*(?::[^=]+)?=>|[A-Za-z_$][\w$]*\s*=>)"
)
# `int pay(struct berth *b)` and `public String name() {`: a type or a modifier, a name, brackets
_CALLED = re.compile(
    rf"(?P<lead>\s*)(?:{_MODIFIER}\s+|@\w+\s+)*(?:[A-Za-z_][\w.:<>,\[\]*&? ]*?[\s*&>]\s*)?"
    r"(?P<name>[A-Za-z_$~][\w$:~]*)\s*\([^;{}]*(?:\)[^;()]*)?(?:\{.*|:)?$"
)
_SHELL = re.compile(r"(?P<lead>)(?:function\s+)?(?P<name>[A-Za-z_][\w-]*)\s*\(\)\s*\{?")
_TARGET = re.compile(r"(?P<lead>)(?P<name>[A-Za-z0-9_./%-]+)\s*:(?![=:])")
_STATEMENTS = frozenset(
    [
        "if",
        "else",
        "for",
        "while",
        "switch",
        "return",
        "case",
        "catch",
        "do",
        "try",
        "throw",
        "new",
        "delete",
        "sizeof",
        "assert",
        "print",
        "echo",
        "elif",
        "elsif",
        "unless",
        "until",
        "when",
        "match",
        "with",
        "import",
        "from",
        "include",
        "require",
        "using",
        "goto",
        "await",
        "yield",
        "foreach",
        "lock",
        "typeof",
        "not",
        "and",
        "or",
        "in",
        "is",
    ]
)
_CONTAINERS = re.compile(
    r"\b(?:class|interface|struct|enum|trait|impl|record|object|protocol|extension|module|"
    r"namespace|defmodule|service)\b"
)
_BEFORE = re.compile(r"\s*(?://|/\*|\*|#(?!include|define|if|endif)|--|@\w|\[\w|;;|\"\"\")")
_TYPE = re.compile(r"(?:static |const |unsigned |struct |inline |extern )*[A-Za-z_]\w*[ *]*")
_MOST_LINE = 400


@dataclass(frozen=True, slots=True)
class _Part:
    """A function or class: its name, its level from 1, and its first line from 0."""

    name: str
    level: int
    start: int


def parse(content: bytes, name: str = "") -> Parsed:
    """Return *content* between fences, with a heading before each function and class.

    Args:
        content: The file.
        name: Its name, which decides the language.
    """
    text = clean(decode(content))
    path = PurePosixPath(name.lower())
    language = LANGUAGES.get(path.suffix) or {"makefile": "makefile"}.get(path.name, "")
    lines = text.split("\n")
    parts = list(_python(text)) if language == "python" else []
    parts = parts or list(_found(lines, language))
    return _written(lines, parts, language)


def _written(lines: list[str], parts: list[_Part], language: str) -> Parsed:
    blocks = Blocks()
    ends = [*[part.start for part in parts], len(lines)]
    blocks.add(fenced(_block(lines[: ends[0]]), language))
    for part, start, end in zip(parts, ends, ends[1:], strict=False):
        blocks.heading(part.level, part.name)
        blocks.add(fenced(_block(lines[start:end]), language))
    return blocks.parsed()


def _block(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")


def _python(text: str) -> Iterator[_Part]:
    """Yield the functions and classes of Python code; nothing if it is no valid Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in its texts
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from _definitions(tree.body, text.split("\n"), within="", level=1)


def _definitions(
    body: list[ast.stmt], lines: list[str], *, within: str, level: int
) -> Iterator[_Part]:
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        first = min([node.lineno, *[one.lineno for one in node.decorator_list]]) - 1
        name = f"{within}{node.name}"
        yield _Part(name, level, _with_comments(lines, first))
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node.body, lines, within=f"{name}.", level=level + 1)


def _with_comments(lines: list[str], first: int) -> int:
    """Return where the comments and annotations right above a line begin."""
    if first > 0 and _TYPE.fullmatch(lines[first - 1]):  # C: the type is above the name
        first -= 1
    while first > 0 and len(lines[first - 1]) < _MOST_LINE and _BEFORE.match(lines[first - 1]):
        first -= 1
    return first


def _found(lines: list[str], language: str) -> Iterator[_Part]:
    """Yield the functions and classes that the beginnings of lines show.

    What is indented counts within a class alone, and only at the first depth that is found there.
    """
    open_: list[_Open] = []
    last = -1
    for number, line in enumerate(lines):
        match = _match(line, language)
        if match is None:
            continue
        indent = len(match["lead"].expandtabs(4))
        while open_ and open_[-1].indent >= indent:
            open_.pop()
        if indent and not (open_ and open_[-1].takes(indent)):
            continue
        own = match["name"].strip("\"':.")
        name = f"{open_[-1].name}.{own}" if open_ else own
        start = max(last + 1, _with_comments(lines, number))
        last = number
        yield _Part(name, min(len(open_) + 1, 3), start)
        open_.append(_Open(name, indent, is_container=_CONTAINERS.search(line) is not None))


@dataclass(slots=True)
class _Open:
    """A definition whose end has not come: its name, its indentation, and that within it."""

    name: str
    indent: int
    is_container: bool
    inner: int = 0

    def takes(self, indent: int) -> bool:
        """Return whether a definition that is indented so far is a direct part of it."""
        self.inner = self.inner or indent
        return self.is_container and indent == self.inner


def _match(line: str, language: str) -> "re.Match[str] | None":
    if not line.strip() or len(line) > _MOST_LINE:
        return None
    patterns = {"makefile": (_TARGET,), "sh": (_SHELL,), "batch": ()}.get(
        language, (_NAMED, _ASSIGNED, _CALLED)
    )
    first = line.split(maxsplit=1)[0].strip("({")
    if first in _STATEMENTS or first.startswith(("//", "#", "*", "/*", "--", "}", ")")):
        return None
    for pattern in patterns:
        match = pattern.match(line)
        if match is not None and match["name"] not in _STATEMENTS:
            return match
    return None
