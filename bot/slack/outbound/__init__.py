"""To Slack: API clients with rate limits, streaming, retries and the status line."""

from footnote_qa.bot.slack.outbound.client import Clients, change, marked, say, whisper
from footnote_qa.bot.slack.outbound.delivery import OVER, Delivery
from footnote_qa.bot.slack.outbound.errors import CALL_ERRORS, Fault, failure
from footnote_qa.bot.slack.outbound.status import StatusIndicator
from footnote_qa.bot.slack.outbound.stream_rate import StreamRateLimiter
from footnote_qa.bot.slack.outbound.streaming import Stream, StreamContext
from footnote_qa.bot.slack.outbound.writer import Writer, reply_privately

__all__ = [
    "CALL_ERRORS",
    "OVER",
    "Clients",
    "Delivery",
    "Fault",
    "StatusIndicator",
    "Stream",
    "StreamContext",
    "StreamRateLimiter",
    "Writer",
    "change",
    "failure",
    "marked",
    "reply_privately",
    "say",
    "whisper",
]
