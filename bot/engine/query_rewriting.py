"""Rewrite a follow-up question and its thread as one question, and plan its searches."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote_qa.bot.engine.context import quoted
from footnote_qa.bot.engine.further_requests import searches_asked_for
from footnote_qa.bot.errors import AnswererError
from footnote_qa.bot.llm import ModelSession
from footnote_qa.bot.types import Messages, Question, Turn
from footnote_qa.index.chunking import STOPWORDS, one_line, stem, stems_of, words
from footnote_qa.prompts import load

MAX_TURNS = 20
"""A follow-up is rarely about turns older than this."""

MOST_SEARCHES = 3
"""How many searches besides that for the question itself."""
NOTHING_SAID = "(nothing)"

_MOST_TOPIC_WORDS = 6
_FEWEST_OWN_STEMS = 2
_MOST_TURN_CHARS = 1500
_MOST_QUESTION_CHARS = 600

# Words that point back; "that" and "there" only where they are used like a noun
_POINTERS = (
    r"it|its|itself|they|them|their|theirs|he|him|his|she|her|hers|this|these|those|one|ones|"
    r"that(?=\s*(?:$|[?.!,;]|is\b|was\b|does\b|did\b|mean|work|happen))|"
    r"(?:in|from|to|over|out|get|go|live) there|there(?=\s*[?.!]*$)|"
    r"the (?:same|others?|former|latter|rest|first|second|last|previous)|"
    r"es|ihn|ihm|ihnen|dessen|deren|dies|diese[rsmn]?|davon|dafür|dazu|dort|darin|darüber|"
    r"cela|ça|celui|celle|leurs?|esto|eso|ellos|ellas"
)
_POINTER = re.compile(rf"\b(?:{_POINTERS})\b", re.IGNORECASE)
_OPENER = re.compile(
    r"^\W*(?:and|or|but|also|so|then|what about|how about|what else|why not|any other|else|more|"
    r"und|oder|aber|auch|was ist mit|wie steht es mit|et|mais|y|pero)\b",
    re.IGNORECASE,
)
# Words that ask for more but name nothing
EMPTY_STEMS = frozenset(
    map(
        stem,
        words(
            "tell explain describe detail details example examples difference differences "
            "different type types kind kinds main important information thing things way ways lot "
            "work works mean means happen happens long old big good best common say said give "
            "show find help yes okay thanks thank sorry great interesting really like use used "
            "make made lange dauert dauern gibt geht"
        ),
    )
)


def stands_alone(question: str) -> bool:
    """Return whether *question* can be understood without the earlier turns.

    >>> stands_alone("Is it treatable?"), stands_alone("Is lung cancer treatable?")
    (False, True)
    """
    if _OPENER.match(question) or len(set(stems_of(question))) < _FEWEST_OWN_STEMS:
        return False
    return not any(_points_back(question, match) for match in _POINTER.finditer(question))


def rewrite_by_rule(question: str, history: Sequence[Turn]) -> str:
    """Return *question*, with the words of the turn it refers to if it needs them.

    Only people's questions are used: an earlier answer has more words than the question means.

    >>> rewrite_by_rule("Is it treatable?", [Turn(role="user", text="What is throat cancer?")])
    'Is it treatable? (throat cancer)'
    """
    if stands_alone(question):
        return question
    asked = [turn.text for turn in history[-MAX_TURNS:] if turn.role == "user"]
    topic = _topic(asked, known={stem(word) for word in words(question)})
    return f"{question.strip()} ({' '.join(topic)})" if topic else question


def _points_back(question: str, match: re.Match[str]) -> bool:
    """Return whether the word refers to something not named before it in the question itself."""
    named = [one for one in stems_of(question[: match.start()]) if one not in EMPTY_STEMS]
    return len(named) < _FEWEST_OWN_STEMS


def _topic(asked: Sequence[str], *, known: set[str]) -> list[str]:
    """Return the words of the latest turn that named something, except those in *known*."""
    for text in reversed(asked):
        named = _names(text)
        if not named or (not stands_alone(text) and text is not asked[0]):
            continue
        return [word for word in named if stem(word.lower()) not in known][-_MOST_TOPIC_WORDS:]
    return []


def _names(text: str) -> list[str]:
    """Return the words of *text* that name its subject, each once."""
    kept: dict[str, str] = {}
    for word in re.findall(r"[^\W_][\w'’.-]*[^\W_]|[^\W_]", text):
        key = stem(word.lower())
        if word.lower() not in STOPWORDS and key not in EMPTY_STEMS:
            kept.setdefault(key, word)
    return list(kept.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A question that can be understood without its conversation.

    Attributes:
        question: It.
        searches: What is searched besides it, if a model said so.
    """

    question: Question
    searches: tuple[str, ...] = ()


async def standalone(
    question: Question, session: ModelSession, *, is_complex: bool = False
) -> Understood:
    """Return *question* rewritten so that it can be understood without its history.

    The model whose turn it is rewrites it, and may split it into several searches. If there is no
    model, or it fails, the rule rewrites it.

    Args:
        question: With its history.
        session: The models.
        is_complex: Whether a question without a history may need several searches.
    """
    if not question.history and not is_complex:
        return Understood(question=question)
    text = rewrite_by_rule(question.text, question.history)
    searches: tuple[str, ...] = ()
    for model in session.models[:1]:
        try:
            replies = session.reply(model, _messages(question), purpose="question", stream=False)
            parts = [part async for part in replies]
        except AnswererError:
            break
        first, *others = [line for line in "".join(parts).splitlines() if line.strip()] or [""]
        said = one_line(first)
        if _is_a_question(said, question):
            text, searches = said, searches_asked_for(others)[:MOST_SEARCHES]
    return Understood(question=replace(question, text=text), searches=searches)


def _messages(question: Question) -> Messages:
    told = "\n".join(
        f"{turn.role}:\n{quoted(turn.text[:_MOST_TURN_CHARS])}"
        for turn in question.history[-MAX_TURNS:]
    )
    request = load("standalone-request")
    return Messages(
        system=load("standalone").render(),
        user=request.render(history=told or NOTHING_SAID, question=one_line(question.text)),
    )


def _is_a_question(said: str, question: Question) -> bool:
    """Return whether the model's text is a usable query: not empty, too long or off the topic.

    It must share a word with the people's earlier turns, so that text in a thread cannot make
    the model ask for something else entirely.
    """
    people = [turn.text for turn in question.history if turn.role == "user"]
    known = set(stems_of(" ".join([*people, question.text])))
    return 0 < len(said) <= _MOST_QUESTION_CHARS and not known.isdisjoint(stems_of(said))
