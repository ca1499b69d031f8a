"""Sign in to Google: a service account, or an account that has agreed."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from google.auth import jwt
from google.auth.crypt import RSASigner

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.oauth import AccessTokens
from footnote_qa.index.sources.sync import ClientOptions

_ENDPOINT: Final = "https://oauth2.googleapis.com/token"
_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_NEEDED: Final = {
    "service_account": ("client_email", "private_key"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
}
# https://developers.google.com/workspace/drive/api/guides/handle-errors
LIMITS: Final = frozenset(
    {"userRateLimitExceeded", "rateLimitExceeded", "sharingRateLimitExceeded", "quotaExceeded"}
)


def options_of(settings: ConnectorSettings, service: str, scopes: Sequence[str]) -> ClientOptions:
    """Return how Google is talked to with the account of the settings; raises `SourceError`.

    https://developers.google.com/identity/protocols/oauth2/service-account#httprest
    https://developers.google.com/identity/protocols/oauth2/web-server#offline
    """
    given, name = settings.secrets["credentials"], settings.variables["credentials"]
    account = _account(given, name)

    def grant() -> Mapping[str, str]:
        if account["type"] == "authorized_user":
            own = {field: str(account[field]) for field in _NEEDED["authorized_user"]}
            return own | {"grant_type": "refresh_token"}
        return {"grant_type": _BEARER, "assertion": _assertion(account, scopes, settings)}

    options = ClientOptions(
        token_name=name, service=service, clock=settings.clock, limit_reasons=LIMITS
    )
    tokens = AccessTokens(str(account.get("token_uri") or _ENDPOINT), grant, options)
    return ClientOptions(
        token_name=name,
        service=service,
        clock=settings.clock,
        limit_reasons=LIMITS,
        authorise=tokens.headers,
    )


def _account(given: str, name: str) -> dict[str, Any]:
    """Return the account that a variable holds as JSON, or as the path of a file with it."""
    try:
        text = given if given.startswith("{") else Path(given).read_text(encoding="utf-8")
        account = json.loads(text)
        kind = account["type"]
        if all(account.get(field) for field in _NEEDED[kind]):
            return dict(account)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    raise SourceError(
        f"{name} must be the path of a JSON file with a service account's key, or with an account"
        " that has agreed (type authorized_user)"
    )


def _assertion(
    account: Mapping[str, Any], scopes: Sequence[str], settings: ConnectorSettings
) -> str:
    now = settings.clock.now()
    claims = {
        "iss": account["client_email"],
        "scope": " ".join(scopes),
        "aud": account.get("token_uri") or _ENDPOINT,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(hours=1)).timestamp()),
    }
    if subject := settings.text("subject"):
        claims["sub"] = subject
    try:
        signer = RSASigner.from_service_account_info(account)  # type: ignore[no-untyped-call]  # has no types
    except ValueError as error:
        raise SourceError(
            f"the private key in {settings.variables['credentials']} cannot be read: make a new one"
        ) from error
    return bytes(jwt.encode(signer, claims)).decode()  # type: ignore[no-untyped-call]  # has no types
