"""The pages: ask, answers and their sources, search, documents, and those for owners."""

from starlette.routing import BaseRoute

from footnote_qa.bot.web.pages import answers, asking, entering, owners, searching, verifying

__all__ = ["routes"]


def routes() -> list[BaseRoute]:
    """Return the routes of all pages."""
    return [
        *entering.routes(),
        *asking.routes(),
        *answers.routes(),
        *searching.routes(),
        *owners.routes(),
        *verifying.routes(),
    ]
