"""Who looks at a page: a name, the groups whose documents they may see, and what they may do."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from footnote_qa.bot.state import WebSession
from footnote_qa.index.audience import may_see
from footnote_qa.index.types import Audience


class Role(StrEnum):
    """A set of things that a person may do."""

    READER = "reader"  # ask, search, read
    OWNER = "owner"  # see what people asked, and verify answers
    OPERATOR = "operator"  # roll the index back, see its problems and costs


ALL_ROLES: Final = frozenset(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A person at the pages.

    Attributes:
        user: Who it is, as answers and feedback name them.
        name: What the pages call them.
        audience: Groups whose documents they may see besides public ones; None is every document.
        roles: What they may do.
    """

    user: str
    name: str
    audience: Audience
    roles: frozenset[Role]

    def sees(self, groups: tuple[str, ...]) -> bool:
        """Return whether they may see a document for *groups*; empty means everybody."""
        return may_see(groups, self.audience)


OWNER_OF_MACHINE: Final = Viewer(user="local", name="You", audience=None, roles=ALL_ROLES)
"""Whoever has the token of the single-user mode: they started it, and can read every file."""


def viewer_of(session: WebSession, groups_of: Callable[[str], frozenset[str]]) -> Viewer:
    """Return the person of a session; a role that is not known any more is left out.

    Args:
        session: Of the person.
        groups_of: Groups in the sources of an e-mail address. They are looked up at each request,
            so that who leaves a group sees its documents no more.
    """
    roles = frozenset(role for role in Role if role.value in session.roles)
    audience = session.audience
    if audience is not None and session.email:
        audience |= groups_of(session.email)
    return Viewer(user=session.user, name=session.name, audience=audience, roles=roles)
