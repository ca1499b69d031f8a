"""Check that every statement of an answer is in the documents, and that its quote proves it."""

from bot.citations.checker import Checked, Checker, Proves, Removed, check
from bot.citations.claims import covered, language
from bot.citations.contradictions import disagreements
from bot.citations.entailment import EntailmentCheck
from bot.citations.quotes import find, fold, is_long_enough
from bot.citations.repeats import repeats

__all__ = [
    "Checked",
    "Checker",
    "EntailmentCheck",
    "Proves",
    "Removed",
    "check",
    "covered",
    "disagreements",
    "find",
    "fold",
    "is_long_enough",
    "language",
    "repeats",
]
