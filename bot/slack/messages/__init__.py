"""Slack messages: answers as blocks, views, texts, and escaping."""

from footnote_qa.bot.ages import ago
from footnote_qa.bot.safe_text import clean, safe_url, shorten
from footnote_qa.bot.slack.messages.blocks import Frame, Message, answer_message, blocks_below, note
from footnote_qa.bot.slack.messages.elements import Block, rich_text_block, section, words
from footnote_qa.bot.slack.messages.texts import (
    NO_HELLO,
    Hello,
    defuse,
    defuse_markdown,
    inert,
    question_text,
)

__all__ = [
    "NO_HELLO",
    "Block",
    "Frame",
    "Hello",
    "Message",
    "ago",
    "answer_message",
    "blocks_below",
    "clean",
    "defuse",
    "defuse_markdown",
    "elements",
    "inert",
    "note",
    "question_text",
    "rich_text_block",
    "safe_url",
    "section",
    "shorten",
    "texts",
    "views",
    "words",
]
