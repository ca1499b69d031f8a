"""The web pages and the HTTP API: ask, open each source, search, and see what people lack."""

from footnote_qa.bot.web.backend import Backend, Opened
from footnote_qa.bot.web.cases import NewCase
from footnote_qa.bot.web.operations import Finding, Operations
from footnote_qa.bot.web.overview import Overviews
from footnote_qa.bot.web.question_reader import QuestionReader
from footnote_qa.bot.web.server import serve, served, site_of

__all__ = [
    "Backend",
    "Finding",
    "NewCase",
    "Opened",
    "Operations",
    "Overviews",
    "QuestionReader",
    "serve",
    "served",
    "site_of",
]
