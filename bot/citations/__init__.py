"""Check that every statement of an answer is in the documents, and that its quote proves it."""

from bot.citations.checker import Checked, Checker, Removed, check
from bot.citations.comparing import covered, language
from bot.citations.contradictions import disagreements
from bot.citations.entailment import EntailmentCheck
from bot.citations.examination import Proves, Undecided
from bot.citations.judging import Reason
from bot.citations.quotes import find, fold, is_long_enough
from bot.citations.repeats import repeats

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
