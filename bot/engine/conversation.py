"""Understand a message in its conversation: "shorter", "in German", "the second one"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote_qa.bot.types import (
    Answer,
    Choice,
    Draft,
    Evidence,
    Question,
    Sentence,
    ShownPassage,
    Status,
    Turn,
)
from footnote_qa.index.chunking import stems_of

_POLITE = (
    r"(?:(?:and|ok(?:ay)?|great|thanks|thank you|please|now|but|hm+|sorry|bitte|und)[ ,.!]+)*"
    r"(?:(?:can|could|would|will) you\s+)?(?:please\s+|just\s+)*"
)
_SAY = (
    r"(?:(?:give|make|show|say|write|put|explain|answer|repeat|tell|format|present|turn|translate|"
    r"summari[sz]e|sum up|rewrite|rephrase|list|convert|i want|i need|i'd like|sag|schreib|erklär)"
    r"\s+)?(?:(?:me|us|mir)\s+)?"
    r"(?:(?:it|that|this|them|the (?:answer|above|same|reply)|your (?:answer|reply)|das|es)\s+)?"
    r"(?:(?:again|up|out|all)\s+)?(?:(?:to|for) (?:me|us)\s+)?"
)
_END = r"(?:[ ,]+(?:please|again|instead|now|thanks|thank you|bitte|version|answer|then))*"
_MUCH = r"(?:(?:a (?:bit|little)|much|even|still|way)\s+)?"
_SHORTER = (
    rf"(?:{_MUCH}(?:shorter|briefer|more (?:briefly|concise(?:ly)?)|less (?:text|long|detail))|"
    r"(?:a |the )?(?:short|brief)(?:er)?(?: version| answer| summary)?|briefly|in (?:short|brief)|"
    r"in a nutshell|"
    r"(?:in|as) (?:one|a single|1|two|2|a few) (?:sentences?|lines?|words)|one[- ]line(?:r)?|"
    r"tl;?dr|too long(?: for me)?|shorten (?:it|that|this)|kürzer|kurz|plus court|más corto)"
)
_LONGER = (
    rf"(?:{_MUCH}longer|in (?:{_MUCH}(?:more|greater|full) )?detail|(?:with )?more details?|"
    r"elaborate|more|tell me more|ausführlicher|plus de détails?|más detalles?)"
)
_SIMPLER = (
    rf"(?:{_MUCH}(?:simpler|easier|clearer)|in (?:simpler?|plain|easy|other) (?:words?|terms|"
    r"english|language)|rephrase (?:it|that|this)|differently|eli5|like (?:i'?m|i am) (?:five|5)|"
    r"einfacher|plus simplement)"
)
_FORM = (
    r"(?:(?:as|in|into|in the form of|als) (?:an? |one |eine? )?)"
    r"(?:\w+ )?(?:table|list|bullet(?:s|ed list| points?| list)?|checklist|(?:numbered )?steps|"
    r"paragraphs?|prose|email|tabelle|liste|tableau|tabla)|bullet points?|table|"
    r"step[- ]by[- ]step|schritt für schritt|étape par étape|paso a paso|"
    r"(?:make|draw|build) (?:it |that |me )?an? (?:table|list)"
)
_LANGUAGES = (
    r"german|french|spanish|italian|portuguese|dutch|polish|czech|swedish|danish|norwegian|finnish|"
    r"russian|ukrainian|turkish|greek|hungarian|romanian|bulgarian|croatian|serbian|arabic|hebrew|"
    r"hindi|bengali|urdu|tamil|chinese|mandarin|japanese|korean|vietnamese|thai|indonesian|english|"
    r"deutsch|englisch|französisch|spanisch|italienisch|français|anglais|allemand|espagnol|español|"
    r"inglés|alemán|italiano|português|nederlands|polski|türkçe|svenska|dansk|norsk|suomi|中文|日本語"
)
_LANGUAGE = rf"(?:in|into|to|auf|ins|en|em|på|po) (?:{_LANGUAGES})|translate (?:it|that|this)"
_CHANGE = re.compile(
    rf"{_POLITE}{_SAY}(?:(?P<shorter>{_SHORTER})|{_LONGER}|{_SIMPLER}|{_FORM}|{_LANGUAGE})"
    rf"(?:(?:,| and)? (?:{_FORM}|{_LANGUAGE}|{_SHORTER}))*{_END}",
    re.IGNORECASE,
)
_SUM_UP = re.compile(
    rf"{_POLITE}(?:summari[sz]e|sum up|shorten|condense)"
    rf"(?: (?:it|that|this|them|the (?:answer|above)|your answer))?(?: up)?{_END}",
    re.IGNORECASE,
)
_MOST_CHARS = 80
_EDGES = " \t\n!.?,;:~-…¡¿。！？\"'“”‘’"
_ORDINALS = {
    word: at
    for at, several in enumerate(
        (("first", "1st", "one", "erste"), ("second", "2nd", "two"), ("third", "3rd", "three"))
    )
    for word in several
}
_BY_NUMBER = re.compile(
    r"(?:the |option |number |no\.? ?|#|die |das )*(?:(?P<digit>[1-3])|"
    rf"(?P<word>{'|'.join(_ORDINALS)}))(?: (?:one|option|choice))?",
    re.IGNORECASE,
)

NOTHING_TO_CHANGE = "There is no answer in this conversation to change yet. Ask a question first."
NEEDS_A_MODEL = (
    "Only a language model can say an answer in another form. Without one, answers are the "
    "documents' own words."
)
AS_SHORT_AS_IT_IS = "This is the shortest form without a language model."


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A request to say an earlier answer in another form.

    Attributes:
        words: The request, as the person wrote it.
        is_shorter: Whether a shorter answer is all that is asked for.
    """

    words: str
    is_shorter: bool


