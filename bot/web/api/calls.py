"""One call of a program: its key, its body, and the errors it gets."""

import asyncio
import functools
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from footnote_qa.bot.state import ApiKey, Scope
from footnote_qa.bot.web.backend import Opened
from footnote_qa.bot.web.viewers import Role, Viewer
from footnote_qa.bot.web.visits import Site
from footnote_qa.index.errors import IndexingError

log = logging.getLogger(__name__)

Body = TypeVar("Body", bound=BaseModel)

TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}
_NO_KEY: Final = "send a key of `footnote keys add` as Authorization: Bearer fn_…"


class CallError(Exception):
    """A call that cannot be answered.

    Args:
        status: Of HTTP.
        code: For programs.
        message: For people.
        param: The part of the request that is wrong; None if none is.
        wait_s: When it may be tried again; 0 if that makes no difference.
    """

    def __init__(
        self, status: int, code: str, message: str, *, param: str | None = None, wait_s: float = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Call:
    """A call with a valid key.

    Attributes:
        request: As it came in.
        site: The parts of the application.
        key: Of the program.
    """

    request: Request
    site: Site
    key: ApiKey

    @property
    def viewer(self) -> Viewer:
        """The program as a reader of documents."""
        return Viewer(
            user=self.channel,
            name=self.key.name,
            audience=self.key.audience,
            roles=frozenset({Role.READER}),
        )

    @property
    def channel(self) -> str:
        """The place under which its questions are stored."""
        return f"api:{self.key.id}"

    async def opened(self) -> Opened:
        """Return the open index; raises `IndexingError`."""
        return await asyncio.to_thread(self.site.backend.opened)

    async def body(self, shape: type[Body]) -> Body:
        """Return the body of the request; raises `CallError` with all that is wrong."""
        kind = self.request.headers.get("content-type", "").partition(";")[0].strip()
        if kind != "application/json":
            raise CallError(400, "not_json", "send the body as Content-Type: application/json")
        try:
            return shape.model_validate_json(await self.request.body())
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False, include_context=False)
            places = [".".join(map(str, fault["loc"])) for fault in faults]
            messages = [
                f"{place}: {fault['msg']}" if place else fault["msg"]
                for place, fault in zip(places, faults, strict=True)
            ]
            raise CallError(
                422, "invalid_body", "; ".join(messages), param=places[0] or None
            ) from None

    def take_turn(self) -> None:
        """Count a question of this key; raises `CallError` if there were too many."""
        if wait_s := self.site.asks.wait_s(self.channel):
            message = f"too many requests: wait {wait_s:.0f} seconds"
            raise CallError(429, "too_many_requests", message, wait_s=wait_s)


Endpoint = Callable[[Request], Awaitable[Response]]


def call(scope: Scope) -> Callable[[Callable[[Call], Awaitable[Response]]], Endpoint]:
    """Let an endpoint be used with a key that has *scope*; this is the outermost edge."""

    def decorate(work: Callable[[Call], Awaitable[Response]]) -> Endpoint:
        @functools.wraps(work)
        async def answer(request: Request) -> Response:
            try:
                return await work(await _call(request, scope))
            except Exception as error:  # noqa: BLE001 - the outermost edge
                return failed(error)

        return answer

    return decorate


async def _call(request: Request, scope: Scope) -> Call:
    """Return the call of a valid key. A cookie is no key: no page can make a browser call."""
    site: Site = request.app.state.site
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    key = None
    if kind.lower() == "bearer":
        key = await asyncio.to_thread(site.keys.find, text.strip())
    if key is None:
        address = request.client.host if request.client else ""
        if wait_s := site.guesses.wait_s(f"key:{address}"):
            raise CallError(429, "too_many_requests", "too many wrong keys", wait_s=wait_s)
        raise CallError(401, "invalid_api_key", _NO_KEY)
    if scope not in key.scopes:
        message = f"this key lacks the scope {scope}: make one with `footnote keys add`"
        raise CallError(403, "missing_scope", message)
    return Call(request, site, key)


def failed(error: Exception) -> Response:
    """Return the reply to a call that failed; the log has the trace of an unknown error."""
    known = known_error(error)
    headers = {"WWW-Authenticate": "Bearer"} if known.status == 401 else {}  # noqa: PLR2004
    headers |= {"Retry-After": str(int(known.wait_s) + 1)} if known.wait_s else {}
    return JSONResponse(error_json(known), known.status, headers)


def known_error(error: Exception) -> CallError:
    """Return what a program is shown of an error."""
    if isinstance(error, CallError):
        return error
    if isinstance(error, IndexingError):
        log.warning("index unusable", exc_info=error)
        return CallError(503, "no_index", "the index can't be used: run `footnote doctor`")
    if isinstance(error, TimeoutError):
        return CallError(504, "timeout", "the answer took too long")
    reference = secrets.token_hex(4)
    log.error("call failed", exc_info=error, extra={"reference": reference})
    return CallError(500, "internal_error", f"something went wrong; reference {reference}")


def error_json(error: CallError) -> dict[str, object]:
    """Return an error as an object."""
    kind = TYPES.get(error.status, "server_error")
    detail = {"message": error.message, "type": kind, "code": error.code, "param": error.param}
    return {"error": detail}


def sse(data: object, *, name: str = "") -> bytes:
    """Return one server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
