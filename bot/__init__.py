"""The bot: answers questions in Slack from an index, with checked citations."""