def change_in(text: str) -> Change | None:
    """Return the change of an answer that a message asks for; None if it asks something else.

    >>> change_in("Can you make it shorter, please?").is_shorter, change_in("in German").words
    (True, 'in German')
    >>> change_in("In German law, how long is the notice period?") is None
    True
    """
    said = re.sub(r"\s+", " ", text).strip(_EDGES)
    if not said or len(said) > _MOST_CHARS:
        return None
    if _SUM_UP.fullmatch(said):
        return Change(words=said, is_shorter=True)
    found = _CHANGE.fullmatch(said)
    if found is None:
        return None
    only = re.fullmatch(rf"{_POLITE}{_SAY}{_SHORTER}{_END}", said, re.IGNORECASE)
    return Change(words=said, is_shorter=only is not None)


def last_answer(history: Sequence[Turn]) -> Answer | None:
    """Return the last answer with citations, if only changes and small talk came after it."""
    for turn in reversed(history):
        if turn.answer is None or turn.answer.status in {Status.CHAT, Status.FAILED}:
            continue
        return turn.answer if turn.answer.status is Status.ANSWERED else None
    return None


def question_before(history: Sequence[Turn]) -> int | None:
    """Return the position of the last message of a person that is a question of its own."""
    for at in range(len(history) - 1, -1, -1):
        if history[at].role == "user" and change_in(history[at].text) is None:
            return at
    return None


def changed(question: Question, change: Change, answer: Answer) -> Question:
    """Return the question that *answer* replied to, with the change that is asked for now."""
    return replace(
        question,
        text=answer.asked or question.text,
        change=change.words,
        earlier=_unlabelled(answer.text, answer),
        history=(),
    )


def _unlabelled(text: str, answer: Answer) -> str:
    """Return *text* of an answer without the labels of its citations."""
    labels = "|".join(str(one.label) for one in answer.citations)
    return re.sub(rf"\s*(?:\[(?:{labels})\])+", "", text) if labels else text


def picked(text: str, history: Sequence[Turn]) -> str | None:
    """Return the completed question if a message replies to the question back that came last.

    The reply may be a choice's question, its label or some of its words, or its number. Another
    fragment completes the person's own question. None if it is a question of its own.
    """
    last = history[-1].answer if history else None
    if last is None or last.status is not Status.CLARIFY or not last.choices:
        return None
    said = re.sub(r"\s+", " ", text).strip(_EDGES)
    choice = _chosen(said, last.choices)
    if choice is not None:
        return choice.question
    asked = next((turn.text for turn in reversed(history) if turn.role == "user"), "")
    is_fragment = bool(stems_of(said)) and "?" not in text and len(said.split()) <= _FRAGMENT_WORDS
    return f"{asked.strip()} ({said})" if is_fragment and asked else None


_FRAGMENT_WORDS = 5


def _chosen(said: str, choices: Sequence[Choice]) -> Choice | None:
    number = _BY_NUMBER.fullmatch(said)
    if number is not None:
        at = int(number["digit"]) - 1 if number["digit"] else _ORDINALS[number["word"].lower()]
        return choices[at] if at < len(choices) else None
    for one in choices:
        if said.casefold() in {one.question.strip(_EDGES).casefold(), one.label.casefold()}:
            return one
    stems = set(stems_of(said))
    fitting = [one for one in choices if stems and stems <= set(stems_of(one.label))]
    return fitting[0] if len(fitting) == 1 else None


def is_chosen(question: Question) -> bool:
    """Return whether the question is complete, because it is one of the choices shown last."""
    last = question.history[-1].answer if question.history else None
    return last is not None and question.text in {one.question for one in last.choices}


class ShortenedAnswer:
    """Says the first block of an earlier answer again, without a language model.

    Args:
        answer: The earlier answer.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def draft(self, question: Question, passages: Sequence[ShownPassage]) -> Draft:
        """Draft the first block with its quotes; the check compares them as in any answer."""
        del question
        first = self._answer.blocks[:1]
        return Draft(
            sentences=tuple(
                Sentence(
                    text=_unlabelled(one.text, self._answer),
                    kind=one.kind,
                    evidence=_evidence(one.labels, self._answer, passages),
                )
                for one in first
            ),
            answerer="offline",
        )


def _evidence(
    labels: Sequence[int], answer: Answer, passages: Sequence[ShownPassage]
) -> tuple[Evidence, ...]:
    found = []
    for citation in (one for one in answer.citations if one.label in labels):
        home = next(
            (one.id for one in passages if _has(one, citation.document, citation.quote)), None
        )
        if home is not None:
            found.append(Evidence(passage_id=home, quote=citation.quote))
    return tuple(found)


def _has(shown: ShownPassage, document: str, quote: str) -> bool:
    chunk = shown.section.chunk
    return chunk.document == document and quote in chunk.text
