"""Who may see a document: what its source says, narrowed by what it says itself."""

from index.errors import UnreadableDocumentError
from index.types import ProblemKind


def narrowed(source: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
    """Return the groups that may see a document; empty means everybody.

    Args:
        source: What the source says; empty means everybody.
        own: What the document says; empty if it says nothing.

    Raises:
        UnreadableDocumentError: UNSAFE if they have no group in common, as empty is everybody.

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
