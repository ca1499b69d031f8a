"""How sure an answer to a question in another language than English is: by its rare words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from footnote_qa.bot.extractive.ranking import logistic, rarity
from footnote_qa.bot.extractive.units import Unit
from footnote_qa.index.chunking import listed
from footnote_qa.index.embedding import language_of
from footnote_qa.index.storage import prepared, stems

ENGLISH = "en"
# Small words of Chinese and of Japanese: they part the words of a question and say nothing
_SMALL = re.compile(
    r"为什么|什么|怎么样|怎么|怎样|如何|多少|哪个|哪些|哪里|哪儿|哪|谁|几|是否|是|的|地|得|了|吗|呢|在|和|"
    r"与|或|及|有|对|从|到|被|把|将|其|这|那|以|为|于|由|因|之|个|中|上|下|时候|何时|何|请问|"
    r"は|が|を|に|で|と|も|の|か|です|ます|した|する|から|まで|なに|どの|どこ|いつ|だれ"
)
# Words that ask, of which the lists of small words lack some
_ASKING = listed(
    "сколько какой какая какое какие какого какому каким каком какую каких какими кто кем кому "
    "кого что чем чего чему чём где куда откуда когда почему зачем как называется называют "
    "cuánto cuánta cuántos cuántas cuál cuáles quién quiénes qué cómo cuándo dónde adónde "
    "welche welcher welches welchen welchem wieviel wieviele wann wer wem wen wessen wo woher "
    "wohin warum wie was quel quelle quels quelles combien comment quand pourquoi qui que quoi où "
    "quale quali quanto quanta quanti quante chi cosa dove quando perché come "
    "qual quais quantos quantas quem onde como porque hoeveel welke wanneer waarom waar wie wat hoe"
)
_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_GREEK = "\u0370"  # the first letter after the Latin ones
_BEGINNING = 5  # letters of a word that are compared
# Below these are 2 % of Chinese and 9 % of English questions for which there is an answer;
# there were no questions to fit the one for other alphabets
_LEAST_UNSPACED, _LEAST_LATIN, _LEAST_OTHER = 0.2, 0.36, 0.12
# Fitted by benchmarks/calibrate_languages.py: a constant, and the shares of the question's words in
# the unit with its neighbours and in its passage
_WEIGHTS = (-4.81, 6.95, 6.9)


def terms(text: str, language: str) -> list[str]:
    """Return what *text* is about: the stems of its words, by the rules of their language.

    Scripts that are written without spaces give pairs of characters, none across a small word.

    >>> terms("Сколько лет сестре?", "ru"), terms("三个月的假期", "zh")
    (['лет', 'сестр'], ['三', '月', '假期'])
    """
    found: list[str] = []
    whole = unicodedata.normalize("NFC", text)
    for run in _UNSPACED.findall(whole):
        for part in filter(None, _SMALL.split(run)):
            found += [part[at : at + 2] for at in range(max(1, len(part) - 1))]
    rest = _WORD.sub(
        lambda found: "" if found.group().lower() in _ASKING else found.group(),
        _UNSPACED.sub(" ", whole),
    )
    said = stems(rest) if language == ENGLISH else stems(prepared(rest, language))
    # Endings of Slavic languages are more than a stemmer takes off
    return found + [one if one[0] < _GREEK else one[:_BEGINNING] for one in said]


def least_sure(question: str) -> float:
    """Return the probability below which a question is not answered, by its script.

    >>> least_sure("Wie viele Tage?"), least_sure("Сколько дней?"), least_sure("多少天？")
    (0.36, 0.12, 0.2)
    """
    if _UNSPACED.search(question):
        return _LEAST_UNSPACED
    return _LEAST_OTHER if any(one >= _GREEK for one in question if one.isalpha()) else _LEAST_LATIN


def is_said_in(question: str, texts: Sequence[str]) -> bool:
    """Return whether the texts may be in the language of the question, so that words can match.

    Only English texts are recognised: a short question is too often taken for a similar language.

    >>> is_said_in("Wie viele Tage Urlaub habe ich?", ["Everybody has thirty days."])
    False
    """
    return language_of(question) in {"", ENGLISH} or language_of(" ".join(texts)) != ENGLISH


def sure(question: str, units: Sequence[Unit]) -> list[float]:
    """Return how likely each unit answers the question, by the share of its rare words there.

    Args:
        question: In any language.
        units: Of all passages that were found, in their order.
    """
    constant, by_near, by_passage = _WEIGHTS
    return [
        logistic(constant + by_near * near + by_passage * passage)
        for near, passage in shares(question, units)
    ]


def shares(question: str, units: Sequence[Unit]) -> list[tuple[float, float]]:
    """Return the share of the question's words, by rarity, that each unit has.

    Returns:
        For each unit: the share in the unit and its neighbours, and the share in its passage.
    """
    language = language_of(question)
    asked = {*terms(question, language)}
    said = [_terms_of(unit.plain, language) for unit in units]
    counts = Counter(one for some in said for one in some)
    weights = {one: rarity(counts[one], len(units) + 1) for one in asked}
    total = sum(weights.values()) or 1.0
    passages: dict[int, frozenset[str]] = {}
    for unit, some in zip(units, said, strict=True):
        passages[unit.hit] = passages.get(unit.hit, frozenset()) | some

    def share(known: frozenset[str]) -> float:
        return sum(weights[one] for one in asked & known) / total

    found = []
    for at, unit in enumerate(units):
        beside = [one for one in (at - 1, at, at + 1) if 0 <= one < len(units)]
        near = frozenset[str]().union(*(said[one] for one in beside if units[one].hit == unit.hit))
        found.append((share(near), share(passages[unit.hit])))
    return found


@lru_cache(maxsize=4096)
def _terms_of(text: str, language: str) -> frozenset[str]:
    return frozenset(terms(text, language))
