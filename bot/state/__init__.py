"""The state database: questions, answers, feedback and channel settings."""

from bot.database import Database
from bot.state.answers import AnswerRepository, Rating, StoredAnswer, json_line, note_erasure
from bot.state.channel_settings import ChannelRepository, ChannelRules, Chosen
from bot.state.database import SCHEMA, TABLES, open_state
from bot.state.handoffs import close, count_open, open_for, withdraw
from bot.state.question_values import Claimed, Kind, Outcome, Received, Withdrawn
from bot.state.questions import QuestionRepository
from bot.state.streams import StreamCounter

__all__ = [
    "SCHEMA",
    "TABLES",
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
    "StreamCounter",
    "Withdrawn",
    "close",
    "count_open",
    "json_line",
    "note_erasure",
    "open_for",
    "open_state",
    "withdraw",
]
