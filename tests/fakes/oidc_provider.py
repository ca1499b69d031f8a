"""An OpenID Connect provider on loopback, as OpenID Connect Core 1.0 describes it.

It signs in its `person`, without asking. Numbers in brackets name sections of Core.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT_ID, CLIENT_SECRET = "footnote", "a-secret-of-the-test"
REDIRECT = "http://localhost/sign-in/callback"
Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Provider:
    """The provider.

    Attributes:
        address: Of its server; also its name as an issuer.
        person: Claims of whoever signs in.
        in_userinfo: Names of claims that are at the UserInfo endpoint alone.
        claims: Changes the claims of the next ID token.
        sign: Signs claims in another way; None signs them rightly.
        metadata: Entries of its description that are different; None leaves one out.
        answer: Changes the parameters of the next authorization answer.
        asked: Path and parameters of each request, in order.
        key: Signs the tokens.
        down: Whether every request fails.
        redirect: The address of the client that is registered.
    """

    address: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1", "name": "Ann"})
    in_userinfo: frozenset[str] = frozenset()
    claims: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    sign: Callable[[dict[str, Any]], str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    answer: Callable[[dict[str, str]], dict[str, str]] = lambda answer: answer
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    down: bool = False
    userinfo_sub: str = ""
    redirect: str = REDIRECT
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def reply(self, method: str, path: str, given: dict[str, str], authorization: str) -> Reply:
        self.asked.append((path, given))
        if self.down:
            return 503, {}, b"down"
        routes = {
            ("GET", "/.well-known/openid-configuration"): self._description,
            ("GET", "/authorize"): self._authorize,
            ("POST", "/token"): self._token,
            ("GET", "/keys"): self._keys,
            ("GET", "/userinfo"): self._userinfo,
            ("GET", "/end"): self._end,
        }
        work = routes.get((method, path))
        return work(given, authorization) if work else (404, {}, b"")

    def _description(self, *_: Any) -> Reply:
        """[Discovery, 3]."""
        described = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "end_session_endpoint": f"{self.address}/end",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        return _json({name: value for name, value in described.items() if value is not None})

    def _authorize(self, given: dict[str, str], _: str) -> Reply:
        """[3.1.2]; RFC 7636, section 4.4."""
        is_right = (
            given.get("response_type") == "code"
            and given.get("client_id") == CLIENT_ID
            and given.get("redirect_uri") == self.redirect  # exactly: 3.1.2.1
            and "openid" in given.get("scope", "").split()
            and given.get("code_challenge_method") == "S256"
            and bool(given.get("code_challenge"))
        )
        if not is_right:
            return 400, {}, b"invalid_request"
        code = secrets.token_urlsafe(16)
        self.codes[code] = given
        answer = self.answer({"code": code, "state": given.get("state", ""), "iss": self.address})
        return 302, {"Location": f"{self.redirect}?{urlencode(answer)}"}, b""

    def _token(self, given: dict[str, str], authorization: str) -> Reply:
        """[3.1.3]; each code works once (RFC 6749, section 4.1.2)."""
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {basic}":
            return _json({"error": "invalid_client"}, 401)
        asked = self.codes.pop(given.get("code", ""), None)
        challenge = _half(given.get("code_verifier", ""), whole=True)
        is_right = (
            asked is not None
            and given.get("grant_type") == "authorization_code"
            and given.get("redirect_uri") == asked["redirect_uri"]
            and challenge == asked["code_challenge"]
        )
        if asked is None or not is_right:
            return _json({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(16)
        claims = {
            "iss": self.address,
            "aud": CLIENT_ID,
            "exp": int(time.time()) + 300,
            "iat": int(time.time()),
            "nonce": asked["nonce"],
            "at_hash": _half(access),
            **{name: value for name, value in self.person.items() if name not in self.in_userinfo},
        }
        claims = self.claims(claims)
        token = self.sign(claims) if self.sign else self.signed(claims)
        return _json({"access_token": access, "token_type": "Bearer", "id_token": token})

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """Return an ID token signed as this provider does."""
        algorithm = "RS256" if self.key.key_type == "RSA" else "ES256"
        head = {"alg": algorithm, "kid": self.key.kid, **header}
        return jwt.encode(head, claims, self.key, algorithms=[head["alg"]])

    def unsigned(self, claims: dict[str, Any]) -> str:
        """Return an ID token that says that it needs no signature (RFC 7519, section 6)."""
        parts = ({"alg": "none"}, claims)
        return ".".join(_base64(json.dumps(part).encode()) for part in parts) + "."

    def signed_with(self, secret: bytes, claims: dict[str, Any]) -> str:
        """Return an ID token signed with a secret, such as the client's or the public key."""
        parts = ({"alg": "HS256", "kid": self.key.kid}, claims)
        text = ".".join(_base64(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_base64(hmac.digest(secret, text.encode(), 'sha256'))}"

    def _keys(self, *_: Any) -> Reply:
        return _json({"keys": [{**self.key.as_dict(private=False), "use": "sig"}]})

    def _end(self, given: dict[str, str], _: str) -> Reply:
        """RP-Initiated Logout 1.0, section 3."""
        return 302, {"Location": given["post_logout_redirect_uri"]}, b""

    def _userinfo(self, _: dict[str, str], authorization: str) -> Reply:
        """[5.3]."""
        if not authorization.startswith("Bearer "):
            return 401, {}, b""
        sub = self.userinfo_sub or self.person["sub"]
        return _json({**self.person, "sub": sub})


def _json(value: Any, status: int = 200) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _half(text: str, *, whole: bool = False) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return _base64(digest if whole else digest[:16])


@contextmanager
def running() -> Iterator[Provider]:
    """Serve a provider on loopback while the context is open."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", "")

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            self._answer("POST", self.rfile.read(size).decode())

        def _answer(self, method: str, body: str) -> None:
            parts = urlsplit(self.path)
            given = dict(parse_qsl(parts.query)) | dict(parse_qsl(body))
            authorization = self.headers.get("Authorization", "")
            status, headers, content = provider.reply(method, parts.path, given, authorization)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def query_of(address: str) -> dict[str, str]:
    """Return the parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
