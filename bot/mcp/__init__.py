"""The MCP server: other programs' models ask, search and read documents by it."""

from footnote_qa.bot.mcp.http import access_of, make_app, serve_http
from footnote_qa.bot.mcp.server import make_server, serve_stdio

__all__ = ["access_of", "make_app", "make_server", "serve_http", "serve_stdio"]
