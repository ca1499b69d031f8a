from tests.bot.slack.conftest import slack, start

__all__ = ["slack", "start"]
