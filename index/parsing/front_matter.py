"""Read the YAML front matter of Markdown files: title, audience, URL and date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import yaml

from footnote_qa.index.chunking import front_matter_lines
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.types import ProblemKind

_DATES = ("updated", "lastmod", "date")
_MAX_URL_CHARS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """The values in the front matter at the top of a file.

    Attributes:
        lines: How many lines it takes, rules included; 0 if there is none.
        title: None if it gives none.
        audience: Groups that may see the document; empty if it names none.
        url: Where a person can open it; None if it gives none that can be opened.
        modified_at: In UTC; None if it gives no date.
    """

    lines: int
    title: str | None = None
    audience: tuple[str, ...] = ()
    url: str | None = None
    modified_at: datetime | None = None


def front_matter(lines: Sequence[str]) -> FrontMatter:
    """Return the values of the YAML at the top of *lines*.

    Raises:
        UnreadableDocumentError: UNSAFE if the audience it names cannot be understood, because the
            document might be shown to the wrong people.
    """
    end = front_matter_lines(lines)
    values = _values(lines[1 : max(end - 1, 1)])
    names_audience = any(_is_audience(line) for line in lines[1 : end or _closing(lines)])
    if names_audience and "audience" not in values:
        raise _unclear("it is no entry of valid YAML")
    return FrontMatter(
        lines=end,
        title=_text(values.get("title")),
        audience=_audience(values.get("audience")),
        url=_url(_text(values.get("url"))),
        modified_at=_date(values),
    )


def _closing(lines: Sequence[str]) -> int:
    """Return where text ends that was meant as front matter but is not valid."""
    if lines[0].rstrip() != "---":
        return 1
    rules = (number for number, line in enumerate(lines) if number and line.rstrip() == "---")
    blanks = (number for number, line in enumerate(lines) if not line.strip())
    return next(rules, next(blanks, len(lines)))


def _is_audience(line: str) -> bool:
    key, colon, _ = line.partition(":")
    return bool(colon) and key.strip(" \t\"'").lower() == "audience"


def _values(lines: Sequence[str]) -> Mapping[str, object]:
    try:
        # The base loader gives only texts, lists and mappings: no dates, numbers or objects.
        values = yaml.load("\n".join(lines), Loader=yaml.BaseLoader)  # noqa: S506
    except yaml.YAMLError:
        # Often a colon in an unquoted title: the plain entries can still be read.
        return _plain_entries(lines)
    return {str(key).lower(): value for key, value in values.items()} if _is_map(values) else {}


def _is_map(values: object) -> bool:
    return isinstance(values, dict)


def _plain_entries(lines: Sequence[str]) -> dict[str, object]:
    entries = (line.partition(":") for line in lines if line[:1].strip())
    return {
        key.strip().lower(): value.strip().strip("\"'")
        for key, colon, value in entries
        if colon and key.strip().lower() != "audience"
    }


def _text(value: object) -> str | None:
    words = " ".join(value.split()) if isinstance(value, str) else ""
    return words if words.strip("\"'|>-") else None


def _audience(value: object) -> tuple[str, ...]:
    """Return the groups in `hr`, in `hr, board` or in a list; an empty value counts as none."""
    groups = value.split(",") if isinstance(value, str) else value
    if groups is None:
        return ()
    if not isinstance(groups, list):
        raise _unclear("it is no list of groups")
    names = tuple(group.strip() for group in groups if isinstance(group, str) and group.strip())
    if len(names) < len([group for group in groups if group != ""]):
        raise _unclear("it is no list of groups")
    return names


def _unclear(why: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(
        ProblemKind.UNSAFE,
        f"the audience in its front matter cannot be understood ({why}); write `audience: [hr]`",
    )


def _url(text: str | None) -> str | None:
    if text is None or len(text) > _MAX_URL_CHARS or " " in text or not text.isprintable():
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in {"http", "https"} and parts.hostname else None


def _date(values: Mapping[str, object]) -> datetime | None:
    for name in _DATES:
        try:
            date = datetime.fromisoformat(_text(values.get(name)) or "")
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
