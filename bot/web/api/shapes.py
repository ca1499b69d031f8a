"""Shapes of the API: what a request must be, and what comes back."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from footnote_qa.index.storage import Within

MAX_TURNS = 40


class Shape(BaseModel):
    """An object of the API; other keys are refused."""

    model_config = ConfigDict(extra="forbid")


class TurnShape(Shape):
    """An earlier message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


class AskRequest(Shape):
    """A question."""

    question: str = Field(min_length=1, description="At most [web] max_question_chars long.")
    conversation: str = Field(
        default="", max_length=64, description="Of an earlier answer, to follow up on it."
    )
    history: list[TurnShape] | None = Field(
        default=None, max_length=MAX_TURNS, description="Earlier turns, instead of a conversation."
    )
    language: str = Field(default="", max_length=40, pattern=r"^[\w() -]*$")
    stream: bool = Field(default=False, description="Answer with server-sent events.")


class SearchRequest(Shape):
    """A search."""

    query: str = Field(min_length=1)
    k: int = Field(default=10, ge=1, le=100, description="How many passages at most.")
    source: str = Field(
        default="", max_length=200, description="Only documents whose ids begin with this name."
    )
    type: str = Field(
        default="", max_length=20, description="Only files with this suffix, such as pdf."
    )
    changed_since: AwareDatetime | None = Field(
        default=None, description="Only documents that have changed since then."
    )

    @property
    def within(self) -> Within:
        """The documents that may be found."""
        return Within(
            source=self.source,
            suffix=self.type.lower().removeprefix("."),
            changed_since=self.changed_since,
        )


class FeedbackRequest(Shape):
    """A rating of an answer that was given to this key."""

    id: str = Field(min_length=1, max_length=64, description="The id of the answer.")
    rating: Literal["up", "down"]
    reason: str = Field(default="", max_length=100)
    comment: str = Field(default="", max_length=2000)


class ErrorDetail(Shape):
    """The reason for an error; `type` and `param` are there for clients of OpenAI."""

    message: str
    type: str
    code: str
    param: str | None = None


class ErrorReply(Shape):
    """An error."""

    error: ErrorDetail


class CitationShape(Shape):
    """A checked quote: exactly the stored text from `start` to `end`."""

    label: int
    document: str
    title: str
    page: int | None
    heading: list[str]
    start: int
    end: int
    quote: str
    url: str | None
    modified_at: str | None


class ScoresShape(Shape):
    """Scores of a passage; bigger is better."""

    fused: float
    dense: float | None
    lexical: float | None


class PassageShape(Shape):
    """A passage of a document."""

    rank: int
    document: str
    title: str
    page: int | None
    heading: list[str]
    start: int
    end: int
    text: str
    url: str | None
    modified_at: str | None
    scores: ScoresShape


class CorrectionShape(Shape):
    """A word of the question, and the word of the documents that it probably means."""

    written: str
    meant: str


class PartShape(Shape):
    """A checked part of an answer."""

    kind: str
    text: str
    citations: list[int]
    marked: bool


class ChoiceShape(Shape):
    """A meaning that a question may have."""

    label: str
    question: str


class UsageShape(Shape):
    """Tokens and cost of an answer."""

    input_tokens: int
    output_tokens: int
    cost_usd: float | None


class AnswerReply(Shape):
    """An answer. `answer` is "" unless the status is answered, chat or clarify."""

    id: str
    conversation: str
    status: Literal["answered", "chat", "clarify", "not_found", "unsupported", "failed"]
    answer: str
    citations: list[CitationShape]
    blocks: list[PartShape]
    nearest: list[PassageShape]
    message: str
    choices: list[ChoiceShape]
    corrections: list[CorrectionShape]
    suggestions: list[CorrectionShape]
    reference: str
    generation: str
    indexed_at: str | None
    answerer: str
    usage: UsageShape
    asked: str
    trace: list[dict[str, Any]]
    ms: float


class SearchReply(Shape):
    """Passages, best first."""

    passages: list[PassageShape]
    generation: str
    lexical_only: bool
    corrections: list[CorrectionShape]
    suggestions: list[CorrectionShape]
    ms: float


class DocumentShape(Shape):
    """A document that answers can come from."""

    document: str
    title: str
    url: str | None
    modified_at: str | None
    chunks: int


class DocumentsReply(Shape):
    """Documents in the order of their ids; `next` is the value of `after` for the next page."""

    documents: list[DocumentShape]
    next: str | None
    generation: str


class DocumentReply(Shape):
    """A document with its stored text, in which the offsets of citations count."""

    document: str
    title: str
    url: str | None
    modified_at: str | None
    text: str
    generation: str


class FeedbackReply(Shape):
    """The rating as it is stored."""

    id: str
    rating: Literal["up", "down"]


class BuildShape(Shape):
    """A generation of the index; numbers are null if it cannot be read."""

    generation: str
    created_at: str | None
    documents: int | None
    chunks: int | None
    live: bool
    gate: Literal["passed", "failed", "unreadable"]
    lexical_only: bool | None


class BuildsReply(Shape):
    """The generations, oldest first."""

    generations: list[BuildShape]


class StatusReply(Shape):
    """The generation in use; `stale` says what changed in the documents since, or is ""."""

    generation: str
    created_at: str
    documents: int
    chunks: int
    model: str
    lexical_only: bool
    stale: str
