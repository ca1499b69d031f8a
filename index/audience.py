"""Who may see a document: groups, several conditions together, and the names of its readers."""

import json
import re
from collections.abc import Iterable
from functools import lru_cache

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.types import Audience, ProblemKind

ALL = "all:"
"""Begins an entry of an audience that is several conditions, all of which must be met."""

Readers = tuple[tuple[str, ...], ...]
"""Who may read an item of a source: one group of each part. `()` is everybody, `((),)` nobody."""

NOBODY: Readers = ((),)
EVERYBODY: Readers = ()

_PRINCIPAL = re.compile(r"^[a-z][a-z0-9_]*[:/]")


def is_principal(entry: str) -> bool:
    """Return whether an entry names a group or a person of a source, not a group of the settings.

    >>> is_principal("confluence/wiki.test/group/hr"), is_principal("slack:S01"), is_principal("hr")
    (True, True, False)
    """
    return bool(_PRINCIPAL.match(entry))


def email(address: str) -> str:
    """Return the name by which a person is known in every source.

    >>> email(" Ann@Example.org ")
    'email:ann@example.org'
    """
    return f"email:{address.strip().casefold()}"


def domain(address: str) -> str:
    """Return the name of all people with an address of one domain.

    >>> domain("Ann@Example.org"), domain("example.org")
    ('domain:example.org', 'domain:example.org')
    """
    return f"domain:{address.rpartition('@')[2].strip().casefold()}"


def audience_of(readers: Readers) -> tuple[str, ...]:
    """Return the audience of a document as it is stored; empty means everybody.

    >>> audience_of((("a", "b"),)), audience_of(())
    (('a', 'b'), ())
    >>> audience_of((("b", "a"), ("hr",)))
    ('all:[["a","b"],["hr"]]',)
    """
    parts = sorted({tuple(sorted(set(part))) for part in readers})
    if not parts:
        return ()
    if len(parts) == 1 and parts[0]:
        return parts[0]
    return (ALL + json.dumps(parts, ensure_ascii=False, separators=(",", ":")),)


def readers_of(audience: tuple[str, ...]) -> Readers:
    """Return the conditions of an audience as `audience_of` wrote it.

    >>> readers_of(("a", "b")), readers_of(()), readers_of(('all:[["a","b"],["hr"]]',))
    ((('a', 'b'),), (), (('a', 'b'), ('hr',)))
    """
    if not audience:
        return EVERYBODY
    if len(audience) == 1 and audience[0].startswith(ALL):
        return _parts(audience[0])
    return (audience,)


def both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the audience of those who are in *one* and in *other*.

    >>> both(("a",), ("hr",)), both((), ("hr",))
    (('all:[["a"],["hr"]]',), ('hr',))
    """
    return audience_of((*readers_of(one), *readers_of(other)))


@lru_cache(maxsize=65_536)
def _parts(entry: str) -> Readers:
    try:
        return tuple(tuple(map(str, part)) for part in json.loads(entry.removeprefix(ALL)))
    except (ValueError, TypeError):  # a document can name anything as its readers
        return NOBODY


def is_granted(entry: str, groups: frozenset[str]) -> bool:
    """Return whether somebody in *groups* meets one entry of an audience.

    >>> is_granted('all:[["a","b"],["hr"]]', frozenset({"b", "hr"}))
    True
    >>> is_granted('all:[["a","b"],["hr"]]', frozenset({"a", "b"}))
    False
    >>> is_granted("all:[[]]", frozenset())
    False
    """
    if not entry.startswith(ALL):
        return entry in groups
    # An entry of this form is never a group's own name: somebody could claim it
    return all(not groups.isdisjoint(part) for part in _parts(entry))


def may_see(document: Iterable[str], audience: Audience) -> bool:
    """Return whether *audience* may see a document with these entries; no entry means everybody.

    >>> may_see((), frozenset()), may_see(("hr",), frozenset()), may_see(("hr",), None)
    (True, False, True)
    """
    entries = tuple(document)
    return audience is None or not entries or any(is_granted(one, audience) for one in entries)


def narrowed(source: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
    """Return the groups that may see a document; empty means everybody.

    Args:
        source: Groups that the source allows; empty means everybody.
        own: Groups that the document names; empty if it names none.

    Raises:
        UnreadableDocumentError: UNSAFE if they have no group in common (empty means everybody).

    >>> narrowed((), ("hr",)), narrowed(("hr", "board"), ("board", "all")), narrowed(("hr",), ())
    (('hr',), ('board',), ('hr',))
    >>> narrowed(("notion/acme/everybody",), ("hr",))
    ('all:[["hr"],["notion/acme/everybody"]]',)
    """
    if not source or not own:
        return source or own
    if any(map(is_principal, (*source, *own))):
        return both(source, own)
    common = tuple(group for group in source if group in own)
    if not common:
        raise UnreadableDocumentError(
            ProblemKind.UNSAFE,
            f"it is for {', '.join(own)}, its source for {', '.join(source)}: nobody could see it;"
            " make the two agree",
        )
    return common
