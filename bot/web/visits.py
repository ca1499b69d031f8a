"""One request of a person: who it is, the form they sent, and how it is answered."""

import asyncio
import functools
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from footnote_qa.bot.languages import N_, tr
from footnote_qa.bot.state import AnswerRepository, KeyRepository, SessionRepository, WebSession
from footnote_qa.bot.web.backend import Backend, Opened
from footnote_qa.bot.web.cases import NewCase
from footnote_qa.bot.web.operations import Operations
from footnote_qa.bot.web.overview import Overviews
from footnote_qa.bot.web.rate_limits import RateLimit
from footnote_qa.bot.web.templates import render
from footnote_qa.bot.web.viewers import Role, Viewer, viewer_of
from footnote_qa.bot.web_settings import WebSettings
from footnote_qa.index.errors import IndexingError, IndexMissingError

if TYPE_CHECKING:
    from footnote_qa.bot.web.sign_in import SignIn

log = logging.getLogger(__name__)

COOKIE: Final = "footnote_session"
_SAFE: Final = frozenset({"GET", "HEAD"})
_MOST_FIELDS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that the pages need.

    Attributes:
        backend: The index and the engine.
        answers: Stored answers and feedback.
        sessions: Who is signed in.
        keys: Keys of other programs.
        settings: How to answer.
        token: Opens a session in single-user mode; "" if people sign in.
        sign_in: How people sign in; None in single-user mode.
        groups_of: Groups in the sources of an e-mail address.
        asks: How often a session may ask.
        guesses: How often an address may try to sign in.
        running: Lets only some questions be answered at the same time.
        stale: Changes in the documents since the build, in words; "" if there are none.
        answers_folder: Folder of the verified answers.
        answers_are_indexed: Whether that folder is one of the sources.
        overviews: Counts what people ask.
        operations: Things that only operators use.
        add_case: Adds a question to the question set; returns whether it was not there yet.
        case_file: Name of that set.
    """

    backend: Backend
    answers: AnswerRepository
    sessions: SessionRepository
    keys: KeyRepository
    settings: WebSettings
    token: str
    sign_in: "SignIn | None"
    groups_of: Callable[[str], frozenset[str]]
    asks: RateLimit
    guesses: RateLimit
    running: asyncio.Semaphore
    stale: Callable[[], str]
    answers_folder: Path
    answers_are_indexed: bool
    overviews: Overviews
    operations: Operations
    add_case: Callable[[NewCase], bool]
    case_file: str

    def cookie_name(self, name: str) -> str:
        """Return the complete name of a cookie.

        With HTTPS, its prefix keeps other hosts of the domain from setting one in its place.
        """
        return f"__Host-{name}" if self.settings.scheme == "https" else name


class RefusedError(Exception):
    """A request that is answered with a page that says why not.

    Args:
        status: Of HTTP.
        title: What is wrong.
        message: What to do.
    """

    def __init__(self, status: int, title: str, message: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.message = message


NOT_FOUND: Final = (404, N_("Not found"), N_("There is nothing here that you may see."))
_SIGNED_OUT: Final = N_("You are signed out")


def signed_out(site: Site) -> RefusedError:
    """Return what somebody sees who is not signed in."""
    way = N_("Open the address that footnote serve printed.")
    return RefusedError(403, _SIGNED_OUT, N_("Load the page again.") if site.sign_in else way)


REPORT: Final = N_("Try again. If it keeps failing, report the reference {reference}.")
_BUILD: Final = N_(
    "Whoever runs Footnote has to build it: footnote index build FOLDER. Then load this page again."
)
FORGED: Final = (
    403,
    N_("This form is out of date"),
    N_("Go back, load the page again, and try again."),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of a person who is signed in.

    Attributes:
        request: As it came in.
        site: The parts of the pages.
        session: Of the person.
        viewer: The person.
        form: The fields that were sent; empty unless it is a POST.
    """

    request: Request
    site: Site
    session: WebSession
    viewer: Viewer
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_partial(self) -> bool:
        """Whether the page's script wants only the part that changes."""
        return "x-partial" in self.request.headers

    async def opened(self) -> Opened:
        """Return the open index; raises `IndexingError`."""
        return await asyncio.to_thread(self.site.backend.opened)

    def page(self, name: str, **values: object) -> Response:
        """Return a page made of the template *name*."""
        return HTMLResponse(self.html(name, **values))

    def html(self, name: str, **values: object) -> str:
        """Return the HTML of the template *name*."""
        common = {
            "viewer": self.viewer,
            "roles": {role.value for role in self.viewer.roles},
            "csrf": self.session.csrf,
            "path": self.request.url.path,
        }
        return render(name, common | values)


