"""The base class of every error of Footnote, for `except FootnoteError`.

* FootnoteError        its message is one line that says what to do
  + BotError           settings, models, state; see `footnote_qa.bot.errors`
  + IndexingError      building and reading an index; see `footnote_qa.index.errors`
  + EvalError          question sets and runs; see `footnote_qa.eval.errors`
  + PluginError        a plug-in is missing, cannot be loaded, or is for another contract
"""


class FootnoteError(Exception):
    """Base class of all errors that Footnote raises on purpose."""


class PluginError(FootnoteError):
    """A plug-in is missing, cannot be loaded, or is for another contract."""
