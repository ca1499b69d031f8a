"""Basic Slack message elements, and Slack's size limits."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from footnote_qa.bot.languages import tr
from footnote_qa.bot.safe_text import shorten
from footnote_qa.bot.slack.messages import texts
from footnote_qa.bot.slack.messages.texts import (
    inert,
)

Block: TypeAlias = dict[str, object]

LIMITS: Final = {
    "blocks": 50,  # Slack's, for one message
    "block_chars": 3000,  # Slack's, for a section; kept for every block
    "message_chars": 12_000,  # Slack's, over all blocks
    "fallback_chars": 3900,  # Slack recommends 4,000
    # Ours: even if every other character had to be made inert, all of it fits into a message.
    "answer_chars": 4500,
    "sources_chars": 3000,
    "remark_chars": 300,
    "sources": 60,
    "box_blocks": 10,  # Slack's, for a container
    "title_chars": 120,
    "place_chars": 100,
    "quote_chars": 200,
}


def rich_text_block(elements: Iterable[Block]) -> Block:
    """Return a block in which Slack reads no markup."""
    return {"type": "rich_text", "elements": list(elements)}


def section(*elements: Block) -> Block:
    """Return a line of a rich text."""
    return {"type": "rich_text_section", "elements": list(elements)}


def words(said: str, *, bold: bool = False) -> Block:
    """Return words, made inert."""
    element: Block = {"type": "text", "text": inert(said) or " "}  # Slack takes no empty ones
    return element | {"style": {"bold": True}} if bold else element


def link(url: str, words: str) -> Block:
    """Return a link to a document; its URL comes only from the index."""
    return {"type": "link", "url": url, "text": inert(words)}


FEEDBACK: Final = "answer_feedback"
QUOTE: Final = "show_quote"
AGAIN: Final = "ask_again"
CHOICE: Final = "choose_meaning"
ASK_PERSON: Final = "ask_person"
SHARE: Final = "share_answer"
RESOLVED: Final = "handoff_resolved"
CHANNEL: Final = "choose_channel"

MAX_OPTIONS: Final = 100
MAX_LABEL_CHARS: Final = 75


def below(question_id: str, *, quotes: Sequence[str], ask_person: bool, share: bool) -> list[Block]:
    """Return the row of buttons below an answer; empty if there are none."""
    if not question_id:
        return []
    elements: list[Block] = []
    if quotes:
        elements.append(_quotes(question_id, quotes))
    if share:
        elements.append(button(tr(texts.SHARE), SHARE, question_id))
    if ask_person:
        elements.append(button(tr(texts.ASK_PERSON), ASK_PERSON, question_id))
    return [{"type": "actions", "elements": elements}] if elements else []


def again(question_id: str) -> Block:
    """Return the button that asks a question again."""
    return {"type": "actions", "elements": [button(tr(texts.AGAIN), AGAIN, question_id)]}


def choices(question_id: str, labels: Sequence[str]) -> Block:
    """Return a button for each thing that a question may mean."""
    buttons = [
        button(label, f"{CHOICE}_{at}", f"{at}:{question_id}") for at, label in enumerate(labels)
    ]
    return {"type": "actions", "elements": buttons}


def resolved(question_id: str) -> Block:
    """Return the button for a helper to mark a question as settled."""
    return {"type": "actions", "elements": [button(tr(texts.RESOLVED), RESOLVED, question_id)]}


def feedback(question_id: str) -> list[Block]:
    """Return the two buttons that ask whether an answer helped."""
    return [
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": FEEDBACK,
                    "positive_button": _feedback_button(tr(texts.HELPED), f"up:{question_id}"),
                    "negative_button": _feedback_button(
                        tr(texts.DID_NOT_HELP), f"down:{question_id}"
                    ),
                }
            ],
        }
    ]


def button(label: str, action: str, value: str) -> Block:
    """Return a button."""
    return {"type": "button", "text": plain(label), "action_id": action, "value": value}


def plain(text: str, max_chars: int = MAX_LABEL_CHARS) -> Block:
    """Return *text* as Slack's plain text object, which has no markup."""
    return {"type": "plain_text", "text": inert(shorten(text, max_chars // 2)), "emoji": False}


def _feedback_button(label: str, value: str) -> Block:
    return {"text": plain(label), "value": value, "accessibility_label": label}


def _quotes(question_id: str, quotes: Sequence[str]) -> Block:
    options = [
        {"text": plain(quote), "value": f"{n}:{question_id}"}
        for n, quote in enumerate(quotes[:MAX_OPTIONS])
    ]
    return {
        "type": "static_select",
        "action_id": QUOTE,
        "placeholder": plain(tr(texts.SHOW_QUOTE)),
        "options": options,
    }
