"""Find out whether an answer already says all of a quote, so that it need not be shown twice."""

import re

from footnote_qa.bot.types import LABEL
from footnote_qa.index.chunking import mask, plain, words

_NUMBER = re.compile(r"^[ \t]*\d{1,3}[.)][ \t]", re.MULTILINE)


def repeats(text: str, quote: str) -> bool:
    """Return whether every word of *quote* is in *text*, in the same order.

    Args:
        text: Of an answer, with its labels.
        quote: A slice of a document, with its markup.

    >>> repeats("Version: 3.4; Keeper: Ann [1]", "| 3.4 | **Ann** |")
    True
    >>> repeats("It was Ann [1].", "The keeper of version 3.4 is Ann.")
    False
    """
    said = iter(_words(LABEL.sub("", text)))
    return all(word in said for word in _words(mask(quote)))


def _words(markdown: str) -> list[str]:
    return words(plain(_NUMBER.sub("", markdown)))
