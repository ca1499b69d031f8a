"""The pages: ask, answers with their sources, search and documents."""

from starlette.routing import BaseRoute

from footnote_qa.bot.web.pages import answers, asking, entering, searching

__all__ = ["routes"]


def routes() -> list[BaseRoute]:
    """Return the routes of all pages."""
    return [
        *entering.routes(),
        *asking.routes(),
        *answers.routes(),
        *searching.routes(),
    ]
