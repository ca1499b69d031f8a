"""The MCP server over streamable HTTP: keys, hosts and limits."""

import hmac
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import uvicorn
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST
from starlette.applications import Starlette
from starlette.middleware.authentication import AuthenticationMiddleware

from footnote_qa.bot.api import Footnote
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.mcp.server import Context, make_server
from footnote_qa.bot.mcp_settings import MIN_KEY_CHARS, McpSettings
from footnote_qa.index.types import Audience

HOST = "127.0.0.1"
PATH = "/mcp"
MAX_BODY_BYTES = 1_000_000
_LOCAL = ("127.0.0.1:*", "localhost:*", "[::1]:*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A key and its audience.

    Attributes:
        name: Of the client, for people.
        digest: SHA-256 of the key.
        audience: Groups whose documents it may use besides public ones; None means all.
    """

    name: str
    digest: bytes
    audience: Audience


def access_of(settings: McpSettings, audience: Audience) -> tuple[list[Access], str]:
    """Return the keys of the settings; without any, a new one for this run, and its text.

    Args:
        settings: The keys, as the environment gives them.
        audience: Of the key for this run.

    Raises:
        SettingsError: A key is missing or too short; names all of them together.
    """
    if not settings.keys:
        key = secrets.token_urlsafe(24)
        return [Access(name="this run", digest=_digest(key), audience=audience)], key
    faults = []
    found = []
    for one in settings.keys:
        text = one.api_key.get_secret_value() if one.api_key else ""
        if len(text) < MIN_KEY_CHARS:
            what = "is too short" if text else "is not in the environment"
            faults.append(f"{one.api_key_env} (for {one.name!r}) {what}")
        groups = None if one.all_documents else frozenset(one.audience)
        found.append(Access(name=one.name, digest=_digest(text), audience=groups))
    if faults:
        raise SettingsError(
            f"mcp.keys: {'; '.join(faults)}: a key has at least {MIN_KEY_CHARS} characters"
        )
    return found, ""


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()


class _Verifier:
    """Finds the client of a request by its key."""

    def __init__(self, known: Sequence[Access]) -> None:
        self._known = known

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the name of the key's client; None if nobody has it."""
        digest = _digest(token)
        found = [one for one in self._known if hmac.compare_digest(one.digest, digest)]
        return AccessToken(token="", client_id=found[0].name, scopes=[]) if found else None


def make_app(bot: Footnote, known: Sequence[Access]) -> Starlette:
    """Return the web application: each request needs a key, whose audience it has."""
    audiences = {one.name: one.audience for one in known}

    def audience_of(context: Context) -> Audience:
        user = getattr(context.request, "scope", {}).get("user")
        if not isinstance(user, AuthenticatedUser) or user.access_token.client_id not in audiences:
            raise MCPError(INVALID_REQUEST, "this request has no key")
        return audiences[user.access_token.client_id]

    verifier = _Verifier(known)
    hosts = bot.settings.mcp.hosts
    app = make_server(bot, audience_of).streamable_http_app(
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
    bot: Footnote, known: Sequence[Access], *, port: int, started: Callable[[str], object]
) -> None:
    """Serve clients on this machine until the process is stopped.

    Args:
        bot: Answers.
        known: The keys, each with its audience.
        port: Where to listen; 0 takes a free one.
        started: Called with the address.

    Raises:
        SettingsError: The port is taken.
    """
    app = make_app(bot, known)
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
