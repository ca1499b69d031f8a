"""Try the Slack bot in a browser, without a Slack workspace."""

from footnote_qa.bot.slack.preview.server import serve

__all__ = ["serve"]
