"""The state database: questions, answers, feedback and channel settings."""

from bot.state.answers import (
    AnswerRepository,
    Rating,
    StoredAnswer,
    close,
    count_open,
    json_line,
    note_erasure,
    open_for,
    withdraw,
)
from bot.state.channel_settings import ChannelRepository, ChannelRules, Chosen
from bot.state.database import Database
from bot.state.questions import Claimed, Kind, Outcome, QuestionRepository, Received, Withdrawn

__all__ = [
    "AnswerRepository",
    "ChannelRepository",
    "ChannelRules",
    "Chosen",
    "Claimed",
    "Database",
    "Kind",
    "Outcome",
    "QuestionRepository",
    "Rating",
    "Received",
    "StoredAnswer",
    "Withdrawn",
    "close",
    "count_open",
    "json_line",
    "note_erasure",
    "open_for",
    "withdraw",
]
