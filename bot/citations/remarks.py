"""Sentences of a model that are no statement about the documents."""

import re

_SOURCES = (
    r"(?:(?:the|these|those|this|any|your|our|provided|given|shown|available|supplied|retrieved|"
    r"above)\s+){0,3}(?:passages?|documents?|documentation|sources?|excerpts?|context|texts?|"
    r"information|materials?|handbook|policy|policies)"
)
_SAY = (
    r"(?:say|mention|state|contain|specif\w*|include|provide|answer|cover|describe|give|list|"
    r"indicate|address|explain|tell|discuss|clarify|define|detail|have any)"
)
_NOT = r"(?:do(?:es)? not|don't|doesn't|did not|didn't|cannot|can't|never|nowhere)"
_ABSENT = re.compile(
    rf"\b{_SOURCES}\b[^.]{{0,40}}\b{_NOT}\b[^.]{{0,30}}\b{_SAY}\b|"
    rf"\b(?:there (?:is|are)|{_SOURCES} (?:contains?|gives?|has|have|provides?)) no "
    rf"(?:\w+ )?(?:information|mention|detail|details|indication|data|answer|passage)\b|"
    rf"\b(?:is|are|was|were) not (?:\w+ )?(?:{_SAY}(?:e?d)?|specified|stated|given|found|known) "
    rf"(?:in|by) {_SOURCES}\b|"
    rf"\bI (?:could not|couldn't|cannot|can't|did not|didn't|am unable to|was unable to|do not|"
    rf"don't) "
    rf"(?:find|see|locate|answer|determine|have|know)\b|"
    rf"\bno (?:information|mention|answer) (?:is|was|about|on|of)\b|"
    rf"\b(?:die|den|in den) (?:Dokumente|Dokumenten|Quellen|Passagen)\b[^.]{{0,40}}\b(?:nicht|"
    rf"nichts|kein\w*)\b",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\W*(?:i hope (?:this|that) helps\b.*|hope (?:this|that) helps\b.*|let me know\b.*|"
    r"(?:please )?feel free to\b.*\b(?:ask|reach out|contact me|let me know)\b.*|"
    r"sure\b[\s!,.]*(?:here.*)?|"
    r"of course[\s!,.]*|certainly[\s!,.]*|great question\b.*|good question\b.*|"
    r"if you have (?:any )?(?:further|other|more|additional) questions\b.*|"
    r"is there anything else\b.*|thank(?:s| you)\b.*|you're welcome(?! to\b).*|"
    r"here(?:'s| is| are)\b[^.]{0,80}[:.]?|(?:as|being) an ai\b.*|"
    r"(?:i'm|i am|we're)? ?(?:so |very )?sorry\b.*|congratulations\b.*|"
    r""
    r"(?:answer|final answer|response)\s*:?|based on (?:the )?(?:\w+ ){0,3}(?:passages?|documents?|"
    r"sources?|context)(?: provided| above)?\s*[,:.]?)\W*",
    re.IGNORECASE,
)
_COPIED = re.compile(
    r"(`+)(?:(?!\1).)+\1|[\"“„][^\"“”„]*[\"”“]"
)  # code, and words in quotation marks
_OPENING = re.compile(
    r"^\W{0,2}(?:(?:based on|according to|as (?:stated|described|mentioned|noted|outlined) in|"
    r"per|from)\s+"
    rf"{_SOURCES}(?: provided| above| shown)?|in short|in summary|to summari[sz]e|overall|"
    r"answer|final answer|short answer|sure|of course|certainly)\s*[,:!]\s*",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"^\W{0,3}(?:yes|no|ja|nein|oui|non|sí|correct|right)\b(?=\**[,.!:;–—])\W*", re.IGNORECASE
)


def is_absence(text: str) -> bool:
    """Return whether *text* says that the documents do not say something.

    >>> is_absence("The passages do not mention a dress code."), is_absence("Do not run here.")
    (True, False)
    >>> is_absence("Click `I don't know my number`.")
    False
    """
    return _ABSENT.search(_COPIED.sub(" ", text)) is not None


def is_remark(text: str) -> bool:
    """Return whether *text* says nothing about the documents: "I hope this helps!".

    >>> is_remark("Let me know if you need more."), is_remark("Let the team know.")
    (True, False)
    >>> is_remark("You're welcome!"), is_remark("You're welcome to bring a guest.")
    (True, False)
    """
    return _REMARK.fullmatch(text) is not None


def without_opening(text: str) -> str:
    """Return *text* without words in front that only say where it comes from.

    >>> without_opening("According to the documents, parking is free.")
    'Parking is free.'
    """
    rest = _OPENING.sub("", text)
    return rest[:1].upper() + rest[1:] if rest != text else text


def claim(text: str) -> str:
    """Return what *text* claims, without a yes or a no in front.

    >>> claim("Yes, dogs are allowed.")
    'dogs are allowed.'
    """
    rest = _REPLY.sub("", text)
    return rest if re.search(r"\w", rest) else text
