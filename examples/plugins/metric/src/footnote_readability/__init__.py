"""How easy an answer is to read: the words in its longest sentence."""

import re

from footnote_qa.plugins import CONTRACT, Answer, Case

_ENDS = re.compile(r"(?<=[.!?])\s+|\n+")
_LABELS = re.compile(r"\s*\[\d+\]")


class LongestSentence:
    """Words in the longest sentence of an answer; fewer are better."""

    contract = CONTRACT
    name = "longest_sentence"
    lower_is_better = True
    margin = 5.0  # a comparison fails if the mean rises by more than five words

    def score(self, case: Case, answer: Answer) -> float | None:  # noqa: ARG002 - one question is like another
        """Return the number of words; None if there is no answer."""
        sentences = _ENDS.split(_LABELS.sub("", answer.text))
        counts = [len(sentence.split()) for sentence in sentences]
        return float(max(counts)) if any(counts) else None
