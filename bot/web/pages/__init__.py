"""The pages to ask, to open sources, to search and to read; those of owners and operators."""

from starlette.routing import BaseRoute

from footnote_qa.bot.web.pages import (
    answers,
    asking,
    entering,
    operators,
    owners,
    searching,
    signing_in,
    verifying,
)

__all__ = ["routes"]


def routes() -> list[BaseRoute]:
    """Return the routes of all pages."""
    return [
        *entering.routes(),
        *signing_in.routes(),
        *asking.routes(),
        *answers.routes(),
        *searching.routes(),
        *owners.routes(),
        *verifying.routes(),
        *operators.routes(),
    ]
