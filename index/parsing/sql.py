"""Parse SQL: each statement under what it makes or changes; short ones on one table together."""

import re
from collections.abc import Iterator

from footnote_qa.index.parsing.blocks import Blocks, fenced
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed

_TOKEN = re.compile(
    r"--[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z)"  # comments
    r"|'(?:[^'\\]|''|\\.)*(?:'|\Z)|\"[^\"]*(?:\"|\Z)|`[^`]*(?:`|\Z)"  # texts and names
    r"|(?P<dollar>\$\w*\$).*?(?:(?P=dollar)|\Z)"
    r"|(?P<delimiter>^[ \t]*DELIMITER[ \t]+\S+[ \t]*$)|(?P<go>^[ \t]*GO[ \t]*$)"
    r"|(?P<begin>\b(?:BEGIN|CASE)\b)|(?P<end>\bEND\b(?:\s+(?:IF|LOOP|WHILE|REPEAT|FOR)\b)?)"
    r"|(?P<stop>;|//|\$\$)",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_TRANSACTION = re.compile(r"BEGIN\s*(?:;|TRAN|WORK|ISOLATION|READ)", re.IGNORECASE)
_COMMENTS = re.compile(r"\s*(?:--[^\n]*\n|/\*.*?\*/|\s+)*", re.DOTALL)
_WHAT = re.compile(
    r"(?P<verb>CREATE|ALTER|DROP|COMMENT\s+ON|INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|"
    r"GRANT|TRUNCATE)\s+(?:OR\s+REPLACE\s+)?(?:(?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNIQUE|MATERIALIZED|"
    r"UNLOGGED|EXTERNAL|CLUSTERED|NONCLUSTERED|DEFINER\s*=\s*\S+)\s+)*(?P<kind>TABLE|VIEW|INDEX|"
    r"FUNCTION|PROCEDURE|TRIGGER|SCHEMA|DATABASE|SEQUENCE|TYPE|DOMAIN|EXTENSION|ROLE|USER|POLICY|"
    r"COLUMN)?\s*(?:CONCURRENTLY\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
    r"(?P<name>(?:[\w$.]+|\"[^\"]+\"|`[^`]+`|\[[^\]]+\])+)?",
    re.IGNORECASE,
)
_MOST_TOGETHER = 1_500  # characters of short statements under one heading


def parse(content: bytes) -> Parsed:
    """Return the statements of *content* between fences, with headings such as `CREATE TABLE a`."""
    blocks = Blocks()
    waiting: list[str] = []
    before = ""
    for statement in _statements(clean(decode(content))):
        name = _name(statement)
        is_full = sum(map(len, waiting)) > _MOST_TOGETHER
        if waiting and (name != before or is_full):
            blocks.add(fenced("\n".join(waiting), "sql"))
            waiting = []
        if name and name != before:
            blocks.heading(1, name)
        before = name or before
        waiting.append(statement)
    blocks.add(fenced("\n".join(waiting), "sql"))
    return blocks.parsed()


def _name(statement: str) -> str:
    r"""Return what a statement makes or changes; "" for others, such as a query.

    >>> _name("-- staff\nCREATE TABLE IF NOT EXISTS hr.staff (id int);")
    'CREATE TABLE hr.staff'
    """
    comments = _COMMENTS.match(statement)
    match = _WHAT.match(statement, comments.end() if comments else 0)
    if match is None:
        return ""
    words = [" ".join(match["verb"].split()).upper(), (match["kind"] or "").upper()]
    name = re.sub(r"[\"`\[\]]", "", match["name"] or "")
    return " ".join(filter(None, [*words, name]))


def _statements(text: str) -> Iterator[str]:
    """Yield each statement with the comments above it; the body of a procedure is one statement."""
    start, depth, stop = 0, 0, ";"
    for token in _TOKEN.finditer(text):
        if token["delimiter"]:
            stop = token[0].split()[-1]
            yield from _told(text[start : token.start()])
            start, depth = token.end(), 0
        elif token["go"]:
            yield from _told(text[start : token.start()])
            start, depth = token.end(), 0
        elif token["begin"] and not _TRANSACTION.match(text, token.start()):
            depth += 1
        elif token["end"] and " " not in token[0].strip():
            depth = max(0, depth - 1)
        elif token["stop"] == stop and (depth == 0 or stop != ";"):
            yield from _told(text[start : token.end()])
            start, depth = token.end(), 0
    yield from _told(text[start:])


def _told(statement: str) -> Iterator[str]:
    words = statement.strip("\n ").rstrip()
    if words.strip("; \n"):
        yield words
