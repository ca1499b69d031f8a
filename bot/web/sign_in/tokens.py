"""ID tokens: whether one is right, by OpenID Connect Core 1.0, section 3.1.3.7."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from footnote_qa.bot.errors import SignInError

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Only signatures of the provider's own key: never "none", nor those with the client's secret."""
LEEWAY_S: Final = 60


class UnknownKeyError(SignInError):
    """The token is signed with a key that is not among the provider's keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The right contents of an ID token.

    Attributes:
        issuer: Of the provider.
        client_id: Of Footnote at the provider.
        nonce: Of the sign-in.
        access_token: That came along with it; "" if none did.
        algorithms: That the provider says it signs with.
    """

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    algorithms: Collection[str]


def verified(
    token: str, keys: Mapping[str, Any], expected: Expected, *, now: float
) -> dict[str, Any]:
    """Return the claims of a token.

    Args:
        token: As the provider sent it.
        keys: Its key set.
        expected: What the token must say.
        now: Seconds since the epoch.

    Raises:
        UnknownKeyError: Its key is not in the set, which may be an old one.
        SignInError: It is not right; says why.
    """
    algorithms = [one for one in ALGORITHMS if one in expected.algorithms]
    if not algorithms:
        raise SignInError("the provider signs with no algorithm that is known here")
    try:
        registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
        decoded = jwt.decode(token, key=KeySet.import_key_set(_usable(keys)), registry=registry)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": expected.issuer},
                "aud": {"essential": True, "value": expected.client_id},
            },
            {
                "nonce": expected.nonce,
                "client_id": expected.client_id,
                "access_token": expected.access_token,
            },
        )
        claims.validate(now=int(now), leeway=LEEWAY_S)
    except InvalidKeyIdError as error:
        raise UnknownKeyError("the ID token is signed with an unknown key") from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignInError(f"the ID token is not right: {error}") from error
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise SignInError("the ID token names nobody")
    return dict(claims)


def _usable(keys: Mapping[str, Any]) -> Any:  # noqa: ANN401 - joserfc's type of a key set
    """Return the public keys for signatures (RFC 7517, section 4.2).

    Secret ones are left out: with one, whoever knows it could sign.
    """
    listed = keys.get("keys")
    good = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and one.get("kty") != "oct" and one.get("use", "sig") == "sig"
    ]
    return {"keys": good}
