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
HELPED: Final = "Helpful"
DID_NOT_HELP: Final = "Not helpful"
SHOW_QUOTE: Final = "Show a quote in context"
AGAIN: Final = "Try again"
ASKED_AGAIN: Final = "Asked again, see below."
ASK_PERSON: Final = "Ask a person"
SHARE: Final = "Share with everyone"
RESOLVED: Final = "Resolved"
GUEST: Final = "I answer only full members of this workspace. Please ask a colleague who is one."
OPEN: Final = (
    "People of other companies read along here, so I don't answer in this channel."
    " Write me a direct message instead."
)
OFF: Final = "I am switched off in this channel. Write me a direct message instead."
STOPPED: Final = "Stopped."
REASON_TITLE: Final = "Your feedback"
QUOTE_TITLE: Final = "The quote in context"
RULES_TITLE: Final = "Footnote in a channel"
APPROVE_TITLE: Final = "This is the answer"
APPROVE_NOTE: Final = (
    "It becomes a document of its own, with your name and the date, for {readers}."
)
MOVED: Final = "This document has changed since: the words around the quote are not shown."
FORGOTTEN: Final = "I don't have that answer any more."
NOT_YOURS: Final = "Only the one who asked can share this answer."
SHARED: Final = "Shared in the channel."
NOT_SHARED: Final = "I couldn't post in this channel. Invite me there first."
NO_HELPER: Final = "Nobody is set as the person to ask in this channel."
HANDED_OFF: Final = "can you help? The documents don't answer the question above."
SETTLED: Final = "Resolved by {name}."
NOT_A_HELPER: Final = "Only the person to ask in this channel, or an administrator, can do that."
NOT_HERE: Final = "That works in channels only."
APPROVED: Final = "Saved. I can cite it as soon as the index is built again."
APPROVED_ONLY: Final = (
    "Saved. I can cite it once the folder of approved answers is one of my sources."
)
ONLY_ADMINS: Final = "Only administrators of this workspace can do that."
NO_LANGUAGE: Final = "Write the name of a language, such as German."
EMPTY_COMMAND: Final = "Put your question behind the command: /ask-docs How many days of leave?"
ASKING: Final = "Looking it up…"
PROMPTS_TITLE: Final = "Ask me about the documents"
HOME_TITLE: Final = "Footnote"
HOME: Final = (
    "Mention me in a channel, write me a message, or use /ask-docs for a private answer."
    " Every sentence I say has a source that you can check."
)
HOME_NO_INDEX: Final = "There is no index yet, so I can't answer anything."
