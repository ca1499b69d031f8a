"""To Slack: API clients with rate limits, streaming, retries and the status line."""

from bot.slack.outbound.client import Clients, change, marked, say, whisper
from bot.slack.outbound.delivery import OVER, Delivery
from bot.slack.outbound.errors import CALL_ERRORS, Fault, failure
from bot.slack.outbound.status import StatusIndicator
from bot.slack.outbound.stream_rate import StreamRateLimiter
from bot.slack.outbound.streaming import Stream, StreamContext
from bot.slack.outbound.writer import Writer

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
    "say",
    "whisper",
]
