"""Enter with the token of the single-user mode, leave, and the files of the pages."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from footnote_qa.bot.languages import N_
from footnote_qa.bot.web.pages.signing_in import left
from footnote_qa.bot.web.templates import asset, render
from footnote_qa.bot.web.viewers import OWNER_OF_MACHINE
from footnote_qa.bot.web.visits import (
    COOKIE,
    NOT_FOUND,
    RefusedError,
    Site,
    Visit,
    is_equal,
    page,
    problem,
    set_cookie,
    signed_out,
)

_A_YEAR: Final = "public, max-age=31536000, immutable"
_GUESSES: Final = N_("Too many tries from your address. Wait a minute.")


def routes() -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route("/enter", _enter),
        Route("/leave", _leave, methods=["POST"]),
        Route("/static/{version}/{name}", _asset),
        Route("/healthz", _alive),
    ]


async def _enter(request: Request) -> Response:
    """Exchange the token for a cookie."""
    site: Site = request.app.state.site
    address = request.client.host if request.client else ""
    if site.guesses.wait_s(address):
        return problem(request, RefusedError(429, N_("Too many tries"), _GUESSES))
    given = request.query_params.get("token", "")
    if not site.token or not is_equal(given, site.token):
        return problem(request, signed_out(site))
    viewer = OWNER_OF_MACHINE
    cookie = await asyncio.to_thread(
        site.sessions.begin,
        viewer.user,
        name=viewer.name,
        audience=viewer.audience,
        roles=frozenset(role.value for role in viewer.roles),
    )
    # The page loads the next one itself: after a redirect from another site, a browser would not
    # send a strict cookie.
    response = HTMLResponse(render("again.html", {"address": "/"}))
    set_cookie(response, site, cookie)
    return response


@page()
async def _leave(visit: Visit) -> Response:
    site, name = visit.site, visit.site.cookie_name(COOKIE)
    await asyncio.to_thread(site.sessions.end, visit.request.cookies.get(name, ""))
    response: Response
    if site.sign_in is None:
        response = RedirectResponse("/", status_code=303)
    else:
        response = await left(site.sign_in, visit.session, site.settings.url)
    is_https = site.settings.scheme == "https"
    response.delete_cookie(name, path="/", httponly=True, samesite="strict", secure=is_https)
    return response


async def _asset(request: Request) -> Response:
    found = asset(str(request.path_params["name"]))
    if found is None:
        return problem(request, RefusedError(*NOT_FOUND))
    content, kind = found
    return Response(content, media_type=kind, headers={"Cache-Control": _A_YEAR})


async def _alive(_: Request) -> Response:
    return Response("ok\n", media_type="text/plain")
