"""The result of one question of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from footnote_qa.bot.types import Answer, Status
from footnote_qa.eval.metrics import Spot, loss_of
from footnote_qa.eval.types import Case

CONTEXT_CHARS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The stored text on both sides of a quote."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The result of one question.

    Attributes:
        case: The question.
        found: The first ten documents or pages, best first.
        scores: By metric; one that could not be computed is absent.
        generation: The generation of the passages; "" if the search failed.
        search_ms: How long the search took; None if it failed.
        answer: The answer; None if the question was not asked or asking failed.
        around: The text around each citation's quote; empty if stored texts are not available.
        error: The error as it was raised; "" if there was none.
    """

    case: Case
    found: tuple[Spot, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    generation: str = ""
    search_ms: float | None = None
    answer: Answer | None = None
    around: tuple[Around, ...] = ()
    error: str = ""

    @property
    def status(self) -> Status | None:
        """How the question ended; None if it was not asked."""
        if self.error:
            return Status.FAILED
        return self.answer.status if self.answer else None

    @property
    def ms(self) -> float | None:
        """How long the person waits: for the answer, or for the search if nothing was asked."""
        if self.error:
            return None
        return self.answer.ms if self.answer else self.search_ms

    @property
    def values(self) -> dict[str, float]:
        """All values that metrics use, by name; unknown ones are absent."""
        told = self.answer if not self.error else None
        known = {
            "failed": float(bool(self.error)),
            "answerable": float(self.case.answerable),
            "ms": self.ms,
            "search_ms": self.search_ms,
            "confidence": told.confidence if told else None,
            "loss": loss_of(self.case, told, self.scores),
        }
        return {**self.scores, **{name: v for name, v in known.items() if v is not None}}
