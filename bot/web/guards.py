"""Refuse requests before any page sees them: wrong hosts, large bodies; add security headers."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footnote_qa.bot.languages import ENGLISH, accepted, speak

MAX_BODY_BYTES: Final = 64_000
MAX_CALL_BYTES: Final = 1_000_000
"""Of a call of the API: a client may bring along a long conversation."""
BODY_TIMEOUT_S: Final = 10.0
_CALLS: Final = ("/api/", "/v1/")

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS: Final[Sequence[tuple[str, str]]] = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),  # for browsers that do not know frame-ancestors
    # Other sites do not learn the address of an answer. With no-referrer, browsers would also send
    # "Origin: null" with our own forms.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """An ASGI application in front of another one.

    Attributes:
        app: The application.
        hosts: Names, with their port unless it is the usual one, under which browsers may ask.
            Another site's name may lead to this machine (DNS rebinding), and then its scripts
            could read the pages.
        max_body_bytes: Of a request to a page.
        max_call_bytes: Of a call of the API.
        is_https: Whether browsers come by HTTPS, and must go on doing so.
    """

    app: ASGIApp
    hosts: Collection[str]
    max_body_bytes: int = MAX_BODY_BYTES
    max_call_bytes: int = MAX_CALL_BYTES
    is_https: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS:
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("Vary", "Accept-Language")
                if self.is_https:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        is_page = not str(scope.get("path", "")).startswith(_CALLS)
        speak(accepted(Headers(scope=scope).get("accept-language", "")) if is_page else ENGLISH)
        body, refusal = await self._taken(scope, receive)
        if refusal is not None:
            await refusal(scope, receive, send_guarded)
        else:
            await self.app(scope, _Replayed(body, receive), send_guarded)

    async def _taken(self, scope: Scope, receive: Receive) -> tuple[bytes, Response | None]:
        """Return the body of a request, or what it is answered with instead."""
        headers = Headers(scope=scope)
        is_call = str(scope.get("path", "")).startswith(_CALLS)
        most = self.max_call_bytes if is_call else self.max_body_bytes
        if headers.get("host", "").lower() not in self.hosts:
            return b"", PlainTextResponse("This server has another name.", status_code=421)
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await _body(headers, receive, most)
        except TimeoutError:
            return b"", PlainTextResponse("The request did not come in.", status_code=408)
        if body is None:
            return b"", PlainTextResponse("The request is too large.", status_code=413)
        return body, None


async def _body(headers: Headers, receive: Receive, most: int) -> bytes | None:
    """Return the complete body; None if it is too large."""
    said = headers.get("content-length", "0")
    if not said.isascii() or not said.isdigit() or int(said) > most:
        return None
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return body


class _Replayed:
    """Gives the body that was read already, and then what comes from the client."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        """Return the next message."""
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
