"""The command `footnote`."""

from footnote_qa.bot.cli.app import main

__all__ = ["main"]
