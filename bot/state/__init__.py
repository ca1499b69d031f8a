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
    Mark,
    approve,
    marks_of,
    review_verified,
    unname,
    verified_answers,
    withdraw_verified,
)
from footnote_qa.bot.state.asked import AskedRepository, AskedRow
from footnote_qa.bot.state.channel_settings import ChannelRepository, ChannelRules, Chosen
from footnote_qa.bot.state.channel_topics import (
    MOST_TOPICS,
    Topic,
    about,
    listed,
    name_helper,
    topics_of,
)
from footnote_qa.bot.state.database import SCHEMA, TABLES, open_state
from footnote_qa.bot.state.digests import (
    WEEK_S,
    ChannelWeek,
    Digest,
    next_monday,
    subscribe,
    take_due,
    unsubscribe,
    week_of,
)
from footnote_qa.bot.state.erasure import note_erasure
from footnote_qa.bot.state.handoffs import close, count_open, open_for, withdraw
from footnote_qa.bot.state.question_values import Claimed, Kind, Outcome, Received, Withdrawn
from footnote_qa.bot.state.questions import QuestionRepository
from footnote_qa.bot.state.ratings import complaints_about, rating_of
from footnote_qa.bot.state.sign_ins import SignInAttempt, SignInRepository
from footnote_qa.bot.state.streams import StreamCounter
from footnote_qa.bot.state.web_sessions import SessionRepository, WebSession

__all__ = [
    "MOST_TOPICS",
    "SCHEMA",
    "TABLES",
    "WEEK_S",
    "AnswerRepository",
    "ApiKey",
    "Approved",
    "ApprovedAnswer",
    "AskedRepository",
    "AskedRow",
    "ChannelRepository",
    "ChannelRules",
    "ChannelWeek",
    "Chosen",
    "Claimed",
    "Database",
    "Digest",
    "KeyRepository",
    "Kind",
    "Mark",
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
    "Topic",
    "WebSession",
    "Withdrawn",
    "about",
    "approve",
    "close",
    "complaints_about",
    "count_open",
    "json_line",
    "listed",
    "marks_of",
    "name_helper",
    "next_monday",
    "note_erasure",
    "open_for",
    "open_state",
    "rating_of",
    "review_verified",
    "subscribe",
    "take_due",
    "topics_of",
    "unname",
    "unsubscribe",
    "verified_answers",
    "week_of",
    "withdraw",
    "withdraw_verified",
]
