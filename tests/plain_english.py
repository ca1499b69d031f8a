"""Find words that plain English avoids, in Markdown and in Python docstrings, comments and texts.

    python -m tests.plain_english docs README.md bot

prints one `file:line: word (what to write instead)` each, and exits with 1 if there was any.
Skipped: code, doctests, quotations, block quotes, and the string literals of tests and of the
pictures (they hold documents and questions). `EXCLUDED` names folders of example documents and
golden files. `ALLOWED` holds the good English that a pattern would catch.
"""

import ast
import io
import re
import sys
import tokenize
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# Pattern -> what to write instead. Of the words that are out, "tell" alone is not here: questions
# say "tell me about", and the lists of question words hold it.
OUT = {
    r"stands?|stood|standing": "is, are",
    r"told": "say who does what: says, gets, hears",
    r"tells": "says, shows, reports",
    r"taught": "trained",
    r"alike|likewise": "the same, equally",
    r"befall?s?|befell": "happens to",
    r"anew": "again",
    r"at once": "immediately, at the same time",
    r"mend(?:s|ed|ing)?": "fix",
    r"wished": "asked for, wanted",
    r"so many": "give the number",
    r"wholes?": "all, complete, entire",
    r"at hand": "available",
    r"suppliers?": "provider",
    r"lest|thereof|therein|whereof|heed(?:s|ed)?": "the everyday word",
    r"(?:hangs?|hung) on": "depends on",
    r"teach(?:es)? (?:a|the|its|our) (?:network|model|reader)": "trains",
}
ALLOWED = re.compile(
    r"\bstands?\?? for\b|\bstanding for\b|\bstood for\b|\bstand-(?:in|ins|alone)\b|\bstand-?by\b"
    r"|\b(?:can|be) told apart\b",
    re.IGNORECASE,
)
# The contents of documents: people ask questions about their words.
EXCLUDED = (
    *("examples/sources", "examples/documents", "tests/golden", "docs/pictures/node_modules"),
    # Statements to judge, and the words that they are compared by
    "benchmarks/statements",
    *(
        f"bot/citations/comparing/{name}.py"
        for name in ("meanings", "opposites", "qualifiers", "roles", "word_tables")
    ),
)
_LITERALS_ARE_DOCUMENTS = ("tests", "pictures")
_OUT = [(re.compile(rf"\b(?:{word})\b", re.IGNORECASE), advice) for word, advice in OUT.items()]
# A sentence that opens with a clause: "What the documents don't say, Footnote …". In docstrings,
# "Whether …" is what Python says of a boolean.
_OPENING = r"(?:^|(?<=[.!?] )|(?<=\n\n)|(?<=\n- ))((?:%s)\b[^.!?|]*)(?=[.!]|$)"
_CLAUSE = {
    "markdown": re.compile(_OPENING % "What|Whatever|Whoever|Whether"),
    "docstring": re.compile(_OPENING % "What|Whatever|Whoever"),
}
_CLAUSE_ADVICE = "starts with a clause: put the subject first"

_QUOTED = re.compile(r"\"[^\"\n]{1,300}\"|“[^”]{1,400}”")
_FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
_MARKDOWN_SKIPPED = (
    _FENCE,
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL),
    re.compile(r"^ *>.*$", re.MULTILINE),
    re.compile(r"\]\([^)\n]*\)"),
    re.compile(r"<[^<>\n]+>|https?://\S+"),
    _QUOTED,
)
_DOCTEST = re.compile(r"^[ ]*>>>.*?(?=\n[ ]*\n|\Z)", re.MULTILINE | re.DOTALL)
_TEXT_SKIPPED = (_DOCTEST, re.compile(r"(`+).+?\1", re.DOTALL), _QUOTED)


@dataclass(frozen=True, slots=True)
class Finding:
    """A word to replace.

    Attributes:
        line: From 1, in its file.
        words: What was found.
        advice: What to write instead.
    """

    line: int
    words: str
    advice: str


def _blank(match: re.Match[str]) -> str:
    """Spaces in place of what is skipped; line breaks stay, so that lines keep their numbers."""
    return re.sub(r"[^\n]", " ", match.group())


def _without(text: str, skipped: Iterable[re.Pattern[str]]) -> str:
    for pattern in skipped:
        text = pattern.sub(_blank, text)
    return text


def find_in_prose(text: str, *, first_line: int = 1, kind: str = "other") -> list[Finding]:
    """Find the words in plain prose, in the order they appear.

    Args:
        text: Without code.
        first_line: The line of its file on which *text* starts.
        kind: "markdown" or "docstring" to look for clauses as subjects too.

    >>> [found.words for found in find_in_prose("It stands here. SLA stands for a promise.")]
    ['stands']
    >>> [found.words for found in find_in_prose("All is served\\nat  once.")]
    ['at once']
    """
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    allowed = [match.span() for match in ALLOWED.finditer(text)]
    found = []
    for pattern, advice in _OUT:
        spaced = re.compile(pattern.pattern.replace(" ", r"\s+"), re.IGNORECASE)
        found += [
            (match.start(), " ".join(match.group().split()), advice)
            for match in spaced.finditer(text)
            if not any(start <= match.start() < end for start, end in allowed)
        ]
    if kind in _CLAUSE:
        found += [
            (match.start(1), f"{match.group(1).split()[0]} …", _CLAUSE_ADVICE)
            for match in _CLAUSE[kind].finditer(text)
        ]
    return [
        Finding(first_line + bisect_right(starts, at) - 1, words, advice)
        for at, words, advice in sorted(found)
    ]


def find_in_markdown(text: str) -> list[Finding]:
    """Find the words in the prose of a Markdown page: not in code, links or quotations."""
    return find_in_prose(_without(text, _MARKDOWN_SKIPPED), kind="markdown")


def find_in_python(source: str, *, texts: bool = True) -> list[Finding]:
    """Find the words in docstrings, comments and names of tests, and in *texts*, the literals."""
    found = [*_in_comments(source)]
    nodes = list(ast.walk(ast.parse(source)))
    for text, line, is_docstring in _strings(nodes):
        if not is_docstring and (not texts or " " not in text.strip()):
            continue
        prose = _without(text, _TEXT_SKIPPED if is_docstring else (_QUOTED,))
        kind = "docstring" if is_docstring else "other"
        found += find_in_prose(prose, first_line=line, kind=kind)
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            name = node.name.replace("_", " ")
            found += find_in_prose(name, first_line=node.lineno)
    return sorted(found, key=lambda finding: finding.line)


def _in_comments(source: str) -> Iterator[Finding]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            prose = _without(token.string, _TEXT_SKIPPED)
            yield from find_in_prose(prose, first_line=token.start[0])


def _strings(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, int, bool]]:
    """Every string with its line, and whether it is a docstring."""
    docstrings = set()
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(first.value)
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.lineno, node in docstrings


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Every Markdown and Python file at or under *paths*, in order, unless hidden or excluded."""
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            excluded = any(f"/{name}" in file.absolute().as_posix() for name in EXCLUDED)
            if file.suffix in {".md", ".py"} and not hidden and not excluded:
                yield file


def find(path: Path) -> list[Finding]:
    """Find the words in one file, by its ending."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return find_in_markdown(text)
    return find_in_python(text, texts=not set(_LITERALS_ARE_DOCUMENTS) & set(path.parts))


def main(arguments: list[str]) -> int:
    """Print every finding under the paths of the command line.

    Returns:
        Exit status: 0 if nothing was found.
    """
    lines = [
        f"{path}:{finding.line}: {finding.words} ({finding.advice})"
        for path in files(map(Path, arguments))
        for finding in find(path)
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
