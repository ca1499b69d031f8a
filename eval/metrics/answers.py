"""Answer metrics: compare an answer with the known right answers."""

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalise(text: str) -> str:
    """Normalise *text* as SQuAD's official scoring does.

    Lower case; no ASCII punctuation; no "a", "an", "the"; one space between words.

    >>> normalise("The  Answer: 42%, a well-known one.")
    'answer 42 wellknown one'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(said: str, answers: Sequence[str]) -> float:
    """1 if *said* is one of *answers* after `normalise`, else 0.

    >>> exact_match("the Euro!", ["euro", "EUR"])
    1.0
    """
    return float(normalise(said) in {normalise(answer) for answer in answers})


def f1(said: str, answers: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of words after `normalise`, for the best answer.

    If one side has no words left, 1 if the other has none either, else 0.

    >>> f1("in October 1973", ["October 1973", "1973"])
    0.8
    """
    words = normalise(said).split()
    return max(_f1(words, normalise(answer).split()) for answer in answers)


def contains_answer(said: str, answers: Sequence[str]) -> float | None:
    """1 if the words of one of *answers* are in *said* one after the other, else 0.

    None if no answer has any words left after `normalise`.

    >>> contains_answer("It ended in 2010.", ["10"])
    0.0
    """
    wanted = [words for answer in answers if (words := normalise(answer))]
    if not wanted:
        return None
    padded = f" {normalise(said)} "
    return float(any(f" {words} " in padded for words in wanted))


def rouge_l(said: str, answers: Sequence[str]) -> float:
    """ROUGE-L of the best answer: the F-measure of the longest common subsequence of words.

    `F = 2 P R / (P + R)` with `P = lcs / words said` and `R = lcs / words of the answer`, after
    `normalise` and without stemming (Lin 2004, section 3, with beta 1).
    If one side has no words left, 1 if the other has none either, else 0.

    >>> round(rouge_l("police killed the gunman", ["police kill the gunman"]), 4)
    0.6667
    """
    words = normalise(said).split()
    return max(_rouge_l(words, normalise(answer).split()) for answer in answers)


def common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words the longest common subsequence has.

    One big number holds a row of the table, one bit per word (Hyyrö, "Bit-parallel LCS-length
    computation revisited", 2004): about a hundred times faster than filling the table.

    >>> common_subsequence("a b c d".split(), "b x d".split())
    2
    """
    places: dict[str, int] = {}
    for position, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << position
    everything = (1 << len(one)) - 1
    row = everything
    for word in other:
        met = row & places.get(word, 0)
        row = ((row + met) | (row - met)) & everything
    return len(one) - row.bit_count()


def _f1(said: Sequence[str], answer: Sequence[str]) -> float:
    if not said or not answer:
        return float(said == answer)
    shared = (Counter(said) & Counter(answer)).total()
    return 2 * shared / (len(said) + len(answer))


def _rouge_l(said: Sequence[str], answer: Sequence[str]) -> float:
    if not said or not answer:
        return float(said == answer)
    return 2 * common_subsequence(said, answer) / (len(said) + len(answer))
