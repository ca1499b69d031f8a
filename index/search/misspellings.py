"""Words of a question that no document has become the word that was probably meant."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from footnote_qa.index.storage import letters_apart
from footnote_qa.index.types import Correction, SearchResult

_WORD = re.compile(r"[^\W\d_]+")
_LEAST_KNOWN = 0.4  # of the words of the question; with fewer, it is in another language


class Words(Protocol):
    """The words of an index."""

    def unknown(self, question: str, *, groups: Sequence[str] | None) -> tuple[str, ...]:
        """Return the words of *question* that are in no chunk that *groups* may see, in order."""
        ...

    def meant(self, word: str, *, groups: Sequence[str] | None) -> str | None:
        """Return the word of the index that *word* is probably a misspelling of."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A question and how its words were probably meant.

    Attributes:
        text: The question to search.
        corrections: The words that were replaced in it, in order.
        suggestions: Words that it could mean but that were not replaced.
    """

    text: str
    corrections: tuple[Correction, ...] = ()
    suggestions: tuple[Correction, ...] = ()


def correct(
    question: str,
    words: Words,
    *,
    groups: Sequence[str] | None,
    is_word: Callable[[str], bool],
) -> Corrected:
    """Replace the misspelt words of *question*.

    A word is replaced if no document that the person may see has it, a word of the index differs
    from it in a letter or two, and it is no word of the language. A word of the language is only
    suggested another, and only one that differs in a single letter: who asks for "parking" where
    nothing is said of it does not mean "packing". For a name that is a word, such as "Paris",
    nothing is suggested.

    Args:
        question: Free text.
        words: Those of the index.
        groups: Groups whose documents count, besides public ones; None counts all.
        is_word: Whether a text is a word of some language.
    """
    text = unicodedata.normalize("NFC", question)
    unknown = [word for word in words.unknown(text, groups=groups) if _WORD.fullmatch(word)]
    written = _WORD.findall(text)
    if not unknown or len(written) - len(unknown) < _LEAST_KNOWN * len(written):
        return Corrected(text=question)
    changed: list[Correction] = []
    suggested: list[Correction] = []
    for word in unknown:
        meant = words.meant(word, groups=groups)
        if meant is None:
            continue
        one = Correction(written=word, meant=_like(word, meant))
        if not is_word(word.lower()):
            changed.append(one)
        elif letters_apart(word, meant) == 1 and (word.islower() or word == written[0]):
            suggested.append(one)
    for one in changed:
        text = re.sub(rf"(?<!\w){re.escape(one.written)}(?!\w)", one.meant, text)
    return Corrected(
        text=text if changed else question,
        corrections=tuple(changed),
        suggestions=tuple(suggested),
    )


def reading_note(result: SearchResult) -> str:
    """Return which words were searched instead of those of the question; "" if none were.

    >>> one = Correction(written="vaction", meant="vacation")
    >>> said(corrections=(one,))
    'Searched for "vacation" instead of "vaction".'
    >>> said(suggestions=(one,))
    'Did you mean "vacation" instead of "vaction"?'
    """
    return said(corrections=result.corrections, suggestions=result.suggestions)


def said(*, corrections: Sequence[Correction] = (), suggestions: Sequence[Correction] = ()) -> str:
    """Return in words what was replaced, and what could have been."""
    searched = [f'"{one.meant}" instead of "{one.written}"' for one in corrections]
    possible = [f'"{one.meant}" instead of "{one.written}"' for one in suggestions]
    sentences = [f"Searched for {', '.join(searched)}."] if searched else []
    sentences += [f"Did you mean {', '.join(possible)}?"] if possible else []
    return " ".join(sentences)


def _like(written: str, meant: str) -> str:
    """Return *meant* in capitals where *written* has them."""
    if written.isupper():
        return meant.upper()
    return meant.capitalize() if written[0].isupper() else meant
