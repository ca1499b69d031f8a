"""Actions in Slack: rate, hand off, approve, search, change settings."""

from footnote_qa.bot.slack.features.app_home import hello
from footnote_qa.bot.slack.features.dependencies import Dependencies

__all__ = ["Dependencies", "additions", "app_home", "commands", "feedback", "handoff", "hello"]
