"""What can go wrong while answering.

* BotError                every message is one line that says what to do
  + SettingsError         a setting is unknown, wrong or missing; names all of them at once
  + AnswererError         no draft could be made: refused, timed out, cut short, unreadable
  + StoreError            the state on disk cannot be used
  + SlackError            Slack cannot be reached or refuses the tokens
"""


class BotError(Exception):
    """Anything of this package that went wrong."""


class SettingsError(BotError):
    """A setting is unknown, wrong or missing."""


class AnswererError(BotError):
    """No draft could be made."""


class StoreError(BotError):
    """The state on disk cannot be used."""


class SlackError(BotError):
    """Slack cannot be reached or refuses the tokens."""
