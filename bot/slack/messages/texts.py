"""Fixed texts that people see in Slack, and functions that make other text safe to show."""

import re
from dataclasses import dataclass
from typing import Final

from footnote_qa.bot.languages import N_, tr
from footnote_qa.bot.safe_text import clean, shorten
from footnote_qa.bot.trace import Step, StepKind

HINT: Final = N_("Ask me a question about the documents, and I'll answer it with its sources.")
TOO_LONG: Final = N_("That is too long for me. Please ask in at most {max_chars} characters.")
BUSY: Final = N_("Too many questions are waiting right now. Please ask again in a few minutes.")
INTERRUPTED: Final = N_("I was interrupted before I could answer. Please ask again.")
GIVEN_UP: Final = N_(
    "I tried several times and could not answer. Please ask again. Reference: {reference}"
)
UNCERTAIN: Final = N_(
    "I lost the connection while posting my answer. If it is not in this thread, please ask again."
)
FAILED: Final = N_("Something went wrong, so I have no answer. Reference: {reference}")
NO_INDEX: Final = N_(
    "I can't reach my index right now. Please ask again later. Reference: {reference}"
)
CLOSED: Final = N_(
    "I couldn't answer your question in the channel: Slack doesn't let me post there."
)
NOT_FOUND: Final = N_("The documents don't say.")
NEAREST: Final = N_("Nearest passages")
SOURCES: Final = N_("Sources")
CUT: Final = N_("The answer was cut here because it is too long for one message.")
WORKING: Final = N_("is reading the documents…")
SEARCHING: Final = N_("is searching for {what}…")
READING: Final = N_("is reading {what}…")
CHOSEN: Final = "{question} – {label}"
HELPED: Final = N_("Helpful")
DID_NOT_HELP: Final = N_("Not helpful")
SHOW_QUOTE: Final = N_("Show a quote in context")
AGAIN: Final = N_("Try again")
ASKED_AGAIN: Final = N_("Asked again, see below.")
ASK_PERSON: Final = N_("Ask a person")
SHARE: Final = N_("Share with everyone")
RESOLVED: Final = N_("Resolved")
GUEST: Final = N_(
    "I only answer full members of this workspace. Please ask a colleague who is one."
)
OPEN: Final = N_(
    "People from other companies can read this channel, so I don't answer here."
    " Send me a direct message instead."
)
OFF: Final = N_("I am turned off in this channel. Send me a direct message instead.")
STOPPED: Final = N_("Stopped.")
REASON_TITLE: Final = N_("Your feedback")
QUOTE_TITLE: Final = N_("The quote in context")
RULES_TITLE: Final = N_("Footnote in a channel")
APPROVE_TITLE: Final = N_("This is the answer")
APPROVE_NOTE: Final = N_("The reply becomes a document with your name and the date, for {readers}.")
MOVED: Final = N_("This document has changed since, so the text around the quote is not shown.")
FORGOTTEN: Final = N_("I don't have that answer any more.")
NOT_YOURS: Final = N_("Only the person who asked can share this answer.")
SHARED: Final = N_("Shared in the channel.")
NOT_SHARED: Final = N_("I couldn't post in this channel. Invite me there first.")
NO_HELPER: Final = N_("Nobody is set as the person to ask in this channel.")
HANDED_OFF: Final = N_("can you help? The documents don't answer the question above.")
SETTLED: Final = N_("Resolved by {name}.")
NOT_A_HELPER: Final = N_(
    "Only the person to ask in this channel, or an administrator, can do that."
)
NOT_HERE: Final = N_("This only works in channels.")
READERS_OF_SOURCES: Final = N_("those who may read the cited documents")
APPROVED: Final = N_("Saved. I can cite it as soon as the index is built again.")
APPROVED_ONLY: Final = N_(
    "Saved. I can cite it once the folder of approved answers is one of my sources."
)
ONLY_ADMINS: Final = N_("Only administrators of this workspace can do that.")
NO_LANGUAGE: Final = N_("Write the name of a language, such as German.")
VERIFIED: Final = N_("verified answer")
VERIFIED_BY: Final = N_("verified by {name}")
REVIEW_BY: Final = N_("review by {day}")
REVIEW_DUE: Final = N_("review due since {day}")
TOPICS_TITLE: Final = N_("Who to ask about what")
NO_TOPICS: Final = N_("No topic has a person of its own yet.")
NO_TOPIC_WORDS: Final = N_("Write words that belong to the topic, separated by commas.")
TOO_MANY_TOPICS: Final = N_("There are {count} topics already. Remove one first.")
TOPIC_SAVED: Final = N_("Questions about “{words}” that I can't answer now go to {name}.")
TOPIC_GONE: Final = N_("Questions about “{words}” no longer have a person of their own.")
DIGEST_ON: Final = N_(
    "Every Monday I'll send you what was asked in this channel and what I couldn't answer."
    " /ask-docs digest off ends this."
)
DIGEST_OFF: Final = N_("I'll send you no more digests of this channel.")
DIGEST_WAS_OFF: Final = N_(
    "You get no digest of this channel. /ask-docs digest sends you one a week."
)
DIGEST_HEAD: Final = N_("Last week in a channel")
EMPTY_COMMAND: Final = N_("Put your question after the command: /ask-docs How many days of leave?")
ASKING: Final = N_("Looking it up…")
PROMPTS_TITLE: Final = N_("Ask me about the documents")
HOME_TITLE: Final = "Footnote"
HOME: Final = N_(
    "Mention me in a channel, write me a message, or use /ask-docs for a private answer."
    " Every sentence I say has a source that you can check."
)
HOME_NO_INDEX: Final = N_("There is no index yet, so I can't answer anything.")

