"""The protocol that metrics follow; it knows answers, which the index does not."""

from typing import Protocol

from footnote_qa.bot.types import Answer
from footnote_qa.eval.types import Case


class MetricPlugin(Protocol):
    """Scores one answer of an evaluation run; the mean over all questions is shown.

    Attributes:
        contract: `footnote_qa.plugins.CONTRACT` of the release that it was written for.
        name: Lower case, such as "answer_words"; no metric of ours has it.
        lower_is_better: Whether a fall is an improvement.
        margin: How much worse it may become before a comparison fails; None never fails it.
    """

    contract: int
    name: str
    lower_is_better: bool
    margin: float | None

    def score(self, case: Case, answer: Answer) -> float | None:
        """Return the score of *answer* to the question of *case*; None if it has none."""
        ...
