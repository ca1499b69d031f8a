"""Actions in Slack: rate, hand off, approve, search, change settings, digests."""

from footnote_qa.bot.slack.features.app_home import hello
from footnote_qa.bot.slack.features.dependencies import Dependencies
from footnote_qa.bot.slack.features.digests import send_digests

__all__ = [
    "Dependencies",
    "additions",
    "app_home",
    "channel_commands",
    "commands",
    "feedback",
    "handoff",
    "hello",
    "send_digests",
]
