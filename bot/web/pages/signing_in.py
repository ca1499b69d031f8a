"""Sign in at the provider, come back from it, and sign out there."""

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from footnote_qa.bot.errors import SignInError
from footnote_qa.bot.languages import N_, tr
from footnote_qa.bot.web.templates import render
from footnote_qa.bot.web.visits import NOT_FOUND, REPORT, RefusedError, Site, problem, set_cookie
from footnote_qa.bot.web_settings import CALLBACK

if TYPE_CHECKING:
    from footnote_qa.bot.state import SignInAttempt, WebSession
    from footnote_qa.bot.web.sign_in import SignIn

log = logging.getLogger(__name__)

BROWSER: Final = "footnote_sign_in"
_LASTS_S: Final = 600
_LONGEST_ADDRESS: Final = 2000
_SIGNED_OUT: Final = "/signed-out"
_SECRET: Final = re.compile(r"[\w-]{43}", re.ASCII)
_LOCAL: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
_REFUSED: Final = N_("You can't sign in")
_TRIES: Final = (
    429,
    N_("Too many tries"),
    N_("Too many tries from your address. Wait a minute."),
)
_AGAIN: Final = (
    403,
    _REFUSED,
    N_("This sign-in is too old, or began in another browser. Try again."),
)


def routes() -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route("/sign-in", _begin),
        Route(CALLBACK, _finish),
        Route(_SIGNED_OUT, _left),
    ]


Work = Callable[[Request, Site, "SignIn"], Awaitable[Response]]


async def _guarded(request: Request, work: Work) -> Response:
    """Do a part of a sign-in; what goes wrong becomes a page, and the reason is in the log."""
    site: Site = request.app.state.site
    address = request.client.host if request.client else ""
    if site.sign_in is None:
        return problem(request, RefusedError(*NOT_FOUND))
    if site.guesses.wait_s(address):
        return problem(request, RefusedError(*_TRIES))
    try:
        return await work(request, site, site.sign_in)
    except RefusedError as refused:
        return problem(request, refused)
    except SignInError as error:
        reference = secrets.token_hex(4)
        log.warning("sign-in refused", extra={"reference": reference, "reason": str(error)})
        message = tr(REPORT).format(reference=reference)
        return problem(request, RefusedError(403, _REFUSED, message))
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("sign-in failed", extra={"reference": reference})
        message = tr(REPORT).format(reference=reference)
        return problem(request, RefusedError(500, N_("Something went wrong"), message))


async def _begin(request: Request) -> Response:
    return await _guarded(request, _sent_to_the_provider)


async def _sent_to_the_provider(request: Request, site: Site, sign_in: "SignIn") -> Response:
    given = request.cookies.get(site.cookie_name(BROWSER), "")
    attempt = await asyncio.to_thread(
        sign_in.attempts.begin,
        local_address(request.query_params.get("next", "")),
        browser=given if _SECRET.fullmatch(given) else "",
    )
    response = RedirectResponse(await sign_in.provider.address(attempt), status_code=303)
    response.set_cookie(
        site.cookie_name(BROWSER),
        attempt.browser,
        max_age=_LASTS_S,
        path="/",
        httponly=True,
        samesite="lax",  # the provider's site leads back here
        secure=site.settings.scheme == "https",
    )
    return response


async def _finish(request: Request) -> Response:
    return await _guarded(request, _come_back)


async def _come_back(request: Request, site: Site, sign_in: "SignIn") -> Response:
    attempt = await _attempt(request, site, sign_in)
    if attempt is None:
        raise RefusedError(*_AGAIN)
    found = await sign_in.provider.signed_in(attempt, dict(request.query_params))
    person = found.identity
    cookie = await asyncio.to_thread(
        site.sessions.begin,
        person.user,
        name=person.name,
        audience=person.audience,
        roles=frozenset(role.value for role in person.roles),
        email=person.email,
        id_token=found.id_token,
    )
    log.info("signed in", extra={"user": person.user, "roles": sorted(person.roles)})
    # The page loads the next one itself: after a redirect from another site, a browser would not
    # send a strict cookie.
    response = HTMLResponse(render("again.html", {"address": attempt.address}))
    set_cookie(response, site, cookie)
    return response


async def _attempt(request: Request, site: Site, sign_in: "SignIn") -> "SignInAttempt | None":
    """Return the sign-in that this browser began, once (RFC 6749, section 10.12)."""
    browser = request.cookies.get(site.cookie_name(BROWSER), "")
    state = request.query_params.getlist("state")
    if not browser or len(state) != 1:
        return None
    return await asyncio.to_thread(sign_in.attempts.take, state[0], browser=browser)


async def left(sign_in: "SignIn", session: "WebSession", url: str) -> Response:
    """Return the page after signing out here: it goes on to sign out at the provider.

    A redirect would not do: the policy of the pages allows forms to lead to our own site only.
    """
    back = f"{url}{_SIGNED_OUT}"
    address = await sign_in.provider.leaving(session.id_token, back=back)
    host = urlsplit(address).hostname or ""
    return HTMLResponse(render("leaving.html", {"address": address or _SIGNED_OUT, "host": host}))


async def _left(request: Request) -> Response:
    site: Site = request.app.state.site
    if site.sign_in is None:
        return problem(request, RefusedError(*NOT_FOUND))
    return HTMLResponse(render("signed_out.html", {}))


def local_address(given: str) -> str:
    """Return the address if it is one of this site's pages, else that of the first page.

    >>> local_address("/search?q=leave"), local_address("//evil.example"), local_address("https:x")
    ('/search?q=leave', '/', '/')
    """
    is_ours = len(given) <= _LONGEST_ADDRESS and _LOCAL.fullmatch(given)
    return given if is_ours and not given.startswith("/sign-in") else "/"
