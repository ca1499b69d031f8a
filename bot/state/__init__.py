"""The state database: questions, answers, feedback and channel settings."""

from footnote_qa.bot.database import Database
from footnote_qa.bot.state.answers import (
    AnswerRepository,
    Rating,
    StoredAnswer,
    json_line,
    note_erasure,
)
from footnote_qa.bot.state.api_keys import ApiKey, KeyRepository, Scope
from footnote_qa.bot.state.channel_settings import ChannelRepository, ChannelRules, Chosen
from footnote_qa.bot.state.database import SCHEMA, TABLES, open_state
from footnote_qa.bot.state.handoffs import close, count_open, open_for, withdraw
from footnote_qa.bot.state.question_values import Claimed, Kind, Outcome, Received, Withdrawn
from footnote_qa.bot.state.questions import QuestionRepository
from footnote_qa.bot.state.streams import StreamCounter
from footnote_qa.bot.state.web_sessions import SessionRepository, WebSession

__all__ = [
    "SCHEMA",
    "TABLES",
    "AnswerRepository",
    "ApiKey",
    "ChannelRepository",
    "ChannelRules",
    "Chosen",
    "Claimed",
    "Database",
    "KeyRepository",
    "Kind",
    "Outcome",
    "QuestionRepository",
    "Rating",
    "Received",
    "Scope",
    "SessionRepository",
    "StoredAnswer",
    "StreamCounter",
    "WebSession",
    "Withdrawn",
    "close",
    "count_open",
    "json_line",
    "note_erasure",
    "open_for",
    "open_state",
    "withdraw",
]
