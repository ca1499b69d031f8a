"""Settings of the web pages and the HTTP API, `[web]`."""

import hashlib
import ipaddress
import re
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from footnote_qa.bot.provider_settings import Table

CALLBACK = "/sign-in/callback"
"""Where the provider sends people back to; it has to know the address."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_safe(address: str) -> bool:
    """Return whether nobody between can read what is sent to an address.

    >>> is_safe("https://docs.example.org"), is_safe("http://127.0.0.1:8766"), is_safe("http://a")
    (True, True, False)
    """
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


class SignInSettings(Table):
    """How people sign in, by OpenID Connect; without an issuer, the pages are for one person."""

    issuer: str = ""
    client_id: str = ""
    client_secret_env: str = ""
    client_secret: SecretStr | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = Field(default="groups", min_length=1)
    trust_email: bool = False
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    same_names: bool = False
    readers: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether people sign in."""
        return bool(self.issuer)

    @property
    def version(self) -> str:
        """A text that changes with the settings, so that sessions from before end."""
        shown = self.model_dump_json(exclude={"client_secret"})
        return f"{self.issuer} {hashlib.sha256(shown.encode()).hexdigest()[:16]}"

    @field_validator("scopes")
    @classmethod
    def _are_scopes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("add the scope openid")
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.issuer and not is_safe(self.issuer):
            raise ValueError("issuer: use an address that begins with https://")
        if self.issuer and not self.client_id:
            raise ValueError("client_id: give the id that the provider has for Footnote")
        if not self.issuer and self.model_fields_set:
            raise ValueError("issuer: give the provider's address")
        return self


class WebSettings(Table):
    """How `footnote serve` answers."""

    url: str = ""
    session_hours: float = Field(default=12, gt=0)
    questions_per_minute: int = Field(default=20, ge=1)
    max_concurrent: int = Field(default=8, ge=1)
    max_question_chars: int = Field(default=4000, ge=100)
    prompts: tuple[str, ...] = Field(default=(), max_length=4)
    proxies: tuple[str, ...] = ()
    sign_in: SignInSettings = SignInSettings()

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[\w.:\[\]-]+/?", value):
            raise ValueError("use the address of the page, such as https://docs.example.org")
        return value.rstrip("/")

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ipaddress.ip_network(one)  # its ValueError names what is wrong
        return value

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        if self.sign_in.is_on and not is_safe(self.url):
            raise ValueError(
                "url: sign_in needs the pages' address, which begins with https:// unless they are"
                " for this machine alone"
            )
        return self

    @property
    def scheme(self) -> Literal["http", "https"]:
        """How browsers reach the pages."""
        return "https" if self.url.startswith("https://") else "http"
