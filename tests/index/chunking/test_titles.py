import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footnote_qa.index.chunking.titles import MOST_SHARED, Titled, Titles

EVERYBODY: frozenset[str] = frozenset()


def titles(*names: str, audience: tuple[str, ...] = ()) -> list[Titled]:
    return [Titled(document=f"{name}.md", title=name, audience=audience) for name in names]


def test_a_complete_title_names_its_document() -> None:
    found = Titles(titles("Travel Costs", "Leave")).named(
        "As Travel Costs says, ask first.", audience=EVERYBODY
    )

    assert found == {"Travel Costs.md": "travel costs"}


@pytest.mark.parametrize("text", ["All travel costs are paid.", "Travel is paid.", "TravelCosts"])
def test_the_same_words_written_otherwise_name_nothing(text: str) -> None:
    found = Titles(titles("Travel Costs")).named(text, audience=EVERYBODY)

    assert found == {}


def test_of_two_titles_with_the_same_beginning_the_longer_one_is_meant() -> None:
    known = Titles(titles("Leave", "Leave in Germany"))

    longer = known.named("See Leave in Germany.", audience=EVERYBODY)
    shorter = known.named("See Leave in France.", audience=EVERYBODY)

    assert list(longer) == ["Leave in Germany.md"]
    assert list(shorter) == ["Leave.md"]


def test_a_note_in_brackets_at_the_end_of_a_title_may_be_left_out() -> None:
    known = Titles(titles("Mercury (planet)"))

    assert list(known.named("It orbits like Mercury.", audience=EVERYBODY)) == [
        "Mercury (planet).md"
    ]


def test_a_text_that_bears_a_title_does_not_name_those_that_bear_it_too() -> None:
    known = Titles(titles("Restraining Orders", "Civil Restraining Orders"))

    found = known.named(
        "Civil Restraining Orders: ask the clerk.",
        audience=EVERYBODY,
        own="Civil Restraining Orders",
    )

    assert found == {}


@pytest.mark.parametrize(("bearers", "named"), [(MOST_SHARED, MOST_SHARED), (MOST_SHARED + 1, 0)])
def test_a_title_that_many_bear_names_none_of_them(bearers: int, named: int) -> None:
    known = [Titled(document=str(n), title="Overview", audience=()) for n in range(bearers)]

    found = Titles(known).named("See Overview.", audience=EVERYBODY)

    assert len(found) == named


def test_a_title_that_the_asker_may_not_see_is_as_if_it_were_not_there() -> None:
    secret = titles("Leave in Germany", *["Leave"] * MOST_SHARED, audience=("hr",))
    known = Titles([*titles("Leave"), *secret])

    outsider = known.named("See Leave in Germany.", audience=EVERYBODY)
    other = known.named("See Leave in Germany.", audience=frozenset({"board"}))
    insider = known.named("See Leave in Germany.", audience=frozenset({"hr", "board"}))
    everything = known.named("See Leave in Germany.", audience=None)

    assert outsider == other == {"Leave.md": "leave"}
    assert insider == everything == {"Leave in Germany.md": "leave in germany"}


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(), st.lists(st.text(max_size=20), max_size=8))
def test_any_text_is_read_and_names_only_documents_that_are_there(
    text: str, names: list[str]
) -> None:
    found = Titles(titles(*names)).named(f"{text} {' '.join(names)}", audience=EVERYBODY)

    assert set(found) <= {f"{name}.md" for name in names}
