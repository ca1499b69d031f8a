"""Whether a statement is so close to its evidence that the words decide.

All words of a wrong statement can be in a long sentence: "photos are forbidden in the garden and
allowed in the hall" for the reverse. So words prove a statement only in the order of the evidence,
or out of one clause, and with the same "not", "only", "before" and "at most" among them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from footnote_qa.bot.citations.comparing.claims import MONTHS, NUMBER_WORDS
from footnote_qa.bot.citations.comparing.meanings import is_known
from footnote_qa.bot.citations.comparing.quantities import is_unit
from footnote_qa.bot.citations.comparing.roles import is_party
from footnote_qa.bot.citations.comparing.word_forms import in_single_words, is_light
from footnote_qa.index.chunking import STOPWORDS, split_sentences, words

_CLAUSE = re.compile(
    r"[,;()\n|]|:(?!\d)|\s[–—-]+\s|--|\b(?:and|but|or|if|when|whenever|while|where|whereas|"
    r"unless|because|since|so|which|who|though|although|und|oder|aber|wenn|weil)\b",
    re.IGNORECASE,
)
_TURNING = {  # words that decide what a sentence claims, by what they say
    "not": (
        r"not|no|never|none|nor|neither|cannot|nobody|nothing|without|n['’]t|nicht|kein\w*|nie|ohne"
    ),
    "only": r"only|solely|exclusively|nur|ausschließlich",
    "all": r"all|every|each|always|any|anyone|everyone|everybody|alle|jede[rsmn]?|immer",
    "unless": r"unless|except|excluding|excluded|außer",
    "before": r"before|until|prior|bevor|vor|bis",
    "after": r"after|once|nachdem|sobald|nach",
    "most": (
        r"at most|up to|no more than|not more than|maximum|max|höchstens|no later than|within|cap|"
        r"limit|ceiling"
    ),
    "least": r"at least|no less than|minimum|min|mindestens",
    "more": r"more than|over|above|longer than|exceed\w*|beyond|mehr als|über",
    "less": r"less than|under|below|fewer than|shorter than|weniger als|unter",
    "must": r"must|ha(?:s|ve) to|required|mandatory|need(?:s|ed)? to|muss|müssen",
    "may": r"may|might|can|could|allowed|permitted|optional|kann|können|darf|dürfen",
    "first": r"first|last|next|previous|then|zuerst|zuletzt",
}
_MARKER = re.compile(
    "|".join(rf"(?P<{name}>(?:\b|(?=n['’]t))(?:{said})\b)" for name, said in _TURNING.items())
    + r"|(?P<word>[^\W_]+(?:['’-][^\W_]+)*)",
    re.IGNORECASE,
)
_LOOSE = frozenset({"must", "may", "all"})  # other rules judge where only one of the two has them
_WIDEST = 2.0  # how many words of the evidence may be in its span for one of the statement
_MOST_BETWEEN = 3
_PAIR = 2
_PARTS_OF_FIGURES = {*NUMBER_WORDS, *MONTHS, "am", "pm", "o'clock", "uhr", "st", "nd", "rd", "th"}
_REACH = 2  # words; a "not" no further away may be said of what is between


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    is_turn: bool  # whether it stands for a "not", an "only" and so on

    def is_said_by(self, other: "_Token") -> bool:
        """Return whether *other*, of the evidence, says the same."""
        if self.is_turn or other.is_turn:
            return self == other
        return is_known(self.text, frozenset(words(other.text)))


def is_close(statement: str, quotes: Sequence[str], beside: frozenset[str]) -> bool:
    """Return whether one of *quotes* says *statement* in about the same words and order.

    Args:
        statement: A statement.
        quotes: Its evidence.
        beside: Words of titles, headings and lead-ins; they may come in any order.

    >>> told = ["Photos are allowed in the garden and forbidden in the hall."]
    >>> is_close("You may take photos in the garden.", told, frozenset({"take"}))
    True
    >>> is_close("Photos are forbidden in the garden and allowed in the hall.", told, frozenset())
    False
    """
    every = [one for one in _tokens(statement) if one.is_turn or not is_known(one.text, beside)]
    for quote in quotes:
        for start, end in split_sentences(quote):
            sentence = quote[start:end]
            said = [one for one in every if not _is_figure(one, sentence)]
            if _in_order(said, _tokens(sentence)) or any(
                _in_clause(said, _tokens(clause)) for clause in _CLAUSE.split(sentence)
            ):
                return True
    return False


def _is_figure(one: _Token, sentence: str) -> bool:
    """Return whether a token belongs to an amount or a date that is written in another way."""
    is_part = one.text.isdigit() or one.text in _PARTS_OF_FIGURES or is_unit(one.text)
    return not one.is_turn and is_part and one.text not in words(sentence)


def _tokens(text: str) -> list[_Token]:
    """Return the words that claim something, and what turns a claim, in order."""
    found = []
    for match in _MARKER.finditer(in_single_words(text)):
        name, written = str(match.lastgroup), match.group().lower()
        if name != "word":
            found += [] if name in _LOOSE else [_Token(name, is_turn=True)]
            continue
        plain = written.removesuffix("'s").removesuffix("’s")
        if plain not in STOPWORDS and not is_light(plain):
            found.append(_Token(plain, is_turn=False))
    return found


def _in_order(said: Sequence[_Token], known: Sequence[_Token]) -> bool:
    """Return whether all words are in a sentence in their order, and not far from each other."""
    places: list[int] = []
    for one in said:
        after = range(places[-1] + 1 if places else 0, len(known))
        found = next((at for at in after if one.is_said_by(known[at])), None)
        if found is None:
            return False
        places.append(found)
    if not places:
        return not any(one.is_turn for one in known)
    span = range(places[0], places[-1] + 1)
    around = range(max(0, places[0] - _REACH), min(len(known), places[-1] + 1 + _REACH))
    is_near = len(span) <= len(said) * _WIDEST + _MOST_BETWEEN
    return is_near and not any(known[at].is_turn for at in around if at not in places)


def _in_clause(said: Sequence[_Token], known: Sequence[_Token]) -> bool:
    """Return whether all words are in a clause; if two parties are among them, in its order.

    The order may begin anywhere: "In summer HR asks you" may say "HR asks you in summer".
    """
    places = [
        next((at for at, other in enumerate(known) if one.is_said_by(other)), -1) for one in said
    ]
    descents = sum(one > other for one, other in pairwise([*places, *places[:1]]))
    is_turned = any(other.is_turn for at, other in enumerate(known) if at not in places)
    is_order_free = sum(is_party(one.text) for one in said) < _PAIR
    is_same = bool(places) and -1 not in places and not is_turned
    return is_same and (is_order_free or descents <= 1)
