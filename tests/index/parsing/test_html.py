import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import UnreadableDocumentError
from index.parsing import html
from index.parsing.html import parse, render
from index.types import ProblemKind


def test_headings_lists_tables_and_code_become_markdown() -> None:
    source = """<html><body><h1>Leave</h1><p>Take <b>25</b> days.</p>
        <ul><li>Ask<ol><li>your lead</li></ol></li><li>Go</li></ul>
        <table><tr><th>Year</th><th>Days</th></tr><tr><td>1</td><td>25</td></tr></table>
        <pre><code>def f():
    return 1</code></pre><h2>Notice</h2>Use <code>ask_me</code>.</body></html>"""

    parsed = render(source)

    assert parsed.text == (
        "# Leave\n\nTake 25 days.\n\n- Ask\n  1. your lead\n- Go\n\n"
        "| Year | Days |\n| --- | --- |\n| 1 | 25 |\n\n"
        "```\ndef f():\n    return 1\n```\n\n## Notice\n\nUse `ask_me`."
    )
    assert [(one.level, one.text, parsed.text[one.start :][:6]) for one in parsed.headings] == [
        (1, "Leave", "# Leav"),
        (2, "Notice", "## Not"),
    ]


def test_what_nobody_sees_is_left_out() -> None:
    source = """<head><style>a</style><script>b</script></head><nav>c</nav><template>d</template>
        <noscript>e</noscript><p hidden>f</p><p style="color:red; Display : None">g</p>
        <!-- h --><p>seen</p>"""

    assert render(source).text == "seen"


def test_a_line_that_looks_like_a_heading_is_none() -> None:
    parsed = render("<p># not one</p><pre># nor this</pre><h2>One</h2>")

    assert [one.text for one in parsed.headings] == ["One"]
    assert parsed.text.startswith("# not one")


def test_links_and_pictures_leave_their_words() -> None:
    source = (
        '<p><a href="http://x.test">Portal</a> <img alt="the  map" src="data:image/png;base64,AA">'
    )

    assert render(source).text == "Portal the map"


def test_a_power_is_not_run_into_its_base() -> None:
    assert render("<p>10<sup>2</sup> m, 1<sup>st</sup></p>").text == "10^2 m, 1st"


def test_the_title_is_the_pages_own_or_its_first_heading() -> None:
    assert render("<title>Staff\n guide</title><h1>Leave</h1>").title == "Staff guide"
    assert render("<h1>Leave</h1>").title == "Leave"
    assert render("<p>Leave</p>").title is None


def test_a_cell_that_spans_rows_is_repeated_in_each() -> None:
    source = """<table><tr><th>A</th><th>B</th><th>C</th></tr>
        <tr><td rowspan="2">1</td><td>2</td><td>3</td></tr><tr><td>x|y</td><td>5</td></tr>
        <tr><td colspan="2">6</td><td>7</td></tr></table>"""

    assert render(source).text.split("\n")[2:] == [
        "| 1 | 2 | 3 |",
        r"| 1 | x\|y | 5 |",
        "| 6 | | 7 |",
    ]


def test_a_table_used_as_layout_becomes_paragraphs() -> None:
    source = """<table><tr><td><p>Left</p><table><tr><td>a</td><td>b</td></tr></table></td>
        <td>Right</td></tr></table><table><tr><td><p>Only</p><p>column</p></td></tr></table>"""

    assert render(source).text == "Left\n\n| a | b |\n| --- | --- |\n\nRight\n\nOnly\n\ncolumn"


def test_a_table_without_words_is_left_out() -> None:
    assert render("<p>a</p><table><tr><td></td><td> </td></tr></table><p>b</p>").text == "a\n\nb"


@pytest.mark.parametrize("levels", [100, 300, 50_000])
def test_deep_nesting_loses_no_words(levels: int) -> None:
    source = "<p>before</p>" + "<div>" * levels + "deep" + "</div>" * levels + "<p>after</p>"

    assert render(source).text.split() == ["before", "deep", "after"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('<meta charset="iso-8859-1"><p>Caf\xe9 \x97 5 \x80'.encode("latin-1"), "Café — 5 €"),
        ('<meta charset="koi8-r"><p>Привет'.encode("koi8-r"), "Привет"),
        ("<p>Café".encode("utf-16"), "Café"),
        (
            '<?xml version="1.0" encoding="utf-8"?><html><body><p>Café</p></body></html>'.encode(),
            "Café",
        ),
    ],
)
def test_the_encoding_is_the_declared_one(content: bytes, text: str) -> None:
    assert parse(content).text == text


def test_a_page_over_the_limit_is_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "MAX_SOURCE_CHARS", 20)

    with pytest.raises(UnreadableDocumentError) as caught:
        render("<p>" + "x" * 20)

    assert caught.value.kind is ProblemKind.TOO_BIG


@given(st.lists(st.sampled_from([*"<>/ab# |", "<h1>", "</h1>", "<li>", "<td>", "<tr>", "<table>"])))
def test_any_page_is_rendered_with_headings_where_they_start(parts: list[str]) -> None:
    parsed = render("".join(parts))

    assert "\n\n\n" not in parsed.text
    assert all(parsed.text[one.start] == "#" for one in parsed.headings)
