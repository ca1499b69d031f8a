"""The web pages: ask in a browser, open each source, search the documents."""

from footnote_qa.bot.web.backend import Backend, Opened
from footnote_qa.bot.web.server import serve, served, site_of

__all__ = ["Backend", "Opened", "serve", "served", "site_of"]
