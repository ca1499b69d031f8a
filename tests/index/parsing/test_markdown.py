from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.index.parsing.markdown import parse


def headings(source: str) -> list[tuple[int, str, str]]:
    """Level, text, and the line of the source at which each heading starts."""
    parsed = parse(source.encode())
    return [
        (one.level, one.text, parsed.text[one.start :].split("\n", 1)[0]) for one in parsed.headings
    ]


def test_text_is_stored_as_it_is() -> None:
    source = "# A  \n\n* b *c*\n\n\n| x |\n"

    assert parse(source.encode()).text == source


def test_headings_of_both_kinds_are_found_where_they_start() -> None:
    assert headings("Intro\n\n# One #\ntext\n\nTwo\nwords\n---\n### Three `x_y` *z*\n") == [
        (1, "One", "# One #"),
        (2, "Two words", "Two"),
        (3, "Three x_y z", "### Three `x_y` *z*"),
    ]


def test_what_only_looks_like_a_heading_is_none() -> None:
    source = (
        "```sh\n# comment\n```\n\n    # indented\n\n~~~\n# x\n~~~\n#hashtag\n> # quoted\n- # item\n"
    )

    assert headings(source) == []


def test_a_link_in_a_heading_leaves_its_words() -> None:
    assert headings("# See [the *guide*](http://x.test/y) <b>now</b>") == [
        (1, "See the guide now", "# See [the *guide*](http://x.test/y) <b>now</b>")
    ]


def test_the_title_is_the_first_outermost_heading() -> None:
    assert parse(b"## Part\n\n# Handbook\n\n# Other\n").title == "Handbook"
    assert parse(b"## Part\n\ntext").title is None


def test_front_matter_names_the_title_and_holds_no_heading() -> None:
    source = "---\ntitle: 'Paid leave'\n# a comment\ntags:\n  - hr\n---\n# Heading\n"

    parsed = parse(source.encode())

    assert parsed.title == "Paid leave"
    assert [parsed.text[one.start :] for one in parsed.headings] == ["# Heading\n"]


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    source = "---\nNot: this one because of the spaces before it\nA sentence.\n---\n"

    assert headings(source)[0][0] == 2


def test_hostile_nesting_is_read() -> None:
    parsed = parse(
        b"> " * 5000 + b"deep\n\n" + b"- " * 5000 + b"x\n\n" + b"[" * 5000 + b"\n\n# End\n"
    )

    assert parsed.text.endswith("# End\n")


@given(st.text(alphabet="#=-` \n\tab>*~[]()\\<", max_size=200))
def test_every_heading_starts_a_line(source: str) -> None:
    parsed = parse(source.encode())

    starts = [one.start for one in parsed.headings]
    assert starts == sorted(set(starts))
    assert all(start == 0 or parsed.text[start - 1] == "\n" for start in starts)