Handler = Callable[[Visit], Awaitable[Response]]


Endpoint = Callable[[Request], Awaitable[Response]]


def page(role: Role = Role.READER) -> Callable[[Handler], Endpoint]:
    """Let a handler see people who are signed in and have *role*; a POST must bear their secret.

    What goes wrong becomes a page that says so; this is the outermost edge.
    """

    def decorate(work: Handler) -> Endpoint:
        @functools.wraps(work)
        async def answer(request: Request) -> Response:
            try:
                return await work(await _visit(request, role))
            except RefusedError as refused:
                return problem(request, refused)
            except _CrossSiteError:
                return HTMLResponse(render("again.html", {"address": _own_address(request)}))
            except _SignInFirstError:
                address = quote(_own_address(request), safe="")
                return RedirectResponse(f"/sign-in?next={address}", status_code=303)
            except IndexingError as error:
                log.warning("index unusable", exc_info=True)
                return problem(request, RefusedError(503, *_index_trouble(error)))
            except Exception:
                reference = secrets.token_hex(4)
                log.exception("page failed", extra={"reference": reference})
                message = tr(REPORT).format(reference=reference)
                return problem(request, RefusedError(500, N_("Something went wrong"), message))

        return answer

    return decorate


def _index_trouble(error: IndexingError) -> tuple[str, str]:
    if isinstance(error, IndexMissingError):
        return N_("There is no index yet"), _BUILD
    return N_("The index can't be used"), N_(
        "Whoever runs Footnote finds the reason with footnote doctor."
    )


class _CrossSiteError(Exception):
    """The request came from a link on another site, so the browser kept the cookie back."""


class _SignInFirstError(Exception):
    """The person has to sign in before they see the page."""


async def _visit(request: Request, role: Role) -> Visit:
    site: Site = request.app.state.site
    cookie = request.cookies.get(site.cookie_name(COOKIE), "")
    session = await asyncio.to_thread(site.sessions.find, cookie) if cookie else None
    if session is None:
        # A strict cookie is not sent when a link on another site is followed. The page that is
        # answered then loads itself again, which is a request of our own site.
        if request.method in _SAFE and request.headers.get("sec-fetch-site") == "cross-site":
            raise _CrossSiteError
        if site.sign_in is not None and request.method in _SAFE and is_page(request):
            raise _SignInFirstError
        raise signed_out(site)
    viewer = await asyncio.to_thread(viewer_of, session, site.groups_of)
    form: Mapping[str, str] = {}
    if request.method not in _SAFE:
        form = await form_of(request)
        sent = request.headers.get("x-csrf", form.get("csrf", ""))
        if not _is_from_here(request) or not is_equal(sent, session.csrf):
            raise RefusedError(*FORGED)
    if role not in viewer.roles:
        raise RefusedError(*NOT_FOUND)
    return Visit(request, site, session, viewer, form)


def is_page(request: Request) -> bool:
    """Return whether a browser goes to a page, and not the page's script."""
    headers = request.headers
    return "x-partial" not in headers and headers.get("sec-fetch-mode", "navigate") == "navigate"


def is_equal(given: str, secret: str) -> bool:
    """Return whether two texts are equal, in a time that says nothing about where they differ."""
    return secrets.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())


def _is_from_here(request: Request) -> bool:
    """Return whether a page of ours made the request, as far as the browser says."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    is_ours = origin is None or origin.partition("//")[2] == request.headers.get("host")
    return site in {"same-origin", "none"} and is_ours


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form; raises `RefusedError` for other bodies."""
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if body and kind != "application/x-www-form-urlencoded":
        raise RefusedError(
            415, N_("This form can't be read"), N_("Load the page again, and try again.")
        )
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise RefusedError(
            400, N_("This form can't be read"), N_("Load the page again.")
        ) from error
    return {name: value.encode("utf-8", "ignore").decode() for name, value in pairs}


def set_cookie(response: Response, site: Site, cookie: str) -> None:
    """Let a browser keep the cookie of its session: no script and no other site can use it."""
    response.set_cookie(
        site.cookie_name(COOKIE),
        cookie,
        max_age=int(site.settings.session_hours * 3600),
        path="/",
        httponly=True,
        samesite="strict",
        secure=site.settings.scheme == "https",
    )


def problem(request: Request, refused: RefusedError) -> Response:
    """Return the page that says what is wrong."""
    name = "problem_part.html" if "x-partial" in request.headers else "problem.html"
    values = {
        "title": tr(refused.title),
        "message": tr(refused.message),
        "status": refused.status,
    }
    return HTMLResponse(render(name, values), status_code=refused.status)


def _own_address(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"
