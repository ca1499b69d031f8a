"""Parse YAML: one line for each value, with the path that leads to it, and the comments."""

from collections import defaultdict
from collections.abc import Iterator

import yaml

from footnote_qa.index.parsing.blocks import Blocks, fenced
from footnote_qa.index.parsing.json import Json, add_value
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed

_MOST_CHARS = 2_000_000  # of values; the library needs a second for 100,000
_MOST_NODES = 200_000


class _TooLongError(Exception):
    """Its aliases repeat too many values, as a bomb does."""


def parse(content: bytes) -> Parsed:
    """Return the values of *content* as lines such as `server.port: 8080`.

    A comment is a line of its own before the value that it is about. A text that is no valid YAML,
    such as a template, is kept as it is.
    """
    text = clean(decode(content))
    blocks = Blocks()
    try:
        values = list(_documents(text)) if len(text) <= _MOST_CHARS else None
    except (yaml.YAMLError, _TooLongError, ValueError, RecursionError):
        values = None
    if values is None:
        _add_sections(blocks, text)
        return blocks.parsed()
    for value in values:
        add_value(blocks, value)
    title = next((one.get("title") for one in values if isinstance(one, dict)), None)
    return blocks.parsed(title if isinstance(title, str) else None)


def _documents(text: str) -> Iterator[Json]:
    # The base loader gives only texts, lists and mappings: no dates, numbers or objects.
    loader = yaml.CBaseLoader if hasattr(yaml, "CBaseLoader") else yaml.BaseLoader
    comments = _Comments(text)
    for node in yaml.compose_all(text, Loader=loader):
        comments.take_from(node)
        yield _value(node, comments, count=[0])
    rest = comments.rest()
    if rest:
        yield rest


class _Comments:
    """The comments of a text; each is taken by the value that follows it, or is in its line."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._taken = 0
        self._inside: set[int] = set()

    def take_from(self, node: yaml.Node) -> None:
        """Remember which lines are within texts, where a # begins no comment."""
        waiting, seen = [node], set()
        while waiting:
            one = waiting.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            if isinstance(one, yaml.ScalarNode):
                self._inside |= set(range(one.start_mark.line + 1, one.end_mark.line))
            elif isinstance(one, yaml.MappingNode):
                waiting += [part for pair in one.value for part in pair]
            elif isinstance(one, yaml.SequenceNode):
                waiting += one.value

    def before(self, key: yaml.Node, value: yaml.Node) -> list[str]:
        """Return the comments above *key* that no earlier value took, and that behind *value*."""
        line = key.start_mark.line
        found = [text for n in range(self._taken, line) if (text := self._of(n))]
        self._taken = max(self._taken, line)
        if isinstance(value, yaml.ScalarNode) and value.style not in {"|", ">"}:
            mark = value.end_mark
            behind = self._lines[mark.line][mark.column :] if mark.line < len(self._lines) else ""
            found += [behind.strip().lstrip("# ")] if behind.strip().startswith("#") else []
        return [text for text in found if text]

    def rest(self) -> str:
        """Return the comments after the last value."""
        lines = range(self._taken, len(self._lines))
        return "\n".join(text for n in lines if (text := self._of(n)))

    def _of(self, number: int) -> str:
        line = self._lines[number].strip()
        is_comment = line.startswith("#") and number not in self._inside
        return line.lstrip("# ").rstrip("# ") if is_comment else ""


def _value(node: yaml.Node, comments: _Comments, *, count: list[int]) -> Json:
    """Return a node as a value of JSON; a comment becomes a value without a name."""
    count[0] += 1
    if count[0] > _MOST_NODES:
        raise _TooLongError
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode):
        found: list[Json] = []
        for one in node.value:
            found += comments.before(one, one)
            found.append(_value(one, comments, count=count))
        return found
    made: dict[str, Json] = {}
    names: defaultdict[str, int] = defaultdict(int)
    for key, one in node.value if isinstance(node, yaml.MappingNode) else ():
        for comment in comments.before(key, one):
            names[""] += 1
            made[f"#{names['']}"] = comment
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        names[name] += 1
        made[name if names[name] == 1 else f"{name} ({names[name]})"] = _value(
            one, comments, count=count
        )
    return made


def _add_sections(blocks: Blocks, text: str) -> None:
    """Add a text as it is, with a heading for each key at the margin."""
    lines: list[str] = []
    for line in text.split("\n"):
        key, colon, _ = line.partition(":")
        if (
            colon
            and key
            and not key[0].isspace()
            and key.strip("\"'").replace("-", "a").isidentifier()
        ):
            blocks.add(fenced("\n".join(lines).strip("\n"), "yaml"))
            blocks.heading(1, key.strip("\"'"))
            lines = []
        lines.append(line)
    blocks.add(fenced("\n".join(lines).strip("\n"), "yaml"))
