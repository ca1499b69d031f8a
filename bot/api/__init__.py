"""The Python interface: build an index, ask, stream and search from a program."""

from footnote_qa.bot.api.building import builder_with_gate, sources_to_build
from footnote_qa.bot.api.conversation import Conversation
from footnote_qa.bot.api.footnote import Footnote
from footnote_qa.bot.api.streams import AnswerStream, AsyncAnswerStream

__all__ = [
    "AnswerStream",
    "AsyncAnswerStream",
    "Conversation",
    "Footnote",
    "builder_with_gate",
    "sources_to_build",
]
