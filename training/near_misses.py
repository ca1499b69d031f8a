"""Makes questions that no block answers: another name, number or year than the documents have."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from footnote_qa.index.chunking import STOPWORDS, stems_of
from training.judge_lists import Listed

_NAME = re.compile(r"(?<=\S\s)[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+)*")
_NUMBER = re.compile(r"(?<![\w.])\d{1,4}(?![\w.])")
_FEWEST_DIGITS_OF_YEAR = 4
_WORD = re.compile(r"\b[a-z]{5,}\b")


def near_misses(lists: Sequence[Listed], chooser: random.Random, count: int) -> list[Listed]:
    """Return at most *count* lists with a question that asks for something else.

    A name, a number or a year of the question becomes one that is in none of its blocks, or one of
    its words becomes a word of another question. The blocks stay as they are.
    """
    names = sorted({name for one in lists for name in _NAME.findall(one.question)})
    nouns = sorted(
        {word for one in lists for word in _WORD.findall(one.question.lower())} - STOPWORDS
    )
    made: list[Listed] = []
    for one in chooser.sample(list(lists), len(lists)):
        if one.right is None:
            continue
        question = _changed(one, chooser, names=names, nouns=nouns)
        if question is not None:
            made.append(replace(one, question=question, right=None, source="near miss"))
        if len(made) == count:
            break
    return made


def _changed(
    one: Listed, chooser: random.Random, *, names: Sequence[str], nouns: Sequence[str]
) -> str | None:
    right = one.texts[one.right or 0].lower()
    everything = " ".join(one.texts).lower()
    asked = [found for found in _NAME.finditer(one.question) if found.group().lower() in right]
    numbers = [found for found in _NUMBER.finditer(one.question) if found.group() in right]
    if numbers:
        found = chooser.choice(numbers)
        value = int(found.group())
        is_year = len(found.group()) == _FEWEST_DIGITS_OF_YEAR
        other = str(
            max(1, value + chooser.choice((-1, 1)) * chooser.randint(1, 30 if is_year else 9))
        )
    elif asked:
        found = chooser.choice(asked)
        other = chooser.choice(names)
    else:
        stems = {*stems_of(right)}
        shared = [
            word
            for word in _WORD.finditer(one.question)
            if word.group() not in STOPWORDS and {*stems_of(word.group())} <= stems
        ]
        if not shared:
            return None
        found = chooser.choice(shared)
        other = chooser.choice(nouns)
    if other.lower() in everything or other.lower() in one.question.lower():
        return None
    return one.question[: found.start()] + other + one.question[found.end() :]