JOINER: Final = "\u2060"
"""Word joiner: it is invisible, and no link is recognised across it."""

_STEP_CHARS: Final = 60

_MARKED = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
# Places where a client recognises a URL: after a scheme's colon, after a dot before a letter,
# after an @. Both ends of the text count too: the text beside it may be the other half.
_LINKABLE = re.compile(
    r":(?=/|\Z)|(?:(?<=[^\W\d_])|(?<![\s\S])):(?=\S)"
    r"|[.\u3002\uff0e\uff61](?=[^\W\d_]|\Z)"
    r"|@(?=\w|\Z)"
)
# Marks that turn the words before them into a link, or a link into an image.
_MARKDOWN_LINK = re.compile(r"\](?=[(:\[]|\Z)|!(?=\[|\Z)")


def question_text(raw: str, bot_user: str) -> str:
    """Return the plain text of a message that asks the bot something.

    >>> question_text("<@U0BOT> what is <https://a.example/x|this> &amp; <#C1|that>?", "U0BOT")
    'what is this & #that?'
    """
    without_us = re.sub(rf"<@{re.escape(bot_user)}(?:\|[^<>]*)?>", " ", raw)
    plain = _MARKED.sub(_unmark, without_us)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        plain = plain.replace(entity, character)
    return re.sub(r"[ \t]+", " ", clean(plain)).strip()


def _unmark(found: re.Match[str]) -> str:
    kind, target, label = found.groups()
    if kind == "!":
        return label or "@" + target.partition("^")[0]
    return kind + (label or target)


def inert(text: str) -> str:
    """Return *text* so that no client turns any part of it into a link or a mention.

    It looks the same: an invisible joiner is added where a URL would be recognised. This also holds
    at the ends, so pieces may be made inert one by one and then joined. For places
    where Slack shows text literally (`rich_text`, `plain_text`).

    >>> inert("see evil.example").replace(JOINER, "~")
    'see evil.~example'
    """
    return _LINKABLE.sub(lambda found: found.group() + JOINER, clean(text))


def defuse(text: str) -> str:
    """Return *text* inert for places where Slack reads markup (`text`, `mrkdwn`).

    >>> defuse("<!channel> & more")
    '&lt;!channel&gt; &amp; more'
    """
    escaped = inert(text).replace("&", "&amp;")
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def defuse_markdown(text: str) -> str:
    """Return *text* inert for places where Slack reads Markdown: no link, no image, no mention.

    Tables, code and emphasis stay. Like `inert`, it also holds at the ends.

    >>> defuse_markdown("[click](evil) <!here> **yes** [1][2]").replace(JOINER, "~")
    '[click]~(evil) &lt;!here&gt; **yes** [1]~[2]~'
    """
    return _MARKDOWN_LINK.sub(lambda found: found.group() + JOINER, defuse(text))


def doing(step: Step) -> str:
    """Return the status line for a step: what is searched or read."""
    text = READING if step.kind is StepKind.READ else SEARCHING
    what = inert(shorten(clean(step.detail), _STEP_CHARS))
    return tr(text).format(what=what) if what else tr(WORKING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The greeting of the preview page.

    Attributes:
        words: What people can ask about.
        prompts: Suggested questions.
    """

    words: str
    prompts: tuple[str, ...] = ()


NO_HELLO: Final = Hello(words=HINT)
