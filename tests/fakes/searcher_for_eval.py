"""A searcher and an answerer that say what a test has written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from footnote_qa.bot.types import Answer, Citation, Question, Status, Usage
from footnote_qa.index.types import Audience, Chunk, Passage, SearchResult

BUILT_AT = datetime(2026, 1, 2, tzinfo=UTC)


def passage(document: str, *, page: int | None = None, rank: int = 1) -> Passage:
    chunk = Chunk(
        id=rank,
        document=document,
        title=document,
        start=0,
        end=4,
        text="text",
        heading=(),
        page=page,
        url=None,
        modified_at=None,
        audience=(),
    )
    return Passage(chunk=chunk, rank=rank, fused=1 / rank, cosine=None, bm25=None)


def citation(
    document: str,
    *,
    label: int = 1,
    page: int | None = None,
    heading: tuple[str, ...] = (),
    start: int = 0,
    quote: str = "text",
) -> Citation:
    return Citation(
        label=label,
        document=document,
        title=document,
        page=page,
        heading=heading,
        start=start,
        end=start + len(quote),
        quote=quote,
        url=None,
        modified_at=None,
    )


def answer(
    text: str = "",
    *citations: Citation,
    status: Status | None = None,
    ms: float = 5.0,
    usage: Usage | None = None,
    confidence: float | None = None,
) -> Answer:
    """An answer if it has a text, a refusal if not, unless *status* says otherwise."""
    return Answer(
        status=status or (Status.ANSWERED if text else Status.NOT_FOUND),
        text=text,
        citations=citations,
        nearest=(),
        message="" if text else "The documents don't say.",
        reference="ref-1",
        generation="gen-000001",
        indexed_at=BUILT_AT,
        answerer="scripted",
        usage=usage or Usage(),
        ms=ms,
        confidence=confidence,
    )


@dataclass
class ScriptedSearcher:
    """Finds the documents written down for a question, and fails at one that is not."""

    documents: Mapping[str, Sequence[str]]
    generation: str = "gen-000001"
    ms: float = 2.0
    asked: list[tuple[str, int, Audience]] = field(default_factory=list)

    def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
        self.asked.append((question, k, audience))
        found = self.documents[question]
        return SearchResult(
            passages=tuple(passage(d, rank=rank) for rank, d in enumerate(found, start=1)),
            generation=self.generation,
            created_at=BUILT_AT,
            ms=self.ms,
        )


@dataclass
class ScriptedAsk:
    """Gives the answer written down for a question, or raises the error written down for it."""

    answers: Mapping[str, Answer | Exception]
    asked: list[Question] = field(default_factory=list)

    async def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        said = self.answers[question.text]
        if isinstance(said, Exception):
            raise said
        return said
