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


# What the words of an answer may be wrapped in or end with.
_OPENERS, _CLOSERS = "\"'`“”‘’«»([{*_", "\"'`“”‘’«»)]}*_.,;:!?…"
_NUMBER = re.compile(r"[$€£]?(\d[\d,]*(?:\.\d+)?)%?")
_ABBREVIATION = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?")
_CODE = re.compile(
    r"--?\w.*"  # a flag
    r"|[~./\\$@#%]+\w.*"  # a path, a variable, a handle
    r"|.*\w(?:[/\\=@:_<>|]|\.|::|->)\w.*"  # a path, an assignment, a version, a name with parts
    r"|\w+(?:\+\+|#|\(\)|/)"  # C++, C#, call(), folder/
    r"|[^\w\s]+"  # an operator
)


def words_of(text: str) -> list[str]:
    """Split *text* into words for a comparison with an answer.

    Words are as `normalise` makes them, except that flags, operators, paths, versions, decimal
    numbers and names in code keep their signs. A flag of one letter also keeps its case.

    >>> words_of("Run it **together** with `--with`, not -V.")
    ['run', 'it', 'together', 'with', '--with', 'not', '-V']
    >>> words_of("It costs $1,200.50 in the U.S.; see v1.2.3 (a/b.txt).")
    ['it', 'costs', '1200.50', 'in', 'us', 'see', 'v1.2.3', 'a/b.txt']
    """
    words = []
    for piece in text.split():
        bare = piece.lstrip(_OPENERS)
        trimmed = bare.rstrip(_CLOSERS)
        bare = f"{trimmed})" if trimmed.endswith("(") and trimmed != bare else trimmed
        if not any(sign.isalnum() for sign in bare):  # an operator, or punctuation between words
            signs = piece.strip(_OPENERS + ",;.:?…")
            bare = signs if signs.strip("-–—.|#:?!)]}…»”’") else ""
        if number := _NUMBER.fullmatch(bare):
            words.append(number.group(1).replace(",", ""))
        elif _CODE.fullmatch(bare) and not _ABBREVIATION.fullmatch(bare):
            words.append(bare if len(bare.lstrip("-")) == 1 else bare.lower())
        else:
            words += normalise(bare).split()
    return words


def exact_match(said: str, answers: Sequence[str]) -> float:
    """1 if *said* is one of *answers* in `words_of`, else 0.

    >>> exact_match("the Euro!", ["euro", "EUR"])
    1.0
    """
    return float(words_of(said) in [words_of(answer) for answer in answers])


def f1(said: str, answers: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of words (`words_of`), for the best answer.

    If one side has no words left, 1 if the other has none either, else 0.

    >>> f1("in October 1973", ["October 1973", "1973"])
    0.8
    """
    words = words_of(said)
    return max(_f1(words, words_of(answer)) for answer in answers)


def contains_answer(said: str, answers: Sequence[str]) -> float | None:
    """1 if the words of one of *answers* are in *said* one after the other, else 0.

    None if no answer has any words left in `words_of`.

    >>> contains_answer("It ended in 2010.", ["10"])
    0.0
    >>> contains_answer("It runs together with a file.", ["--with"])
    0.0
    """
    wanted = [words for answer in answers if (words := " ".join(words_of(answer)))]
    if not wanted:
        return None
    padded = f" {' '.join(words_of(said))} "
    return float(any(f" {words} " in padded for words in wanted))


def groups_held(said: str, groups: Sequence[Sequence[str]]) -> int:
    """Count the *groups* of which *said* holds at least one wording.

    Letter case, white space and marks of emphasis are ignored; "hour" is found in "hours", but a
    number is not found in a longer number.

    >>> groups_held("You earn **6  hours** each pay period.", [["6 hours", "six hours"], ["16"]])
    1
    """
    text = _plain(said)
    return sum(any(_holds(text, wording) for wording in group) for group in groups)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\*\*|__|`", "", text).lower().split())


def _holds(text: str, wording: str) -> bool:
    wanted = _plain(wording)
    start = r"(?<!\d)" if wanted[:1].isdigit() else ""
    end = r"(?!\d)" if wanted[-1:].isdigit() else ""
    return bool(wanted) and re.search(start + re.escape(wanted) + end, text) is not None


def rouge_l(said: str, answers: Sequence[str]) -> float:
    """ROUGE-L of the best answer: the F-measure of the longest common subsequence of words.

    `F = 2 P R / (P + R)` with `P = lcs / words said` and `R = lcs / words of the answer`, after
    `words_of` and without stemming (Lin 2004, section 3, with beta 1).
    If one side has no words left, 1 if the other has none either, else 0.

    >>> round(rouge_l("police killed the gunman", ["police kill the gunman"]), 4)
    0.6667
    """
    words = words_of(said)
    return max(_rouge_l(words, words_of(answer)) for answer in answers)


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
