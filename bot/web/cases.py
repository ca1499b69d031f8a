"""A question that an owner turns into a test case."""

from dataclasses import dataclass

from footnote_qa.bot.types import Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A line of a question set.

    Attributes:
        id: Made from the id of the question, so that it is added once.
        answers: Right answers; empty if the owner knows none yet.
        answerable: Whether the documents are to answer it.
        citations: Where the answer is.
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    answerable: bool = True
    citations: tuple[Citation, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether it can be measured, or is a draft that somebody has to complete."""
        return bool(self.answers) or not self.answerable
