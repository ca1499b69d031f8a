"""The query engine: a question in, a checked answer with citations out."""

from importlib import import_module
from typing import TYPE_CHECKING

from footnote_qa.bot.engine.context import for_answer, for_check, show
from footnote_qa.bot.engine.query_rewriting import rewrite_by_rule
from footnote_qa.bot.engine.reply_parser import ReplyReader
from footnote_qa.bot.engine.synthesis import Room
from footnote_qa.index.extras import install

if TYPE_CHECKING:
    from footnote_qa.bot.engine.answer_engine import AnswerEngine, Export
    from footnote_qa.bot.engine.query_engine import FootnoteQueryEngine
    from footnote_qa.bot.engine.retriever import AudienceBundle, PassageRetriever
    from footnote_qa.bot.engine.searches import search_all

_LATE = {  # name -> module, imported on first use: llama-index and Slack are slow to load
    "AnswerEngine": "footnote_qa.bot.engine.answer_engine",
    "AudienceBundle": "footnote_qa.bot.engine.retriever",
    "Export": "footnote_qa.bot.engine.answer_engine",
    "FootnoteQueryEngine": "footnote_qa.bot.engine.query_engine",
    "PassageRetriever": "footnote_qa.bot.engine.retriever",
    "search_all": "footnote_qa.bot.engine.searches",
}

__all__ = [
    "AnswerEngine",
    "AudienceBundle",
    "Export",
    "FootnoteQueryEngine",
    "PassageRetriever",
    "ReplyReader",
    "Room",
    "for_answer",
    "for_check",
    "rewrite_by_rule",
    "search_all",
    "show",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_LATE[name]), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "llama_index":
            raise
        what = f"{name} needs LlamaIndex: {install('llama-index')}"
        raise ModuleNotFoundError(what, name=error.name) from error
