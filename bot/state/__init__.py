"""The state database: questions, answers, feedback and channel settings."""

from footnote_qa.bot.database import Database
from footnote_qa.bot.state.answers import (
    AnswerRepository,
    Rating,
    StoredAnswer,
    json_line,
)
from footnote_qa.bot.state.api_keys import ApiKey, KeyRepository, Scope
from footnote_qa.bot.state.approved_answers import (
    Approved,
    ApprovedAnswer,
    approve,
    review_verified,
    unname,
    verified_answers,
    withdraw_verified,
)
from footnote_qa.bot.state.asked import AskedRepository, AskedRow
from footnote_qa.bot.state.channel_settings import ChannelRepository, ChannelRules, Chosen
from footnote_qa.bot.state.database import SCHEMA, TABLES, open_state
from footnote_qa.bot.state.erasure import note_erasure
from footnote_qa.bot.state.handoffs import close, count_open, open_for, withdraw
from footnote_qa.bot.state.question_values import Claimed, Kind, Outcome, Received, Withdrawn
from footnote_qa.bot.state.questions import QuestionRepository
from footnote_qa.bot.state.ratings import complaints_about, rating_of
from footnote_qa.bot.state.sign_ins import SignInAttempt, SignInRepository
from footnote_qa.bot.state.streams import StreamCounter
from footnote_qa.bot.state.web_sessions import SessionRepository, WebSession

__all__ = [
    "SCHEMA",
    "TABLES",
    "AnswerRepository",
    "ApiKey",
    "Approved",
    "ApprovedAnswer",
    "AskedRepository",
    "AskedRow",
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
    "SignInAttempt",
    "SignInRepository",
    "StoredAnswer",
    "StreamCounter",
    "WebSession",
    "Withdrawn",
    "approve",
    "close",
    "complaints_about",
    "count_open",
    "json_line",
    "note_erasure",
    "open_for",
    "open_state",
    "rating_of",
    "review_verified",
    "unname",
    "verified_answers",
    "withdraw",
    "withdraw_verified",
]
