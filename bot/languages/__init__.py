"""Texts in the language of whoever reads them."""

from footnote_qa.bot.languages.sentences import (
    ASK_SOMETHING,
    NO_OWN_WORDS,
    NOT_FOUND,
    OVER_BUDGET,
    OWN_WORDS,
    PARTIAL,
    UNREACHABLE,
    UNSUPPORTED,
    WORDS_ONLY,
    remark,
)
from footnote_qa.bot.languages.translation import (
    ENGLISH,
    LANGUAGES,
    N_,
    accepted,
    known,
    language,
    localized,
    ngettext,
    speak,
    tr,
)

__all__ = [
    "ASK_SOMETHING",
    "ENGLISH",
    "LANGUAGES",
    "NOT_FOUND",
    "NO_OWN_WORDS",
    "N_",
    "OVER_BUDGET",
    "OWN_WORDS",
    "PARTIAL",
    "UNREACHABLE",
    "UNSUPPORTED",
    "WORDS_ONLY",
    "accepted",
    "known",
    "language",
    "localized",
    "ngettext",
    "remark",
    "speak",
    "tr",
]
