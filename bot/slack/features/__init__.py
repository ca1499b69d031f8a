"""Actions in Slack: rate, hand off, approve, search, change settings."""

from bot.slack.features.app_home import hello
from bot.slack.features.approved_answers import unname
from bot.slack.features.dependencies import Dependencies

__all__ = ["Dependencies", "app_home", "commands", "feedback", "handoff", "hello", "unname"]
