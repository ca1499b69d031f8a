"""The command `footnote`."""

from bot.cli.app import main

__all__ = ["evaluation", "main"]
