import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.index.audience import narrowed
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.types import ProblemKind

GROUPS = st.lists(st.sampled_from("abcd"), max_size=4, unique=True).map(tuple)


def sees(group: str, audience: tuple[str, ...]) -> bool:
    return not audience or group in audience


@given(GROUPS, GROUPS)
def test_a_document_never_lets_in_whom_its_source_keeps_out(
    source: tuple[str, ...], own: tuple[str, ...]
) -> None:
    try:
        audience = narrowed(source, own)
    except UnreadableDocumentError:
        assert source
        assert own
        assert not set(source) & set(own)
        return

    for group in "abcde":
        assert sees(group, audience) == (sees(group, source) and sees(group, own))


def test_a_document_that_nobody_could_see_is_refused_and_not_shown_to_everybody() -> None:
    with pytest.raises(UnreadableDocumentError, match=r"for board, its source for hr") as caught:
        narrowed(("hr",), ("board",))

    assert caught.value.kind is ProblemKind.UNSAFE
