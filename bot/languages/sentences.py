"""Sentences beside an answer, which the engine writes and each page or message translates."""

from typing import Final

from footnote_qa.bot.languages.translation import N_, localized

NOT_FOUND: Final = N_("I found no passage that answers this.")
UNSUPPORTED: Final = N_("The drafted answer is not supported by the documents, so it is not shown.")
PARTIAL: Final = N_("The documents do not answer every part of the question.")
OWN_WORDS: Final = N_("These are the documents' own words.")
NO_OWN_WORDS: Final = N_("No passage contains the answer word for word.")
WORDS_ONLY: Final = N_(
    "For now the index is searched by words only; its vectors are still being computed."
)
UNREACHABLE: Final = N_("The language model could not be reached.")
OVER_BUDGET: Final = N_("Today's budget for language models is used up.")
ASK_SOMETHING: Final = N_("Ask a question, for example: How many days of leave do I have?")

SENTENCES: Final = (
    *(NOT_FOUND, UNSUPPORTED, PARTIAL, OWN_WORDS, NO_OWN_WORDS),
    *(WORDS_ONLY, UNREACHABLE, OVER_BUDGET, ASK_SOMETHING),
)


def remark(message: str) -> str:
    """Return the remark beside an answer in the language of the reader."""
    return localized(message, SENTENCES)
