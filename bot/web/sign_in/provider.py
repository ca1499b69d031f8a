"""The OpenID Connect provider: where it is, the sign-in itself, and signing out there."""

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from footnote_qa.bot.errors import SignInError
from footnote_qa.bot.state import SignInAttempt, SignInRepository
from footnote_qa.bot.web.sign_in.person import Identity, identity_of
from footnote_qa.bot.web.sign_in.tokens import Expected, UnknownKeyError, verified
from footnote_qa.bot.web_settings import SignInSettings, is_safe

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 10.0
KNOWN_FOR_S: Final = 3600.0
_METHODS: Final = ("client_secret_basic", "client_secret_post")


class _Metadata(BaseModel):
    """The provider's own description (OpenID Connect Discovery 1.0, section 3)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False

    @field_validator(
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "end_session_endpoint",
    )
    @classmethod
    def _is_safe(cls, value: str) -> str:
        if value and not is_safe(value):
            raise ValueError("it is without TLS")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person, and the token that names them to the provider on signing out."""

    identity: Identity
    id_token: str


class Provider:
    """Signs people in; asks the provider for its description once an hour.

    Args:
        settings: How people sign in.
        redirect: Address to which the provider sends people back.
        now: Seconds since the epoch.
    """

    def __init__(
        self, settings: SignInSettings, *, redirect: str, now: Callable[[], float] = time.time
    ) -> None:
        self.settings = settings
        self._redirect = redirect
        self._now = now
        self._known: tuple[float, _Metadata] | None = None
        self._keys: Mapping[str, Any] | None = None

    async def check(self) -> str:
        """Return what the provider calls itself; raises `SignInError`."""
        return (await self._metadata()).issuer

    async def address(self, attempt: SignInAttempt) -> str:
        """Return the provider's address at which a person signs in; raises `SignInError`."""
        metadata = await self._metadata()
        async with self._client(metadata) as client:
            address, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(address)

    async def signed_in(self, attempt: SignInAttempt, answer: Mapping[str, str]) -> SignedIn:
        """Return the person of the provider's answer.

        Args:
            attempt: The sign-in whose state the answer has.
            answer: Its parameters.

        Raises:
            SignInError: The answer is not right, or the person may not use the pages.
        """
        metadata = await self._metadata()
        _check_answer(answer, metadata)
        async with self._client(metadata) as client:
            token = await self._token(client, attempt, metadata, code=answer["code"])
            claims = await self._claims(attempt, metadata, token)
            claims = claims | await self._further(client, metadata, claims)
        identity = identity_of(claims, self.settings)
        return SignedIn(identity=identity, id_token=str(token["id_token"]))

    async def leaving(self, id_token: str, *, back: str) -> str:
        """Return the provider's address that signs a person out there too; "" if it has none.

        OpenID Connect RP-Initiated Logout 1.0, section 2.
        """
        try:
            end = (await self._metadata()).end_session_endpoint
        except SignInError:
            log.warning("the provider cannot be asked to sign out", exc_info=True)
            return ""
        if not end:
            return ""
        given = {"id_token_hint": id_token, "client_id": self.settings.client_id}
        query = urlencode({**given, "post_logout_redirect_uri": back})
        return f"{end}{'&' if '?' in end else '?'}{query}"

    def _client(self, metadata: _Metadata | None = None) -> AsyncOAuth2Client:
        secret = self.settings.client_secret
        method = "none"
        if secret is not None:
            offered = metadata.token_endpoint_auth_methods_supported if metadata else _METHODS
            method = next((one for one in _METHODS if one in offered), _METHODS[0])
        return AsyncOAuth2Client(
            client_id=self.settings.client_id,
            client_secret=secret.get_secret_value() if secret else None,
            token_endpoint_auth_method=method,
            scope=" ".join(self.settings.scopes),
            redirect_uri=self._redirect,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
            verify=_tls(),
            follow_redirects=False,
        )

    async def _metadata(self) -> _Metadata:
        """Return the provider's description (Discovery, sections 4.1 to 4.3)."""
        if self._known is not None and self._now() < self._known[0]:
            return self._known[1]
        issuer = self.settings.issuer
        found = await self._json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            metadata = _Metadata.model_validate(found)
        except ValidationError as error:
            places = ", ".join(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
            raise SignInError(f"the provider's description is not usable: {places}") from error
        if metadata.issuer != issuer:
            raise SignInError(
                f"the provider calls itself {metadata.issuer!r}, and the settings {issuer!r}"
            )
        self._known, self._keys = (self._now() + KNOWN_FOR_S, metadata), None
        return metadata

    async def _json(self, address: str) -> Any:  # noqa: ANN401 - it is checked where it is used
        async with self._client() as client:
            try:
                reply = await client.request("GET", address, withhold_token=True)
                reply.raise_for_status()
                return reply.json()
            except (httpx2.HTTPError, ValueError) as error:
                raise SignInError(f"the provider does not answer at {address}: {error}") from error

    async def _token(
        self, client: AsyncOAuth2Client, attempt: SignInAttempt, metadata: _Metadata, *, code: str
    ) -> Mapping[str, Any]:
        """Exchange the code (Core, section 3.1.3.1; RFC 7636, section 4.5)."""
        try:
            token: Mapping[str, Any] = await client.fetch_token(
                metadata.token_endpoint, code=code, code_verifier=attempt.verifier
            )
        except (AuthlibBaseError, httpx2.HTTPError, ValueError) as error:
            raise SignInError(f"the provider does not take the code: {error}") from error
        if not isinstance(token.get("id_token"), str):
            raise SignInError("the provider sent no ID token")
        return token

    async def _claims(
        self, attempt: SignInAttempt, metadata: _Metadata, token: Mapping[str, Any]
    ) -> dict[str, Any]:
        expected = Expected(
            issuer=metadata.issuer,
            client_id=self.settings.client_id,
            nonce=attempt.nonce,
            access_token=str(token.get("access_token") or ""),
            algorithms=metadata.id_token_signing_alg_values_supported,
        )
        if self._keys is not None:
            try:
                return verified(token["id_token"], self._keys, expected, now=self._now())
            except UnknownKeyError:
                log.info("the provider has new keys")  # Core, section 10.1.1
        keys = await self._json(metadata.jwks_uri)
        self._keys = keys if isinstance(keys, dict) else {}
        return verified(token["id_token"], self._keys, expected, now=self._now())

    async def _further(
        self, client: AsyncOAuth2Client, metadata: _Metadata, claims: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the claims that are not in the ID token (Core, section 5.3)."""
        first = self.settings.groups_claim.partition(".")[0]
        names = {"email", "name", first, self.settings.groups_claim}
        if not metadata.userinfo_endpoint or {"email", "name", first} <= claims.keys():
            return {}
        try:
            reply = await client.get(metadata.userinfo_endpoint)
            reply.raise_for_status()
            found = reply.json()
        except (AuthlibBaseError, httpx2.HTTPError, ValueError) as error:
            raise SignInError(f"the provider does not say more: {error}") from error
        if not isinstance(found, dict) or found.get("sub") != claims["sub"]:  # section 5.3.2
            raise SignInError("the provider says more about another person")
        names.add("preferred_username")
        if claims.get("email", found.get("email")) == found.get("email"):
            names.add("email_verified")  # which is about the address beside it
        return {name: found[name] for name in names & found.keys() - claims.keys()}


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


def _check_answer(answer: Mapping[str, str], metadata: _Metadata) -> None:
    """Refuse errors (Core, section 3.1.2.6), and answers of other providers (RFC 9207)."""
    issuer = answer.get("iss")
    if issuer is None and metadata.authorization_response_iss_parameter_supported:
        raise SignInError("the answer does not say which provider it is from")
    if issuer is not None and issuer != metadata.issuer:
        raise SignInError("the answer is from another provider")
    if "error" in answer:
        raise SignInError(f"the provider refuses: {answer['error']!r}")
    if not answer.get("code"):
        raise SignInError("the answer has no code")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """How people sign in.

    Attributes:
        provider: Who says who they are.
        attempts: Sign-ins that have begun.
    """

    provider: Provider
    attempts: SignInRepository
