"""The fixed sentences a person may read; nothing from an error ever joins them."""

from typing import Final

HINT: Final = "Ask me a question about the documents, and I'll answer it with its sources."
TOO_LONG: Final = "That is too long for me. Please ask in at most {max_chars} characters."
BUSY: Final = "Too many questions are waiting right now. Please ask again in a few minutes."
INTERRUPTED: Final = "I was interrupted before I could answer. Please ask again."
UNCERTAIN: Final = (
    "I lost the connection while posting my answer. If it is not in this thread, please ask again."
)
FAILED: Final = "Something went wrong, so I have no answer. Reference: {reference}"
NO_INDEX: Final = "I can't reach my index right now. Please ask again later. Reference: {reference}"
CLOSED: Final = "I couldn't answer your question in the channel: Slack doesn't let me post there."
NOT_FOUND: Final = "The documents don't say."
NEAREST: Final = "Nearest passages"
SOURCES: Final = "Sources"
CUT: Final = "The answer was cut here: the whole of it is too long for one message."
WORKING: Final = "is reading the documents…"
