"""The MCP server over streamable HTTP: keys, hosts and limits."""

import asyncio
import hmac
import secrets
import socket
from collections.abc import Callable, Mapping
from hashlib import sha256

import uvicorn
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST
from pydantic import ConfigDict
from starlette.applications import Starlette
from starlette.middleware.authentication import AuthenticationMiddleware

from footnote_qa.bot.api import Footnote
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.mcp.server import Context, make_server
from footnote_qa.bot.state import ApiKey, KeyRepository, Scope
from footnote_qa.index.types import Audience

HOST = "127.0.0.1"
PATH = "/mcp"
MAX_BODY_BYTES = 1_000_000
TOOLS: Mapping[str, Scope] = {
    "ask": Scope.ASK,
    "search": Scope.SEARCH,
    "read_document": Scope.DOCUMENTS,
}
"""The scope that each tool needs."""
_LOCAL = ("127.0.0.1:*", "localhost:*", "[::1]:*")


Find = Callable[[str], ApiKey | None]
"""Finds the valid key of a text; may be called from any thread."""


def access_of(keys: KeyRepository, audience: Audience) -> tuple[Find, str]:
    """Return what finds a client's key; if no key is valid, also a new one for this run, as text.

    Args:
        keys: Those of `footnote keys`. One that is made or revoked later counts immediately.
        audience: Of the key for this run.
    """
    if any(_is_usable(key) for key in keys.all()):
        return keys.find, ""
    text = secrets.token_urlsafe(24)
    made = ApiKey(
        id="this-run",
        name="this run",
        scopes=frozenset(TOOLS.values()),
        audience=audience,
        created_at=0.0,
        revoked_at=None,
    )

    def find(given: str) -> ApiKey | None:
        return made if hmac.compare_digest(_digest(given), _digest(text)) else keys.find(given)

    return find, text


def _is_usable(key: ApiKey) -> bool:
    return key.revoked_at is None and not key.scopes.isdisjoint(TOOLS.values())


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogateescape")).digest()


class _KeyToken(AccessToken):
    """A token of the SDK, with the key that it is."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    key: ApiKey


class _Verifier:
    """Finds the client of a request by its key."""

    def __init__(self, find: Find) -> None:
        self._find = find

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the key of a request; None if it has none."""
        key = await asyncio.to_thread(self._find, token)
        return None if key is None else _KeyToken(token="", client_id=key.id, scopes=[], key=key)


def _key_of(context: Context) -> ApiKey:
    user = getattr(context.request, "scope", {}).get("user")
    token = user.access_token if isinstance(user, AuthenticatedUser) else None
    if not isinstance(token, _KeyToken):
        raise MCPError(INVALID_REQUEST, "this request has no key")
    return token.key


def make_app(bot: Footnote, find: Find) -> Starlette:
    """Return the web application: each request needs a key, whose audience and scopes it has."""
    verifier = _Verifier(find)
    hosts = bot.settings.mcp.hosts
    server = make_server(
        bot,
        lambda context: _key_of(context).audience,
        allows=lambda context, tool: TOOLS[tool] in _key_of(context).scopes,
    )
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,  # nothing of one client's call is left for another
        max_request_body_size=MAX_BODY_BYTES,
        token_verifier=verifier,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=[*_LOCAL, *hosts],
            allowed_origins=[
                *(f"http://{one}" for one in _LOCAL),
                *(f"https://{h}" for h in hosts),
            ],
        ),
    )
    app.add_middleware(AuthenticationMiddleware, backend=BearerAuthBackend(verifier))
    return app


async def serve_http(
    bot: Footnote, find: Find, *, port: int, started: Callable[[str], object]
) -> None:
    """Serve clients on this machine until the process is stopped.

    Args:
        bot: Answers.
        find: Finds the key of a request.
        port: Where to listen; 0 takes a free one.
        started: Called with the address.

    Raises:
        SettingsError: The port is taken.
    """
    app = make_app(bot, find)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()  # a client may come as soon as it knows the address
        except OSError as error:
            raise SettingsError(f"port {port} cannot be used ({error.strerror})") from error
        started(f"http://{HOST}:{listening.getsockname()[1]}{PATH}")
        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
        await uvicorn.Server(config).serve(sockets=[listening])
