"""Check that every statement of an answer is in the documents, and that its quote proves it."""

from footnote_qa.bot.citations.checker import Checked, Checker, Removed, check
from footnote_qa.bot.citations.comparing import covered, language
from footnote_qa.bot.citations.contradictions import disagreements
from footnote_qa.bot.citations.entailment import EntailmentCheck
from footnote_qa.bot.citations.examination import Proves, Undecided
from footnote_qa.bot.citations.judging import Reason
from footnote_qa.bot.citations.quotes import find, fold, is_long_enough
from footnote_qa.bot.citations.repeats import repeats

__all__ = [
    "Checked",
    "Checker",
    "EntailmentCheck",
    "Proves",
    "Reason",
    "Removed",
    "Undecided",
    "check",
    "covered",
    "disagreements",
    "find",
    "fold",
    "is_long_enough",
    "language",
    "repeats",
]
