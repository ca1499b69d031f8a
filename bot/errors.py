"""Errors of the bot.

* BotError                every message is one line that says what to do
  + SettingsError         a setting is unknown, wrong or missing; names all of them together
  + QuestionError         there is no question to answer, or its audience is not one
  + ClosedError           a `Footnote` is used after it was closed
  + AnswererError         no draft could be made: refused, timed out, cut short, unreadable
  + SpanModelError        the offline reader's own model is missing or damaged
  + StoreError            the state cannot be used
    + StoreUnavailableError  its server does not answer right now; the same call may work later
  + WebError              the web pages cannot be served as they are wanted
  + SignInError           somebody cannot sign in; the message is for the log
  + SlackError            Slack cannot be reached or refuses the tokens
  + MalformedRequestError  the body of a request is not one that Slack sends
"""

from footnote_qa.errors import FootnoteError


class BotError(FootnoteError):
    """Base class of all errors in this package."""


class SettingsError(BotError):
    """A setting is unknown, wrong or missing."""


class QuestionError(BotError):
    """There is no question to answer, or its audience is not one."""


class ClosedError(BotError):
    """A `Footnote` is used after it was closed."""


class AnswererError(BotError):
    """No draft could be made.

    Args:
        message: What happened, without key, question or reply.
        outage: Whether the provider is at fault, so that another question would fail as well.
        retry_after_s: How long the provider asked to wait; None if it did not say.
        spent: (input tokens, output tokens) charged for the failed reply, if it says so.
    """

    def __init__(
        self,
        message: str,
        *,
        outage: bool = True,
        retry_after_s: float | None = None,
        spent: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(message)
        self.outage = outage
        self.retry_after_s = retry_after_s
        self.spent = spent


class SpanModelError(BotError):
    """The offline reader's own model is missing or damaged."""


class StoreError(BotError):
    """The state cannot be used."""


class StoreUnavailableError(StoreError):
    """The server of the state does not answer right now; whether the call had effect is unknown."""


class WebError(BotError):
    """The web pages cannot be served as they are wanted."""


class SignInError(BotError):
    """Somebody cannot sign in; the message is for the log."""


class SlackError(BotError):
    """Slack cannot be reached or refuses the tokens."""


class MalformedRequestError(BotError):
    """The body of a request is not one that Slack sends."""
