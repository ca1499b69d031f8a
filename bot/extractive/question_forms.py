"""Recognise the form of the answer to a question: fact, definition, steps, list, code, summary."""

import re
from dataclasses import dataclass
from enum import StrEnum

from footnote_qa.index.search import subject_of


class Form(StrEnum):
    """The form that the answer to a question has."""

    FACT = "fact"
    DEFINITION = "definition"
    STEPS = "steps"
    LIST = "list"
    CODE = "code"
    YES_NO = "yes_no"
    SUMMARY = "summary"
    COMPARISON = "comparison"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The form of a question.

    Attributes:
        form: The form of the answer.
        subjects: The term to define, or the two things to compare; else empty.
    """

    form: Form
    subjects: tuple[str, ...] = ()


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_SHORT = r"(?:(?:an? |the )?(?:short |brief |quick )*)"
_SUMMARY = _any(
    r"^(?:please |can you |could you |pls )*(?:summari[sz]e|sum up|outline|describe)\b",
    rf"^(?:please |can you |could you |pls )*give (?:me )?{_SHORT}(?:overview|summary|gist)\b",
    rf"^{_SHORT}(?:overview|summary|tl;?dr|gist|outline) of\b",
    r"^(?:please |can you )*tell me (?:all |everything |more )?about\b",
    r"^what (?:does|do) .* (?:cover|say about)\b",
    r"^what should i know about\b",
    r"^(?:fass .* zusammen|überblick|tl;?dr)\b",
    r"\b(?:overview|summary|in a nutshell|tl;?dr)$",
)
_COMPARES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:differences?|distinguish)\b.*?\bbetween (?P<a>.+?) (?:and|or) (?P<b>.+)$",
        r"^(?:compare|comparison (?:of|between)) (?P<a>.+?) (?:and|with|to|versus) (?P<b>.+)$",
        r"^how (?:is|are|does|do) (?P<a>.+?) (?:different|differ)s? (?:from|to|than) (?P<b>.+)$",
        r"^(?P<a>.+?) (?:vs\.?|versus) (?P<b>.+)$",
    )
)
_COUNTS = _any(
    r"\bhow (?:many|much|long|far|old|often|big|large|high|tall|late|early|soon)\b",
    r"\bwie ?viele?\b|\bwie lange\b",
)
_CODE = _any(
    r"\b(?:commands?|snippet|syntax|one-?liner|code (?:for|to|that)|code example|example code)\b",
    r"\b(?:what|which) (?:flag|option|parameter|setting|function|method|call|query)\b",
    r"\b(?:options?|flags?|settings?|parameters?|env(?:ironment)? vars?|variables?) (?:for|to)\b",
    r"\bbefehl\b",
)
_TASK = (
    "add|apply|book|cancel|change|claim|configure|connect|create|delete|disable|enable|enroll|file|"
    "get|install|invite|join|log|move|order|pay|print|register|remove|renew|replace|report|request|"
    "reset|restore|return|schedule|send|set|share|sign|submit|switch|transfer|uninstall|update|"
    "upgrade|use|withdraw"
)
_STEPS = _any(
    r"^how (?:do|does|can|could|should|would|to|must|might|may)\b",
    r"\bhow (?:do|can|should|would) (?:i|we|you|one)\b|\bhow to\b|[-–,:] ?how$",
    r"\b(?:steps?|procedure|process|instructions?|workflow|walk me through|set ?up guide)\b",
    r"\bwhat (?:(?:should|must|can|do|shall) (?:i|we)|do (?:i|we) (?:have|need) to) do\b",
    r"\bwhat now$|\bwhat next$|^(?:the )?(?:best |right |easiest )?ways? to\b",
    r"^(?:wie|was muss ich|cómo|comment)\b",
    # A task without a question word, as people type it into a chat
    rf"^(?:(?:i|we)(?:'d)? )?(?:need|want|would like|like|try|trying|have) to (?:{_TASK})\b",
    rf"^(?:{_TASK})(?: up| out| in)? (?!is\b|was\b|for\b|of\b)\w+",
)
# "How does the lift work?" asks for an explanation, not for instructions
_HOW_IT_IS = re.compile(
    r"^how (?:do|does|did|is|are) (?:the |a |an )?"
    r"(?!i\b|we\b|you\b|one\b|people\b|employees\b|users\b|staff\b)\w+.*"
    r" (?:work|differ|relate|affect|compare)s?$",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^(?:so |and |but |hi,? |hey,? )?(?:is|are|am|was|were|do|does|did|can|could|may|must|should|"
    r"shall|will|would|has|have|had|ist|sind|darf|kann|muss|hat|haben|gibt es)\b",
    re.IGNORECASE,
)
_COLLECTED = "requirements|rules|criteria|prerequisites|benefits|options|exceptions|types|features"
_LIST = _any(
    r"^(?:list|name|enumerate|give me (?:a list|all)|show (?:me )?(?:all|the))\b",
    r"^(?:what|which) (?:are|were) (?:the|all|our|some)?\b",
    r"\b(?:which|what) (?:kinds?|types?|sorts?|forms?) of\b",
    r"\bwhat (?:counts?|qualif\w+|is (?:included|covered|excluded)|all|else)\b",
    r"\bwhat (?:can|could|may|must|should|do|does|needs?|has|have) ",
    r"^(?:which|what) (?!is\b|was\b|one\b)\w+s "
    r"(?:are|can|do|does|have|must|should|may|need|count|qualify|apply|support|exist)\b",
    r"\b(?:examples?|requirements?|benefits|options|conditions|exceptions|criteria|documents|items|"
    r"features|reasons|ways) (?:of|for|to|do|are|must|can|does)\b",
    r"\bchecklist\b",
    rf"^(?:[\w-]+ ){{1,4}}(?:{_COLLECTED})$|^(?:{_COLLECTED}|pros and cons) (?:for|of|to)\b",
)
_ASKS_MORE = re.compile(r"\band (?:who|what|when|where|which|why|how)\b", re.IGNORECASE)
# The first that fits counts
_FORMS = (
    (_SUMMARY, Form.SUMMARY),
    (_COUNTS, Form.FACT),
    (_CODE, Form.CODE),
    (_STEPS, Form.STEPS),
    (_YES_NO, Form.YES_NO),
    (_LIST, Form.LIST),
)


def form_of(question: str) -> Asked:
    """Return the form of answer that *question* asks for.

    >>> form_of("whats a PIV").form.value, form_of("how do I set up Zoom?").form.value
    ('definition', 'steps')
    >>> form_of("public vs private channels").subjects
    ('public', 'private channels')
    """
    text = re.sub(r"\s+", " ", question).strip(" ?!.…\"'“”？。")
    for pattern in _COMPARES:
        if found := pattern.search(text):
            return Asked(form=Form.COMPARISON, subjects=(_bare(found["a"]), _bare(found["b"])))
    form = next((form for pattern, form in _FORMS if pattern.search(text)), Form.FACT)
    if form not in {Form.SUMMARY, Form.FACT} or not _COUNTS.search(text):
        subject = "" if form is Form.SUMMARY else subject_of(text)
        if subject and not _ASKS_MORE.search(subject):
            return Asked(form=Form.DEFINITION, subjects=(subject,))
    if form is Form.STEPS and _HOW_IT_IS.search(text):
        return Asked(form=Form.FACT)
    return Asked(form=form)


def subjects_of(question: str) -> tuple[str, ...]:
    """Return the two things that a question compares; empty if it compares none."""
    asked = form_of(question)
    return asked.subjects if asked.form is Form.COMPARISON else ()


def _bare(text: str) -> str:
    text = text.strip(" \"'“”‘’«»,")
    return re.sub(r"^(?:an?|the|our|your|my)\s+", "", text, flags=re.IGNORECASE)
