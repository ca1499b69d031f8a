"""Buttons under an answer, and the names by which their clicks come back."""

from collections.abc import Sequence
from typing import Final

from bot.slack import sentences
from bot.slack.elements import Block
from bot.slack.text import inert, shorten

FEEDBACK: Final = "answer_feedback"
QUOTE: Final = "show_quote"
AGAIN: Final = "ask_again"
ASK_PERSON: Final = "ask_person"
SHARE: Final = "share_answer"
RESOLVED: Final = "handoff_resolved"
CHANNEL: Final = "choose_channel"

MAX_OPTIONS: Final = 100
MAX_LABEL_CHARS: Final = 75


def below(question_id: str, *, quotes: Sequence[str], ask_person: bool, share: bool) -> list[Block]:
    """Return the row of buttons of an answer; none if there is nothing to choose."""
    if not question_id:
        return []
    elements: list[Block] = []
    if quotes:
        elements.append(_quotes(question_id, quotes))
    if share:
        elements.append(button(sentences.SHARE, SHARE, question_id))
    if ask_person:
        elements.append(button(sentences.ASK_PERSON, ASK_PERSON, question_id))
    return [{"type": "actions", "elements": elements}] if elements else []


def again(question_id: str) -> Block:
    """Return the button that asks a question again."""
    return {"type": "actions", "elements": [button(sentences.AGAIN, AGAIN, question_id)]}


def resolved(question_id: str) -> Block:
    """Return the button by which a helper says that a question is settled."""
    return {"type": "actions", "elements": [button(sentences.RESOLVED, RESOLVED, question_id)]}


def feedback(question_id: str) -> list[Block]:
    """Return the two buttons that ask whether an answer helped."""
    return [
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": FEEDBACK,
                    "positive_button": _feedback_button(sentences.HELPED, f"up:{question_id}"),
                    "negative_button": _feedback_button(
                        sentences.DID_NOT_HELP, f"down:{question_id}"
                    ),
                }
            ],
        }
    ]


def button(label: str, action: str, value: str) -> Block:
    """Return a button."""
    return {"type": "button", "text": plain(label), "action_id": action, "value": value}


def plain(text: str, max_chars: int = MAX_LABEL_CHARS) -> Block:
    """Return *text* as Slack's text object that reads no mark-up."""
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
        "placeholder": plain(sentences.SHOW_QUOTE),
        "options": options,
    }
