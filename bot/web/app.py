"""The web application: its routes behind its guards."""

from collections.abc import Collection

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from footnote_qa.bot.web import api
from footnote_qa.bot.web.guards import Guards
from footnote_qa.bot.web.pages import routes
from footnote_qa.bot.web.visits import NOT_FOUND, RefusedError, Site, problem


def application(site: Site, *, hosts: Collection[str]) -> ASGIApp:
    """Return the application.

    Args:
        site: The parts of the pages.
        hosts: Names under which browsers may reach it; see `Guards`.
    """
    app = Starlette(
        routes=[*api.routes(), *routes()], exception_handlers={HTTPException: _on_refused}
    )
    app.state.site = site
    return Guards(app=app, hosts=hosts, is_https=site.settings.scheme == "https")


async def _on_refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else NOT_FOUND[0]
    title, message = NOT_FOUND[1:]
    return problem(request, RefusedError(status, title, message))
