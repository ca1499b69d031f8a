"""The bot's data types: question, draft, citation, answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from footnote_qa.bot.trace import Step
from footnote_qa.index.chunking import section_of
from footnote_qa.index.types import Audience, Chunk, Correction, Passage, Section

LABEL = re.compile(r"\[\d+\]")
"""The number of a citation, as written in the text of an answer."""


class Status(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    CHAT = "chat"  # small talk: a greeting, thanks, what the bot can do; nothing is cited
    CLARIFY = "clarify"  # one question back, with `choices`
    NOT_FOUND = "not_found"  # the answer isn't in the documents
    UNSUPPORTED = "unsupported"  # something was drafted, but none of it passed the check
    FAILED = "failed"  # no answer could be made; `reference` leads to the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One earlier message of a conversation.

    Attributes:
        role: "user" or "assistant".
        text: The message.
        answer: The complete answer, if it is one of the bot's and still known.
    """

    role: str
    text: str
    answer: "Answer | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A person's question.

    Attributes:
        text: The question itself.
        audience: Groups whose documents the answer may use besides public ones; None uses all.
        history: Earlier turns, oldest first.
        thread: Names the conversation, so that it stays with one model; "" if there is none.
        user: Who asks, for budgets; "" if unknown.
        channel: Where it is asked, for budgets; "" if nowhere.
        language: Language that models answer in, such as "German"; "" follows the question.
        unknown: Words of it that are in no document the audience may see; set by the search.
        change: How an earlier answer to it is to be said again, in the person's words, such as
            "in German"; "" for a new answer.
        earlier: That answer, without its labels.
    """

    text: str
    audience: Audience = frozenset()
    history: tuple[Turn, ...] = ()
    thread: str = ""
    user: str = ""
    channel: str = ""
    language: str = ""
    unknown: tuple[str, ...] = ()
    change: str = ""
    earlier: str = ""

    def __post_init__(self) -> None:
        """Remove bytes that are not text: no encoder can read them."""
        object.__setattr__(self, "text", self.text.encode("utf-8", "ignore").decode("utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A quote that an answerer gives as evidence.

    Attributes:
        passage_id: The id under which a passage was shown.
        quote: Words that are in that passage, if the answerer is right; "" if it only names the
            passage, and the check has to find the words.
    """

    passage_id: str
    quote: str = ""


