"""The smallest pieces of a message, and Slack's limits on all of them."""

from collections.abc import Iterable
from typing import Final, TypeAlias

from bot.slack.text import inert

Block: TypeAlias = dict[str, object]

LIMITS: Final = {
    "blocks": 50,  # Slack's, for one message
    "block_chars": 3000,  # Slack's, for a section; kept for every block
    "message_chars": 12_000,  # Slack's, over all blocks
    "fallback_chars": 3900,  # Slack advises 4,000
    # Ours: even if every other character had to be made inert, all of it fits in a message.
    "answer_chars": 4500,
    "sources_chars": 3000,
    "remark_chars": 300,
    "sources": 60,
    "box_blocks": 10,  # Slack's, for a container
    "title_chars": 120,
    "place_chars": 100,
    "quote_chars": 200,
}


def rich_text(elements: Iterable[Block]) -> Block:
    """Return a block in which Slack reads no mark-up."""
    return {"type": "rich_text", "elements": list(elements)}


def section(*elements: Block) -> Block:
    """Return a line of a rich text."""
    return {"type": "rich_text_section", "elements": list(elements)}


def words(said: str, *, bold: bool = False) -> Block:
    """Return words, made inert."""
    element: Block = {"type": "text", "text": inert(said) or " "}  # Slack takes no empty ones
    return element | {"style": {"bold": True}} if bold else element


def link(url: str, words: str) -> Block:
    """Return a link to a document; its address comes from the index alone."""
    return {"type": "link", "url": url, "text": inert(words)}
