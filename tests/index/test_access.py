from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.index.access import ACCESS, AccessTable, SyncNote
from footnote_qa.index.audience import Readers, audience_of, both, email, may_see

NAMES = st.sampled_from("abcd")
READERS = st.lists(st.lists(NAMES, max_size=3).map(tuple), max_size=3).map(tuple)
GROUPS = st.frozensets(NAMES)


def allows(readers: Readers, groups: frozenset[str]) -> bool:
    return all(set(part) & groups for part in readers)


@given(READERS, GROUPS)
def test_a_stored_audience_lets_in_exactly_its_readers(
    readers: Readers, groups: frozenset[str]
) -> None:
    assert may_see(audience_of(readers), groups) == allows(readers, groups)


@given(READERS, READERS, GROUPS)
def test_both_audiences_let_in_whom_each_lets_in(
    one: Readers, other: Readers, groups: frozenset[str]
) -> None:
    audience = both(audience_of(one), audience_of(other))

    assert may_see(audience, groups) == (allows(one, groups) and allows(other, groups))


def test_an_audience_that_cannot_be_read_lets_in_nobody() -> None:
    assert not may_see(("all:[broken",), frozenset({"all:[broken", "a"}))


def test_a_person_is_in_groups_of_groups(tmp_path: Path) -> None:
    table = AccessTable(tmp_path)
    table.replace_members(
        "wiki",
        [
            ("w/user/7", email("Ann@Example.org")),
            ("w/group/dev", "w/user/7"),
            ("w/group/all", "w/group/dev"),
            ("w/group/dev", "w/group/all"),  # a circle ends
        ],
    )

    groups = table.groups_of(["ann@example.org"])

    ann, bob, domain = "email:ann@example.org", "email:bob@example.org", "domain:example.org"
    assert groups == {ann, domain, "w/user/7", "w/group/dev", "w/group/all"}
    assert table.groups_of(["bob@example.org"]) == {bob, domain}
    assert table.groups_of([""]) == frozenset()


def test_who_left_a_group_is_out_with_the_next_question(tmp_path: Path) -> None:
    table, other = AccessTable(tmp_path), AccessTable(tmp_path)
    table.replace_members("wiki", [("hr", email("ann@example.org"))])
    assert "hr" in other.groups_of(["ann@example.org"])

    table.replace_members("wiki", [])

    assert "hr" not in other.groups_of(["ann@example.org"])


def test_a_source_replaces_only_its_own_members(tmp_path: Path) -> None:
    table = AccessTable(tmp_path)
    table.replace_members("wiki", [("hr", email("ann@example.org"))])
    table.replace_members("drive", [("hr", email("ann@example.org"))])

    table.replace_members("wiki", [])

    assert "hr" in table.groups_of(["ann@example.org"])


def test_a_table_that_cannot_be_read_gives_no_groups(tmp_path: Path) -> None:
    (tmp_path / ACCESS).write_bytes(b"no database at all" * 100)

    assert AccessTable(tmp_path).groups_of(["ann@example.org"]) == frozenset()


def test_what_is_withheld_is_so_in_generations_from_before_alone(tmp_path: Path) -> None:
    table, other = AccessTable(tmp_path), AccessTable(tmp_path)
    assert other.withheld({"wiki": 1}) == frozenset()

    table.withhold("wiki", ["a.html"], number=3)
    table.withhold("wiki", ["b.html"], number=5)
    table.withhold("wiki", ["a.html"], number=2)

    assert other.withheld({"wiki": 2}) == {"a.html", "b.html"}
    assert other.withheld({"wiki": 4}) == {"b.html"}
    assert other.withheld({"wiki": 5}) == frozenset()
    assert other.withheld({"drive": 1}) == frozenset()


def test_notes_of_sources_that_are_no_longer_used_are_forgotten(tmp_path: Path) -> None:
    table = AccessTable(tmp_path)
    for source in ("wiki", "drive"):
        table.note(SyncNote(source=source, name=source, kind="confluence", faults=("x",)))
        table.replace_members(source, [(source, email("ann@example.org"))])

    table.forget_all_but(["drive"])

    assert [note.name for note in table.notes()] == ["drive"]
    assert table.notes()[0].faults == ("x",)
    ann = {"email:ann@example.org", "domain:example.org"}
    assert table.groups_of(["ann@example.org"]) == {*ann, "drive"}
