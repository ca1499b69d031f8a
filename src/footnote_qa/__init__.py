"""Footnote: answers from a team's own documents, with citations that the program has checked."""

import os
from importlib import import_module
from typing import TYPE_CHECKING

from footnote_qa.errors import FootnoteError, PluginError

if TYPE_CHECKING:
    from footnote_qa.bot.api import AnswerStream, AsyncAnswerStream, Conversation, Footnote
    from footnote_qa.bot.errors import (
        AnswererError,
        BotError,
        ClosedError,
        QuestionError,
        SettingsError,
        StoreError,
    )
    from footnote_qa.bot.settings import Settings
    from footnote_qa.bot.trace import Step
    from footnote_qa.bot.types import Answer, Citation, Question, Status, Turn, Usage
    from footnote_qa.index.building import BuildResult
    from footnote_qa.index.errors import (
        BuildRunningError,
        DocumentNotFoundError,
        IndexDamagedError,
        IndexingError,
        IndexMissingError,
        ModelError,
        SourceError,
        StaleIndexError,
    )
    from footnote_qa.index.storage import DocumentRow
    from footnote_qa.index.types import Document, Passage, Problem, SearchResult

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "AnswerStream",
    "AnswererError",
    "AsyncAnswerStream",
    "BotError",
    "BuildResult",
    "BuildRunningError",
    "Citation",
    "ClosedError",
    "Conversation",
    "Document",
    "DocumentNotFoundError",
    "DocumentRow",
    "Footnote",
    "FootnoteError",
    "IndexDamagedError",
    "IndexMissingError",
    "IndexingError",
    "ModelError",
    "Passage",
    "PluginError",
    "Problem",
    "Question",
    "QuestionError",
    "SearchResult",
    "Settings",
    "SettingsError",
    "SourceError",
    "StaleIndexError",
    "Status",
    "Step",
    "StoreError",
    "Turn",
    "Usage",
]

# ONNX Runtime reports to its maker unless this is set before it is imported; nothing leaves here.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

_MODULES = {  # module -> its names above, imported on first use: this import stays fast
    "bot.api": ("AnswerStream", "AsyncAnswerStream", "Conversation", "Footnote"),
    "bot.errors": (
        *("AnswererError", "BotError", "ClosedError", "QuestionError", "SettingsError"),
        "StoreError",
    ),
    "bot.settings": ("Settings",),
    "bot.trace": ("Step",),
    "bot.types": ("Answer", "Citation", "Question", "Status", "Turn", "Usage"),
    "index.building": ("BuildResult",),
    "index.errors": (
        *("BuildRunningError", "DocumentNotFoundError", "IndexDamagedError", "IndexMissingError"),
        *("IndexingError", "ModelError", "SourceError", "StaleIndexError"),
    ),
    "index.storage": ("DocumentRow",),
    "index.types": ("Document", "Passage", "Problem", "SearchResult"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:  # or a checker would accept any name

    def __getattr__(name: str) -> object:
        from footnote_qa.deprecation import RENAMED, renamed  # noqa: PLC0415 - rarely needed

        if (found := RENAMED.get(name)) is not None:
            return renamed(name, found)
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
