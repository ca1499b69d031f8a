"""The claims of a provider become a person: their name, address, groups and roles here."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from footnote_qa.bot.errors import SignInError
from footnote_qa.bot.safe_text import clean
from footnote_qa.bot.web.viewers import Role
from footnote_qa.bot.web_settings import SignInSettings
from footnote_qa.index.audience import is_principal

log = logging.getLogger(__name__)

Claims = Mapping[str, Any]

PREFIX: Final = "oidc:"
_MOST_NAME_CHARS: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A person who has signed in at the provider.

    Attributes:
        user: The provider's lasting id of the person, after `PREFIX`.
        name: What the pages call them.
        email: Their address; "" if it is not verified.
        audience: Groups of the settings whose documents they may see.
        roles: What they may do.
    """

    user: str
    name: str
    email: str
    audience: frozenset[str]
    roles: frozenset[Role]


def identity_of(claims: Claims, settings: SignInSettings) -> Identity:
    """Return the person of verified claims.

    Raises:
        SignInError: They have no role here.
    """
    groups = groups_of(claims, settings.groups_claim)
    roles = _roles(groups, settings)
    if not roles:
        raise SignInError("the account is in none of the groups that may use the pages")
    email = _email(claims, settings)
    names = (claims.get("name"), claims.get("preferred_username"), email)
    name = next((clean(one) for one in names if isinstance(one, str) and one.strip()), "You")
    return Identity(
        user=f"{PREFIX}{claims['sub']}",
        name=name[:_MOST_NAME_CHARS],
        email=email,
        audience=_audience(groups, settings),
        roles=roles,
    )


def groups_of(claims: Claims, name: str) -> frozenset[str]:
    """Return the provider's groups of a person; none if the claim is missing.

    Args:
        claims: All claims.
        name: Of the claim; with dots, it may be inside others.

    >>> sorted(groups_of({"realm_access": {"roles": ["a", "b"]}}, "realm_access.roles"))
    ['a', 'b']
    >>> sorted(groups_of({"https://a.example/groups": "hr"}, "https://a.example/groups"))
    ['hr']
    """
    value: object = claims.get(name)
    if value is None:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if name in (claims.get("_claim_names") or {}):  # Entra leaves out long lists
        log.warning("the provider left the groups out: filter them there", extra={"claim": name})
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(one for one in listed if isinstance(one, str) and one)


def _audience(groups: frozenset[str], settings: SignInSettings) -> frozenset[str]:
    mapped = {ours for ours, theirs in settings.groups.items() if not groups.isdisjoint(theirs)}
    # A name such as email:ann@example.org or slack:C01 means somebody else's documents
    named = {one for one in groups if not is_principal(one)} if settings.same_names else set()
    return frozenset(mapped | named)


def _roles(groups: frozenset[str], settings: SignInSettings) -> frozenset[Role]:
    allowed: Mapping[Role, Iterable[str]] = {
        Role.READER: settings.readers,
        Role.OWNER: settings.owners,
        Role.OPERATOR: settings.operators,
    }
    roles = {role for role, names in allowed.items() if not groups.isdisjoint(names)}
    if roles or not settings.readers:
        roles.add(Role.READER)
    return frozenset(roles)


def _email(claims: Claims, settings: SignInSettings) -> str:
    """Return the address if the provider has verified it: people can type in any (section 5.7)."""
    email = claims.get("email")
    is_known = claims.get("email_verified") is True or settings.trust_email
    return email.strip() if isinstance(email, str) and "@" in email and is_known else ""
