"""Who may see a document: the groups its source allows, narrowed by its own front matter."""

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.types import Audience, ProblemKind


def narrowed(source: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
    """Return the groups that may see a document; empty means everybody.

    Args:
        source: Groups that the source allows; empty means everybody.
        own: Groups that the document names; empty if it names none.

    Raises:
        UnreadableDocumentError: UNSAFE if they have no group in common (empty means everybody).

    >>> narrowed((), ("hr",)), narrowed(("hr", "board"), ("board", "all")), narrowed(("hr",), ())
    (('hr',), ('board',), ('hr',))
    """
    if not source or not own:
        return source or own
    common = tuple(group for group in source if group in own)
    if not common:
        raise UnreadableDocumentError(
            ProblemKind.UNSAFE,
            f"it is for {', '.join(own)}, its source for {', '.join(source)}: nobody could see it;"
            " make the two agree",
        )
    return common


def may_see(audience: Audience, groups: tuple[str, ...]) -> bool:
    """Return whether *audience* may see a document for *groups*; empty means everybody.

    >>> may_see(frozenset(), ()), may_see(frozenset({"hr"}), ("board",)), may_see(None, ("board",))
    (True, False, True)
    """
    return audience is None or not groups or not audience.isdisjoint(groups)
