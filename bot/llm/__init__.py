"""Language models: providers, the portfolio with failover, prices and budgets."""

from importlib import import_module
from typing import TYPE_CHECKING

from footnote_qa.bot.llm.ledger import Ledger, Scope
from footnote_qa.bot.llm.ledger_schema import SCHEMA as LEDGER_SCHEMA
from footnote_qa.bot.llm.ledger_schema import TABLES as LEDGER_TABLES

if TYPE_CHECKING:
    from footnote_qa.bot.llm.portfolio import Model, Portfolio
    from footnote_qa.bot.llm.providers import build_models
    from footnote_qa.bot.llm.session import ModelSession

_LATE = {  # name -> module, imported on first use: llama-index and Slack are slow to load
    "Model": "footnote_qa.bot.llm.portfolio",
    "Portfolio": "footnote_qa.bot.llm.portfolio",
    "build_models": "footnote_qa.bot.llm.providers",
    "ModelSession": "footnote_qa.bot.llm.session",
}

__all__ = [
    "LEDGER_SCHEMA",
    "LEDGER_TABLES",
    "Ledger",
    "Model",
    "ModelSession",
    "Portfolio",
    "Scope",
    "build_models",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
