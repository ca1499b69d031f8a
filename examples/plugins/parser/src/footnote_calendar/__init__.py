"""Calendars in the format iCalendar (RFC 5545), read as one section for each event."""

import re
from collections.abc import Iterator
from datetime import datetime

from footnote_qa.plugins import (
    CONTRACT,
    Heading,
    Parsed,
    ProblemKind,
    UnreadableDocumentError,
)

_FOLDED = re.compile(r"\r?\n[ \t]")
_ESCAPED = re.compile(r"\\([\\;,nN])")
Event = dict[str, str]


class CalendarParser:
    """Reads .ics files."""

    contract = CONTRACT

    def parse(self, content: bytes, *, name: str) -> Parsed:
        """Return the events of a calendar, in order of time."""
        text = _FOLDED.sub("", content.decode("utf-8", "replace"))
        if "BEGIN:VCALENDAR" not in text:
            raise UnreadableDocumentError(
                ProblemKind.BROKEN, f"{name} is no calendar; export it again as .ics"
            )
        lines, headings, start = [], [], 0
        for event in sorted(_events(text), key=lambda one: one.get("DTSTART", "")):
            title = event.get("SUMMARY", "Event without a name")
            part = f"## {title}\n\n{_sentence(event)}\n\n{event.get('DESCRIPTION', '')}".strip()
            headings.append(Heading(start=start, level=2, text=title))
            lines.append(part)
            start += len(part) + 2
        title = re.search(r"^X-WR-CALNAME:(.+?)\r?$", text, re.MULTILINE)
        return Parsed(
            text="\n\n".join(lines),
            title=title[1] if title else None,
            headings=tuple(headings),
        )


def _events(text: str) -> Iterator[Event]:
    for block in re.findall(r"BEGIN:VEVENT\r?\n(.*?)END:VEVENT", text, re.DOTALL):
        rows = (line.partition(":") for line in block.splitlines() if ":" in line)
        yield {name.partition(";")[0].upper(): _plain(value) for name, _, value in rows}


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def _sentence(event: Event) -> str:
    when = _moment(event.get("DTSTART", ""))
    where = event.get("LOCATION", "")
    title = event.get("SUMMARY", "This event")
    return f"{title} begins {when}{f' in {where}' if where else ''}."


def _moment(value: str) -> str:
    """Return a date, or a date and time, in words."""
    for form, shown in (("%Y%m%dT%H%M%S", "on %-d %B %Y at %H:%M"), ("%Y%m%d", "on %-d %B %Y")):
        try:
            return datetime.strptime(value.removesuffix("Z"), form).strftime(shown)  # noqa: DTZ007 - shown as written
        except ValueError:
            continue
    return "at an unknown time"
