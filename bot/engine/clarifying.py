"""Ask one question back where a question names nothing and the search found several subjects."""

import re
from collections.abc import Sequence

from footnote_qa.bot.engine.query_rewriting import EMPTY_STEMS
from footnote_qa.bot.types import Choice
from footnote_qa.index.chunking import listed, plain, stem, stems_of, words
from footnote_qa.index.types import Passage

MOST_CHOICES = 3
_FEWEST_CHOICES = 2
_MOST_WORDS = 9
CLOSE = 0.8
"""Share of the best score that a passage of another subject needs to be offered."""

# Nouns and verbs of which every subject of a handbook has its own: they name nothing by themselves
_GENERIC = frozenset(
    map(
        stem,
        listed(
            "policy policies rule rules regulation regulations guideline guidelines process "
            "processes procedure procedures deadline deadlines limit limits maximum minimum cap "
            "form forms cost costs price prices fee fees rate rates amount amounts period duration "
            "requirement requirements exception exceptions condition conditions contact contacts "
            "person people time date dates day days hours document documents page pages section "
            "step steps approval approve approved approves application apply applies applied "
            "eligible eligibility qualify qualifies allowed allow permitted possible required "
            "require requires request requests submit start starts end ends begin begins expire "
            "expires pay paid happen next do responsible charge handle handles change changes "
            "changed new current latest valid count counts answer question purpose reason goal "
            "definition meaning number frequency soon late early quickly fast far high low case "
            "instruction instructions guide advice everyone everybody anyone somebody ask asks "
            "use uses using available include includes included cover covers covered take takes "
            "taken took work works go goes come comes cancel long often"
        ),
    )
)
_ASKS = re.compile(
    r"^\W*(?:so |and |but |hi,? |hey,? )?(?:what|which|who|whom|when|where|why|how|is|are|was|were|"
    r"do|does|did|can|could|may|must|should|shall|will|would|has|have|am)(?:'s|s)?\b",
    re.IGNORECASE,
)
_ONESELF = re.compile(r"\b(?:you|your|bot|footnote)\b", re.IGNORECASE)


def names_nothing(question: str) -> bool:
    """Return whether a question names no subject: only words that fit every subject.

    >>> names_nothing("How long does it take?"), names_nothing("What is the leave policy?")
    (True, False)
    """
    said = words(question)
    if not said or len(said) > _MOST_WORDS or not _ASKS.search(question):
        return False
    if _ONESELF.search(question) or any(map(str.isdigit, question)):
        return False
    return all(one in _GENERIC or one in EMPTY_STEMS for one in stems_of(question))


def choices_among(question: str, passages: Sequence[Passage]) -> tuple[Choice, ...]:
    """Return what a question that names nothing may mean; empty if it should just be answered.

    Choices are documents, or headings if all passages are of one document, that score nearly as
    well as the best. If only one of them has the question's own words, it answers the question.

    Args:
        question: As it was understood.
        passages: What was found, best first.
    """
    if not passages or not names_nothing(question):
        return ()
    asked = {one for one in stems_of(question) if one not in EMPTY_STEMS}
    having = [one for one in passages if asked <= set(stems_of(_text(one)))]
    if asked and having:
        passages = having
    close = [one for one in passages if one.fused >= CLOSE * passages[0].fused]
    close.sort(key=lambda one: not asked <= set(stems_of(" ".join(one.chunk.path))))
    labels = list(dict.fromkeys(filter(None, (_label(one, close) for one in close))))
    if len(labels) < _FEWEST_CHOICES:
        return ()
    return tuple(
        Choice(label=label, question=f"{question.strip()} ({label})")
        for label in labels[:MOST_CHOICES]
    )


def question_back(choices: Sequence[Choice]) -> str:
    """Return the question that asks which of the choices is meant.

    >>> question_back([Choice(label="Leave", question=""), Choice(label="Travel", question="")])
    'Do you mean “Leave” or “Travel”?'
    """
    *others, last = [f"“{one.label}”" for one in choices]
    return f"Do you mean {', '.join(others)} or {last}?"


def _text(passage: Passage) -> str:
    return " ".join([*passage.chunk.path, passage.chunk.text])


def _label(passage: Passage, among: Sequence[Passage]) -> str:
    """Return the document's title, or the heading if the others are of the same document."""
    documents = {one.chunk.document for one in among}
    if len(documents) > 1:
        return plain(passage.chunk.title).strip()
    return plain(passage.chunk.heading[-1]).strip() if passage.chunk.heading else ""
