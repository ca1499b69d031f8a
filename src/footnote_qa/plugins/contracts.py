"""The protocols that plug-ins follow, one for each kind; `CONTRACT` counts their versions."""

from typing import TYPE_CHECKING, Protocol

from footnote_qa.index.types import Parsed

if TYPE_CHECKING:
    from footnote_qa.bot.types import Answer
    from footnote_qa.eval.types import Case


class ParserPlugin(Protocol):
    """Reads files of one format. It runs in a process without network, secrets and writable files.

    Attributes:
        contract: `footnote_qa.plugins.CONTRACT` of the release that it was written for.
    """

    contract: int

    def parse(self, content: bytes, *, name: str) -> Parsed:
        """Return the text of a file, with its title and headings if it has them.

        Args:
            content: The file.
            name: Its name.

        Raises:
            UnreadableDocumentError: With what a person can do about the file.
        """
        ...


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

    def score(self, case: "Case", answer: "Answer") -> float | None:
        """Return the score of *answer* to the question of *case*; None if it has none."""
        ...
