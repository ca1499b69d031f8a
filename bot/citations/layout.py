"""Lay out checked parts: keep paragraphs, lists, tables and code, and put labels in their place."""

import re
from collections.abc import Iterable, Iterator

from footnote_qa.bot.types import AnswerPart, PartKind, Sentence

_STOP = re.compile(r"[.!?…。！？:：]+[\"'”’»)*_]*$")
_FENCE = re.compile(r"[ ]*(?:```|~~~)")
_STRUCTURE = re.compile(r"[ ]*(?:[-*+]|\d{1,3}[.)])[ ]|[ ]*\|.*\|$")


class Layout:
    """Lays out the parts that are shown, one after the other.

    Headings, lead-ins and table heads are held until a part under them is shown.
    """

    def __init__(self) -> None:
        self.parts: list[AnswerPart] = []
        self._held: dict[int, Sentence] = {}
        self._last: Sentence | None = None
        self._text = ""

    @property
    def text(self) -> str:
        """All that is shown so far."""
        return self._text

    def hold(self, lead: Sentence) -> None:
        """Keep a heading for the parts under it."""
        if lead.place is not None:
            self._held[lead.place.number] = lead

    def show(self, part: Sentence, labels: tuple[int, ...], *, note: str = "") -> str:
        """Add a part, and the headings that it is the first to are under.

        Args:
            part: The part, its text as it is shown, without labels.
            labels: Of its citations.
            note: What is said beside it.

        Returns:
            What this adds to the text.
        """
        before = self._text
        leads = part.place.leads if part.place else ()
        above = [self._held.pop(number) for number in leads if number in self._held]
        written = "".join(f"[{label}]" for label in labels)
        for lead in above:
            is_last = lead is above[-1]
            takes = is_last and part.kind is PartKind.CODE and "\n" not in lead.text
            shown = _labelled(lead.text, written) if takes else lead.text
            self._append(lead, shown, AnswerPart(kind=PartKind.HEADING, text=shown))
            written = "" if takes else written
        shown = _with_labels(part, labels=written, note=note)
        made = AnswerPart(kind=part.kind, text=shown, labels=labels, marked=bool(note))
        self._append(part, shown, made)
        return self._text[len(before) :]

    def _append(self, part: Sentence, shown: str, made: AnswerPart) -> None:
        gap, prefix = self._gap(part, shown), ""
        place, last = part.place, self._last
        if place is not None and not (last and last.place and last.place.line == place.line):
            prefix = place.prefix
        self._text += f"{gap}{prefix}{shown}"
        self.parts.append(
            AnswerPart(kind=made.kind, text=prefix + shown, labels=made.labels, marked=made.marked)
        )
        self._last = part

    def _gap(self, part: Sentence, shown: str) -> str:
        """Return what is between the text so far and *part*."""
        last = self._last
        if last is None:
            return ""
        if last.place is None or part.place is None:
            return _free_gap(self._text, self.parts[-1].text, shown)
        if last.place.line == part.place.line:
            return " "
        if last.kind is PartKind.CODE:
            return "\n\n"  # a line right under code, or its label, would belong to it
        return "\n" if last.place.block == part.place.block else "\n\n"


def _free_gap(text: str, before: str, shown: str) -> str:
    """Return what is between two parts that say nothing of their place."""
    if "\n" in before:  # a line right under a list would belong to its last item
        return "\n\n"
    return "\n" if "\n" in shown or text.endswith("]") else " "


def tidied(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines with single spaces; code, and the indents of lists, stay as they are."""
    is_code = False
    is_blank = False
    for line in lines:
        if _FENCE.match(line):
            is_code = not is_code
            yield line.rstrip()
        elif is_code:
            yield line.rstrip()
        elif tidy := re.sub(r"\s+", " ", line).strip():
            indent = line[: len(line) - len(line.lstrip(" "))] if _STRUCTURE.match(line) else ""
            if is_blank and _STRUCTURE.match(line):
                yield ""  # Markdown needs a blank line before a table
            yield indent + tidy
        is_blank = not line.strip()


def _with_labels(part: Sentence, *, labels: str, note: str) -> str:
    """Return a part with its labels, before the full stop or on the line above code or a table."""
    text = part.text
    if part.kind is PartKind.ROW:
        cells, _, _ = text.rpartition("|")
        said = " ".join(one for one in (cells.rstrip(), labels, note.replace("|", "/")) if one)
        return f"{said} |"
    if part.kind is PartKind.CODE:
        indent = text[: len(text) - len(text.lstrip(" "))]
        return f"{text}\n\n{indent}{labels}" if labels else text
    lines = text.split("\n")
    last = lines[-1]
    if len(lines) > 1 and (_FENCE.match(last) or last.lstrip().startswith("|")):
        first = next(at for at, line in enumerate(lines) if _opens(line))
        if first == 0:
            return f"{text}\n\n{labels}"
        above = max(at for at in range(first) if lines[at].strip())
        return "\n".join([*lines[:above], _labelled(lines[above], labels), *lines[above + 1 :]])
    labelled = _labelled(text, labels)
    return f"{labelled} {note}" if note else labelled


def _opens(line: str) -> bool:
    return bool(_FENCE.match(line)) or line.lstrip().startswith("|")


def _labelled(text: str, labels: str) -> str:
    if not labels:
        return text
    stop = _STOP.search(text)
    at = stop.start() if stop else len(text)
    return f"{text[:at].rstrip()} {labels}{text[at:]}"
