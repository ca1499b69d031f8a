import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.web.answer_html import CLOSES, OPENS, answer_html, document_html
from footnote_qa.bot.web.excerpts import excerpt_of

TEXT = """# Title

One *two* three. Four
goes on.

- item **one**
- item two

| A | B |
|---|---|
| x | y |

```
code
```
"""
_TAGS = {
    *("p", "em", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "code", "pre"),
    *("blockquote", "hr", "br", "table", "thead", "tbody", "tr", "th", "td", "div", "mark", "a"),
    "span",
}


def marked(text: str, quote: str) -> str:
    start = text.index(quote)
    html = str(document_html(text, (start, start + len(quote))))
    return " ".join("".join(re.findall(r"<mark[^>]*>([^<]*)</mark>", html)).split())


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        ("One *two* three.", "One two three."),
        ("Four\ngoes on.", "Four goes on."),
        ("- item **one**\n- item two", "item oneitem two"),
        ("| x | y |", "xy"),
        ("| A | B |\n|---|---|\n| x | y |", "ABxy"),
        ("# Title", "Title"),
        ("two* three", "two three"),
        ("code", "code"),
    ],
)
def test_the_words_of_a_quote_are_marked_whatever_its_mark_up(quote: str, shown: str) -> None:
    assert marked(TEXT, quote) == shown


def test_two_lines_of_a_paragraph_are_marked_without_a_gap() -> None:
    start = TEXT.index("Four")

    assert "Four\ngoes on.</mark>" in document_html(TEXT, (start, start + len("Four\ngoes on.")))


@given(st.text(max_size=200), st.integers(0, 200), st.integers(1, 50))
def test_any_text_becomes_tags_that_we_know_and_nothing_is_lost(
    text: str, start: int, length: int
) -> None:
    start = min(start, len(text))

    html = str(document_html(text, (start, min(len(text), start + length))))

    assert set(re.findall(r"</?([a-zA-Z0-9]+)", html)) <= _TAGS
    assert OPENS not in html
    assert CLOSES not in html


@given(st.text(alphabet='ab*_`[]()!|-#>\n 1<&"', max_size=80))
def test_no_answer_has_an_address_but_those_of_its_sources(text: str) -> None:
    html = str(answer_html(text, refer=lambda label: f"/s/{label}"))

    assert set(re.findall(r'(?:href|src)="([^"]*)"', html)) <= {"/s/1", "/s/11", "/s/111"} | {
        f"/s/{'1' * n}" for n in range(4, 80)
    }


def test_words_that_are_the_answer_are_bold_where_that_changes_nothing_else() -> None:
    plain, table = "It is 30 days [1].", "| a |\n|---|\n| b |\n"

    bold = answer_html(plain, [(6, 13)], refer=lambda _: None)

    assert bold == "<p>It is <strong>30 days</strong> [1].</p>\n"
    assert "<strong>" not in answer_html(table, [(7, 9)], refer=lambda _: None)
    assert "<th>a</th>" in answer_html(table, [(7, 9)], refer=lambda _: None)


def test_characters_that_hide_text_are_not_shown() -> None:
    html = document_html("a\u202eb `c\u200bd`\n\n    e\u2066f\n")

    assert not re.search("[\u202e\u200b\u2066]", html)


def test_an_excerpt_begins_and_ends_with_complete_blocks_and_tables_keep_their_head() -> None:
    rows = "".join(f"| row {n} | {n} |\n" for n in range(60))
    text = f"Before.\n\n{'x ' * 400}\n\n| name | n |\n|---|---|\n{rows}\nAfter.\n\n{'y ' * 400}\n"
    start = text.index("| row 30")

    found = excerpt_of(text, (start, start + 14), around=100)

    assert "<th>name</th>" in found.html
    assert "<mark>30</mark>" in found.html
    assert "Before." not in found.html
    assert (found.has_before, found.has_after) == (True, True)


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "a <b onclick=x>b</b>"]
)
def test_tags_of_a_text_are_shown_and_not_obeyed(text: str) -> None:
    for html in (answer_html(text, refer=lambda _: None), document_html(text, (0, 1))):
        assert "&lt;" in html
        assert not re.search("<(img|script|b)[ >]", str(html))
