"""Compare a statement with its evidence: figures, dates, names, parties, qualifiers."""

from footnote_qa.bot.citations.comparing.claims import (
    MONTHS,
    NUMBER_WORDS,
    abbreviations,
    figure,
    missing_names,
    missing_numbers,
)
from footnote_qa.bot.citations.comparing.closeness import is_close
from footnote_qa.bot.citations.comparing.dates import times, without_dates, wrong_date, wrong_time
from footnote_qa.bot.citations.comparing.figures import (
    may_follow,
    times_changed,
    wrong_quantity,
    wrong_rate,
)
from footnote_qa.bot.citations.comparing.languages import covered, foreign, language
from footnote_qa.bot.citations.comparing.meanings import alternatives, forms, is_known
from footnote_qa.bot.citations.comparing.negations import contradicts, denied_before, denies_alone
from footnote_qa.bot.citations.comparing.opposites import are_about_the_same, exchanged_words
from footnote_qa.bot.citations.comparing.qualifiers import (
    bound_changed,
    modal_changed,
    scope_changed,
)
from footnote_qa.bot.citations.comparing.quantities import (
    has_money,
    has_time,
    is_unit,
    quantities_in,
)
from footnote_qa.bot.citations.comparing.relations import order_changed, relations_exchanged
from footnote_qa.bot.citations.comparing.roles import amounts_exchanged, are_exchanged
from footnote_qa.bot.citations.comparing.word_forms import in_single_words, is_light

__all__ = [
    "MONTHS",
    "NUMBER_WORDS",
    "abbreviations",
    "alternatives",
    "amounts_exchanged",
    "are_about_the_same",
    "are_exchanged",
    "bound_changed",
    "contradicts",
    "covered",
    "denied_before",
    "denies_alone",
    "exchanged_words",
    "figure",
    "foreign",
    "forms",
    "has_money",
    "has_time",
    "in_single_words",
    "is_close",
    "is_known",
    "is_light",
    "is_unit",
    "language",
    "may_follow",
    "missing_names",
    "missing_numbers",
    "modal_changed",
    "order_changed",
    "quantities_in",
    "relations_exchanged",
    "scope_changed",
    "times",
    "times_changed",
    "without_dates",
    "wrong_date",
    "wrong_quantity",
    "wrong_rate",
    "wrong_time",
]
