"""Check a draft's parts against the passages, drop unsupported ones and number citations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from footnote_qa.bot.citations.evidence import Found, Passages, content_words
from footnote_qa.bot.citations.examination import Entry, Examiner, Proves, Undecided
from footnote_qa.bot.citations.inert import inert
from footnote_qa.bot.citations.judging import Reason, judge
from footnote_qa.bot.citations.layout import Layout
from footnote_qa.bot.citations.quotes import fold
from footnote_qa.bot.citations.remarks import without_opening
from footnote_qa.bot.types import AnswerPart, Citation, PartKind, Sentence, ShownPassage
from footnote_qa.index.chunking import listed, plain

_NOTE_CHARS = 160
_MOST_UNITS = 200
_MOST_NOTED = 2
# Words of a lead-in that say what comes, and nothing about the documents
_FRAME = listed(
    "do this order how here steps step follow following summary overview note key points options "
    "requirements exceptions exception rules example examples contacts contact what you need next "
    "first then to apply before after details important answer dates amounts costs who when where "
    "why short long in"
)
_HARMLESS = {None, Reason.NOT_PROVEN, Reason.NEGATION, Reason.MODAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A part that was removed."""

    sentence: Sentence
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A draft after the check.

    Attributes:
        text: The parts that were kept, each with its labels; "" if none was.
        citations: In order of their labels.
        removed: The other parts, in reading order.
        parts: What the text consists of.
    """

    text: str
    citations: tuple[Citation, ...]
    removed: tuple[Removed, ...]
    parts: tuple[AnswerPart, ...] = ()


def check(
    sentences: Sequence[Sentence], shown: Sequence[ShownPassage], proves: Proves | None = None
) -> Checked:
    """Check a complete draft with `Checker`: keep and cite what the shown passages support."""
    checker = Checker(shown, proves)
    for sentence in sentences:
        checker.add(sentence)
    checker.settle({})
    return checker.checked


class Checker:
    """Checks parts one after the other and keeps those that the shown passages support.

    A part that is in a passage word for word is kept. Any other part is compared with the
    words that it names as evidence, or else with those that have most of its words, and is

    * removed if they say something else: another number, date, unit, name, command or negation,
      "must" for "may", an "only" or "every" of its own, exchanged parties, an added clause;
    * kept if they account for all of its words;
    * left open otherwise. The scale removes what is nowhere near; the rest waits for `settle`, and
      so does everything after it. Parts that remain open are shown and marked.

    Labels are numbered 1, 2, 3 in order of use, one for each span, before the full stop.

    Args:
        shown: The passages that the answerer saw.
        proves: Compares the meaning of a statement and its evidence; None leaves it open.
        asked: The question; a number may come from it.
    """

    def __init__(
        self, shown: Sequence[ShownPassage], proves: Proves | None = None, *, asked: str = ""
    ) -> None:
        self._passages = Passages(shown)
        self._examiner = Examiner(self._passages, proves, asked)
        self._labels: dict[tuple[str, int, int], Citation] = {}
        self._told: set[str] = set()
        self._removed: list[Removed] = []
        self._layout = Layout()
        self._leads: dict[int, str] = {}
        self._waiting: list[Entry | Sentence] = []

    def add(self, part: Sentence) -> str:
        """Check a part; return the text that is shown because of it, "" for none."""
        text = part.text if part.kind is PartKind.CODE else inert(part.text)
        if part.kind is PartKind.HEADING and part.place is not None:
            self._leads[part.place.number] = text
            return self._pass_on(replace(part, text=text))
        if part.kind is PartKind.SENTENCE and part.place is not None:
            text = without_opening(text)
        key = fold(text).text.strip(" .!?…")
        if key in self._told and part.kind is not PartKind.ROW:
            return ""  # passages overlap and repeat each other; an answer should not
        entry = self._examiner.examined(replace(part, text=text), self._lead_of(part))
        if isinstance(entry, Reason):
            self._removed.append(Removed(sentence=part, reason=entry))
            return ""
        self._told.add(key)
        return self._pass_on(entry)

    @property
    def undecided(self) -> list[Undecided]:
        """The statements that wait for a verdict."""
        return [one.question for one in self._waiting if isinstance(one, Entry) and one.question]

    def settle(self, verdicts: Mapping[int, bool]) -> str:
        """Decide what waits, and return the text that is shown because of it.

        Args:
            verdicts: For the positions in `undecided`, whether the evidence proves the statement;
                what is missing stays undecided and is marked.
        """
        waiting, self._waiting = self._waiting, []
        before, at = self._layout.text, 0
        for entry in waiting:
            if isinstance(entry, Entry) and entry.question:
                verdict = verdicts.get(at)
                at += 1
                if verdict is False:
                    self._removed.append(Removed(sentence=entry.part, reason=Reason.NOT_PROVEN))
                    continue
                entry.question, entry.is_marked = None, verdict is None
            self._pass_on(entry)
        return self._layout.text[len(before) :]

    @property
    def checked(self) -> Checked:
        """The draft as checked and settled so far."""
        return Checked(
            text=self._layout.text,
            citations=tuple(self._labels.values()),
            removed=tuple(self._removed),
            parts=tuple(self._layout.parts),
        )

    def _pass_on(self, entry: Entry | Sentence) -> str:
        """Show a part, or let it wait if it or one before it is undecided."""
        if self._waiting or (isinstance(entry, Entry) and entry.question):
            self._waiting.append(entry)
            return ""
        if isinstance(entry, Sentence):
            if self._is_harmless(entry):
                self._layout.hold(entry)
            return ""
        labels = tuple(
            dict.fromkeys(_label(one, self._labels) for one in _without_heads(entry.found))
        )
        quotes = [inert(plain(one.quote)).rstrip(". ") for one in entry.found[:_MOST_NOTED]]
        said = " and ".join(f"“{_shortened(quote)}”" for quote in quotes)
        note = f"Please check: the source says {said}." if entry.is_marked else ""
        return self._layout.show(entry.part, labels, note=note)

    def _is_harmless(self, lead: Sentence) -> bool:
        """Return whether a heading claims nothing that no shown passage says."""
        units = [unit for units in self._passages.units.values() for unit in units][:_MOST_UNITS]
        if judge(lead.text, units).reason not in _HARMLESS:
            return False
        said = [word for word in content_words(lead.text) if word not in _FRAME]
        known = {word for unit in units for word in unit.words}
        return sum(word not in known for word in said) <= max(1, len(said) // 2)

    def _lead_of(self, part: Sentence) -> str:
        """Return the headings and lead-ins above a part."""
        leads = part.place.leads if part.place else ()
        return "\n".join(self._leads[one] for one in leads if one in self._leads)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _NOTE_CHARS else f"{line[:_NOTE_CHARS].rsplit(' ', 1)[0]} …"


def _without_heads(found: Sequence[Found]) -> list[Found]:
    """Return *found* without the head of a table of which a row is cited."""
    kept = [one for one in found if not one.is_head]
    return kept if any(one.is_row for one in kept) else [*found]


def _label(found: Found, labels: dict[tuple[str, int, int], Citation]) -> int:
    """Return the label of this span; a new span gets the next number."""
    chunk, part = found.chunk, found.section.part_at(found.start)
    first, last = found.cited
    start, end = chunk.start + first, chunk.start + last
    citation = labels.setdefault(
        (chunk.document, start, end),
        Citation(
            label=len(labels) + 1,
            document=chunk.document,
            title=chunk.title,
            page=part.page,
            heading=part.heading,
            start=start,
            end=end,
            quote=chunk.text[first:last],
            url=chunk.url,
            modified_at=chunk.modified_at,
        ),
    )
    return citation.label
