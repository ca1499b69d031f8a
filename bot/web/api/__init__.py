"""The HTTP API: ask, search, documents, feedback and builds, and OpenAI's chat endpoint."""

from footnote_qa.bot.web.api.openapi import OPERATIONS, openapi, routes

__all__ = ["OPERATIONS", "openapi", "routes"]