class PartKind(StrEnum):
    """The kind of a part of an answer."""

    SENTENCE = "sentence"
    ITEM = "item"  # the first sentence of an item of a list
    ROW = "row"  # of a table
    CODE = "code"
    HEADING = "heading"  # also a lead-in and the head of a table: shown with what follows, or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a part is in the Markdown of a reply.

    Attributes:
        number: Counts the parts of a reply.
        block: Parts of one paragraph, list or table have the same number.
        line: Parts of one item, or of one row, have the same number.
        prefix: What is before its line, such as "- " or "> ".
        leads: Numbers of the headings, lead-ins and table heads that it is under.
    """

    number: int
    block: int
    line: int
    prefix: str = ""
    leads: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One part of a draft that is checked by itself, with its evidence.

    Attributes:
        text: Markdown, without its place's prefix.
        evidence: The quotes that it is based on, or the passages; empty if it names none.
        kind: What it is.
        place: Where it is in a reply; None if its text is laid out already, and may be a
            complete list, a table or code with the line that introduces it.
    """

    text: str
    evidence: tuple[Evidence, ...] = ()
    kind: PartKind = PartKind.SENTENCE
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens and cost of an answer.

    Attributes:
        cost_usd: In US dollars; None if the price is not known.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answerer's text before the check.

    Attributes:
        sentences: In reading order; empty if the answerer says the answer isn't in the documents.
        answerer: Name of the provider, or "offline".
        usage: Its tokens and cost.
        confidence: The answerer's confidence that the passages contain the answer, from 0 to 1,
            also if there are no sentences; None if it gives none.
        points_at: For each sentence that has them, the few words that are the answer itself.
        missing: Names in the question that no document has, if the draft is empty for this reason.
        left_out: How many items, rows or lines of what it quotes are not shown.
    """

    sentences: tuple[Sentence, ...]
    answerer: str
    usage: Usage = field(default_factory=Usage)
    confidence: float | None = None
    points_at: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPassage:
    """A passage in its section, and the id under which an answerer sees it.

    Attributes:
        id: Its number among those shown for this one question, from 1.
        passage: The best one of its section.
        others: Further passages of the same section, best first.
        also: Chunks of other places that say the same.
        newer: Title of a newer version of its document that is shown too; "" if there is none.
    """

    id: str
    passage: Passage
    others: tuple[Passage, ...] = ()
    also: tuple[Chunk, ...] = ()
    newer: str = ""

    @property
    def section(self) -> Section:
        """The section that an answerer sees."""
        return self.passage.section or section_of(self.passage.chunk)


class Answerer(Protocol):
    """Reads passages and drafts an answer."""

    async def draft(self, question: Question, passages: Sequence[ShownPassage]) -> Draft:
        """Draft an answer from *passages*, best first; raises `AnswererError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One checked quote.

    Attributes:
        label: 1, 2, 3 … in order of use.
        document: Id of the document.
        title: Title of the document.
        page: Physical page on which the quote starts, from 1; None if there are no pages.
        heading: Headings above it, outermost first.
        start: Offset in the document's stored text, in code points.
        end: One past the last.
        quote: Exactly the stored text from start to end.
        url: Where a person can open the document; None if it has no address.
        modified_at: When the document was changed, in UTC; None if unknown.
    """

    label: int
    document: str
    title: str
    page: int | None
    heading: tuple[str, ...]
    start: int
    end: int
    quote: str
    url: str | None
    modified_at: datetime | None

    def to_json(self) -> dict[str, object]:
        """Return what it quotes, and from where; the keys that every record of a citation has."""
        names = ("label", "document", "title", "page", "heading", "start", "end", "quote")
        return {name: getattr(self, name) for name in names} | {"heading": list(self.heading)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPart:
    """A checked part of an answer.

    Attributes:
        kind: What it is.
        text: Its Markdown with its labels; the parts in their order hold all of the answer.
        labels: Of its citations.
        marked: Whether the check could not decide: the part says so and gives its quote.
    """

    kind: PartKind
    text: str
    labels: tuple[int, ...] = ()
    marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A meaning that a question may have.

    Attributes:
        label: The document or heading that it may be about.
        question: The completed question.
    """

    label: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a question, as shown to the person who asked.

    Attributes:
        status: How the question ended.
        text: The checked answer with its labels, such as "Until 2030 [1]."; Markdown; "" unless
            answered, chat or clarify.
        citations: In order of their labels.
        nearest: Up to three passages when not answered, else empty.
        message: A sentence to show instead of the answer, or beside it.
        reference: Shown to the person, to find the question in the log.
        generation: The index generation that every citation comes from; "" if there was none.
        indexed_at: When that generation was built, in UTC; None if there was none.
        answerer: Name of the provider, or "offline".
        usage: Its tokens and cost.
        ms: How long it took.
        confidence: The answerer's confidence that the passages contain the answer, from 0 to 1;
            None if it gives none.
        highlights: Where the words in the text are that are the answer itself, as (start, end);
            in order, without overlap. Empty if they are not known.
        corrections: Misspelt words of the question, and what was searched instead.
        suggestions: Words of the question that may mean others, which were not searched.
        blocks: The checked parts of the text, in order; empty unless answered.
        asked: The question as it was understood, which needs no conversation; "" if it was not
            searched.
        choices: What the question may mean, if the answer is a question back.
        trace: The steps that led to the answer, in order.
    """

    status: Status
    text: str
    citations: tuple[Citation, ...]
    nearest: tuple[Passage, ...]
    message: str
    reference: str
    generation: str
    indexed_at: datetime | None
    answerer: str
    usage: Usage
    ms: float
    confidence: float | None = None
    highlights: tuple[tuple[int, int], ...] = ()
    corrections: tuple[Correction, ...] = ()
    suggestions: tuple[Correction, ...] = ()
    blocks: tuple[AnswerPart, ...] = ()
    asked: str = ""
    choices: tuple[Choice, ...] = ()
    trace: tuple[Step, ...] = ()


# A token of English has about 4 bytes, of most other scripts 3 or more; 3 leaves a margin
BYTES_PER_TOKEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """The two messages of a request.

    Attributes:
        system: The rules.
        user: The question, with all quoted passages.
        schema: JSON Schema of the reply; None for a reply in lines of text.
    """

    system: str
    user: str
    schema: Mapping[str, object] | None = None

    @property
    def tokens_at_most(self) -> int:
        """An upper estimate of the tokens in both messages."""
        return len((self.system + self.user).encode(errors="replace")) // BYTES_PER_TOKEN + 1
