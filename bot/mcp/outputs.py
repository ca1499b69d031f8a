"""Results of the tools: answers, passages and documents as JSON, and the same as text."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, Field

from footnote_qa.bot.types import Answer, Citation, Status
from footnote_qa.index.types import Document, Passage, SearchResult

SCHEME = "footnote://documents/"


class _Output(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CitationOutput(_Output):
    """A checked quote."""

    label: int = Field(description="The number in the answer, as in [1].")
    document: str = Field(description="Id of the document, for read_document.")
    title: str
    heading: list[str]
    page: int | None
    quote: str = Field(description="Exactly these words are in the document.")
    start: int = Field(description="Where the quote starts in the document's text.")
    end: int
    url: str | None = Field(description="Where a person can open the document.")
    modified_at: str | None
    uri: str = Field(description="The document as a resource.")


class PassageOutput(_Output):
    """A part of a document that matches a question."""

    rank: int
    document: str = Field(description="Id of the document, for read_document.")
    title: str
    heading: list[str]
    page: int | None
    text: str
    start: int
    end: int
    score: float = Field(description="From 0 to 1; comparable within one search only.")
    url: str | None
    modified_at: str | None
    uri: str = Field(description="The document as a resource.")


class ChoiceOutput(_Output):
    """A meaning that a question may have."""

    label: str
    question: str


class AskOutput(_Output):
    """The result of the tool `ask`."""

    status: str = Field(
        description="answered, chat, clarify, not_found, unsupported or failed. "
        "Only answered has citations."
    )
    answer: str = Field(description="Markdown with labels such as [1].")
    message: str = Field(description="A note for the person; also why there is no answer.")
    citations: list[CitationOutput]
    nearest: list[PassageOutput] = Field(description="The closest passages if not answered.")
    choices: list[ChoiceOutput] = Field(description="What the question may mean, if clarify.")
    reference: str = Field(description="Leads to the log if it failed.")
    indexed_at: str | None = Field(description="How recent the documents are.")


class SearchOutput(_Output):
    """The result of the tool `search`."""

    passages: list[PassageOutput] = Field(description="Best first.")
    indexed_at: str | None


class DocumentOutput(_Output):
    """The result of the tool `read_document`."""

    document: str
    title: str
    text: str = Field(description="The text from start to end.")
    start: int
    end: int
    total_chars: int
    next_start: int | None = Field(description="Where to read on; null at the end.")
    url: str | None
    modified_at: str | None
    uri: str


def uri_of(document: str) -> str:
    """Return the address of a document as a resource.

    >>> uri_of("hr/Leave & pay.md")
    'footnote://documents/hr/Leave%20%26%20pay.md'
    """
    return SCHEME + quote(document)


def document_of(uri: str) -> str | None:
    """Return the id of the document at *uri*; None if it is no address of ours.

    >>> document_of("footnote://documents/hr/Leave%20%26%20pay.md"), document_of("file:///etc")
    ('hr/Leave & pay.md', None)
    """
    return unquote(uri.removeprefix(SCHEME)) if uri.startswith(SCHEME) else None


def ask_output(answer: Answer) -> AskOutput:
    """Return an answer for the client."""
    return AskOutput(
        status=str(answer.status),
        answer=answer.text,
        message=answer.message,
        citations=[_citation(one) for one in answer.citations],
        nearest=[_passage(one) for one in answer.nearest],
        choices=[ChoiceOutput(label=one.label, question=one.question) for one in answer.choices],
        reference=answer.reference,
        indexed_at=_time(answer.indexed_at),
    )


def search_output(result: SearchResult) -> SearchOutput:
    """Return passages for the client."""
    return SearchOutput(
        passages=[_passage(one) for one in result.passages], indexed_at=_time(result.created_at)
    )


def document_output(document: Document, *, start: int, max_chars: int) -> DocumentOutput:
    """Return a part of a document for the client."""
    total = len(document.text)
    first = min(start, total)
    end = min(total, first + max_chars)
    return DocumentOutput(
        document=document.document,
        title=document.title,
        text=document.text[first:end],
        start=first,
        end=end,
        total_chars=total,
        next_start=end if end < total else None,
        url=document.url,
        modified_at=_time(document.modified_at),
        uri=uri_of(document.document),
    )


def ask_text(answer: Answer) -> str:
    """Return an answer with its sources, for clients that show text alone."""
    parts = [part for part in (answer.text, answer.message) if part]
    if answer.citations:
        parts.append("Sources:\n" + "\n".join(_source(one) for one in answer.citations))
    if answer.choices:
        parts.append("\n".join(f"- {one.question}" for one in answer.choices))
    if answer.nearest:
        parts.append("The closest passages:\n\n" + passages_text(answer.nearest))
    if answer.status is Status.FAILED:
        parts.append(f"Reference for the log: {answer.reference}")
    return "\n\n".join(parts)


def passages_text(passages: Sequence[Passage]) -> str:
    """Return passages as text; it says so if there are none."""
    told = [
        f"{one.rank}. {_place(one.chunk.title, one.chunk.heading, one.chunk.page)}"
        f" (document {one.chunk.document})\n{one.chunk.text}"
        for one in passages
    ]
    return "\n\n".join(told) or "No passage was found."


def document_text(part: DocumentOutput) -> str:
    """Return a part of a document as text, with where to read on."""
    if part.next_start is None:
        return part.text
    return (
        f"{part.text}\n\n[The document has {part.total_chars} characters: read on with "
        f"start={part.next_start}.]"
    )


def _source(citation: Citation) -> str:
    where = _place(citation.title, citation.heading, citation.page)
    lines = [f"[{citation.label}] {where} (document {citation.document})"]
    lines.append(f"    “{' '.join(citation.quote.split())}”")
    return "\n".join([*lines, *([f"    {citation.url}"] if citation.url else [])])


def _place(title: str, heading: Sequence[str], page: int | None) -> str:
    place = " › ".join(dict.fromkeys([title, *heading]))
    return f"{place}, page {page}" if page is not None else place


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def _citation(citation: Citation) -> CitationOutput:
    return CitationOutput(
        label=citation.label,
        document=citation.document,
        title=citation.title,
        heading=list(citation.heading),
        page=citation.page,
        quote=citation.quote,
        start=citation.start,
        end=citation.end,
        url=citation.url,
        modified_at=_time(citation.modified_at),
        uri=uri_of(citation.document),
    )


def _passage(passage: Passage) -> PassageOutput:
    chunk = passage.chunk
    return PassageOutput(
        rank=passage.rank,
        document=chunk.document,
        title=chunk.title,
        heading=list(chunk.heading),
        page=chunk.page,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        score=round(passage.fused, 4),
        url=chunk.url,
        modified_at=_time(chunk.modified_at),
        uri=uri_of(chunk.document),
    )
