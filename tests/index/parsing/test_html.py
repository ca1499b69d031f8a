import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import html
from footnote_qa.index.parsing.html import parse, render
from footnote_qa.index.types import ProblemKind

SENTENCE = "Guests may moor for nineteen nights and pay when they leave the harbour. "


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


@pytest.mark.parametrize(
    "section",
    [
        '<section id="related-documents"><h2>Related documents</h2>{}</section>',
        '<div class="section" id="security-related-bugs"><h3>2.1 Bugs</h3>{}</div>',
        '<section id="the-footer"><h2>The footer</h2><p>{}</p></section>',
        '<table class="social">{}</table>',
    ],
)
def test_a_part_whose_name_only_sounds_like_a_menu_is_kept(section: str) -> None:
    links = "".join(f'<p>{SENTENCE} See <a href="/{n}">{n}</a>.</p>' for n in range(20))
    page = f"<main><h1>Policy</h1><p>{SENTENCE * 150}</p>{section.format(links)}</main>"

    assert "See 19" in parse(f"<body>{page}</body>".encode()).text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<h1>Fees</h1><h1>Berths</h1>", "Fees Berths"),
        ("<h2>Fees</h2>19 euro", "Fees 19 euro"),
        ("<b>All</b><h3>Fees</h3><p>19</p>", "All Fees 19"),
    ],
)
def test_headings_in_a_cell_are_not_run_together(cell: str, text: str) -> None:
    table = f"<table><tr><td>Day</td><td>{cell}</td></tr><tr><td>1</td><td>2</td></tr></table>"

    assert render(table).text.startswith(f"| Day | {text} |")


def test_cells_with_the_same_value_are_no_title() -> None:
    row = "<tr><td>12</td><td>12</td></tr>"

    assert render(f"<table>{row}{row}</table>").text == "| 12 | 12 |\n| --- | --- |\n| 12 | 12 |"


def test_a_cell_that_spans_rows_is_repeated_in_each() -> None:
    source = """<table><tr><th>A</th><th>B</th><th>C</th></tr>
        <tr><td rowspan="2">1</td><td>2</td><td>3</td></tr><tr><td>x|y</td><td>5</td></tr>
        <tr><td colspan="2">6</td><td>7</td></tr></table>"""

    assert render(source).text.split("\n")[2:] == [
        "| 1 | 2 | 3 |",
        r"| 1 | x\|y | 5 |",
        "| 6 |  | 7 |",
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


@pytest.mark.parametrize(
    ("math", "text"),
    [
        ("<msup><mn>10</mn><mn>6</mn></msup>", "10^6"),
        ("<mfrac><mn>1</mn><mn>2</mn></mfrac>", "1/2"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
        ("<msub><mi>x</mi><mn>1</mn></msub>", "x_1"),
        ("<msqrt><mi>x</mi></msqrt>", "√x"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "root(3, x)"),
        ("<msubsup><mo>∑</mo><mn>0</mn><mi>n</mi></msubsup><mi>k</mi>", "∑_0^nk"),
        ("<mi>E</mi><annotation encoding='application/x-tex'>\\mathrm E</annotation>", "E"),
    ],
)
def test_a_formula_keeps_its_powers_fractions_and_roots(math: str, text: str) -> None:
    assert render(f"<p>It is <math>{math}</math>.</p>").text == f"It is {text}."


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("10<sup>6</sup> m<sup>2</sup>", "10^6 m^2"),
        ("H<sub>2</sub>O and log<sub>2</sub>8", "H2O and log_2 8"),
        ("<sup>1</sup>⁄<sub>2</sub> or 2<sup>1</sup>/<sub>4</sub>", "1⁄2 or 2 1/4"),
        ("½ and &frac14; and 10⁶", "½ and ¼ and 10⁶"),
    ],
)
def test_indices_and_fractions_stay_themselves(source: str, text: str) -> None:
    assert render(f"<p>{source}</p>").text == text


@pytest.mark.parametrize(
    "table",
    [
        (
            '<tr><th rowspan="2">Day</th><th colspan="2">Hours</th></tr>'
            "<tr><th>Summer</th><th>Winter</th></tr><tr><td>Monday</td><td>7</td><td>9</td></tr>"
        ),
        (
            '<thead><tr><th>Day</th><th colspan="2">Hours</th></tr>'
            "<tr><th></th><th>Summer</th><th>Winter</th></tr></thead>"
            "<tbody><tr><td>Monday</td><td>7</td><td>9</td></tr></tbody>"
        ),
        (
            '<tr><td rowspan="2">Day</td><td colspan="2">Hours</td></tr>'
            "<tr><td>Summer</td><td>Winter</td></tr><tr><td>Monday</td><td>7</td><td>9</td></tr>"
        ),
    ],
)
def test_a_head_of_two_rows_names_each_column(table: str) -> None:
    assert render(f"<table>{table}</table>").text == (
        "| Day | Hours Summer | Hours Winter |\n| --- | --- | --- |\n| Monday | 7 | 9 |"
    )


def test_a_caption_is_a_line_above_its_table() -> None:
    source = "<table><caption>Fees</caption><tr><th>Berth</th><th>Fee</th></tr>"

    text = render(f"{source}<tr><td>B4</td><td>17</td></tr></table>").text

    assert text == "Fees\n\n| Berth | Fee |\n| --- | --- |\n| B4 | 17 |"


def test_rows_with_names_and_no_head_are_pairs() -> None:
    source = "<table><tr><th>Depth</th><td>4.2 m</td></tr><tr><th>Length</th><td>30 m</td></tr>"

    assert render(f"{source}</table>").text == "- Depth: 4.2 m\n- Length: 30 m"


@pytest.mark.parametrize(
    "panel",
    [
        '<div role="tabpanel" hidden>',
        '<div class="tab-pane" style="display: none">',
        '<div class="accordion-collapse collapse">',
        '<div class="Collapsible" style="display:none">',
        "<details><summary>More</summary>",
    ],
)
def test_what_a_click_shows_is_kept(panel: str) -> None:
    assert "Run berth.exe." in render(f"{panel}Run berth.exe.</div></details>").text


@pytest.mark.parametrize(
    "struck",
    ["<s>{}</s>", "<del>{}</del>", '<span style="text-decoration: line-through">{}</span>'],
)
def test_words_that_are_struck_out_are_left_out(struck: str) -> None:
    page = f"<p>Call {struck.format('555-1000')} 555-2000</p>"

    assert render(page).text.split() == ["Call", "555-2000"]


MENU = "<ul>" + "".join(f'<li><a href="/{n}">Part {n}</a></li>' for n in range(12)) + "</ul>"


@pytest.mark.parametrize(
    "around",
    [
        "<header><nav>{menu}</nav></header><main>{text}</main><footer>Imprint</footer>",
        (
            '<div id="sidebar" class="sidebar">{menu}</div><div id="content">{text}</div>'
            '<div role="contentinfo">Imprint</div>'
        ),
        (
            '<div class="navbar">{menu}</div><article>{text}<aside>{menu}</aside></article>'
            "<footer>Imprint</footer>"
        ),
        (
            '<div class="breadcrumbs">{menu}</div>{text}<div class="related">{menu}</div>'
            "<footer>Imprint</footer>"
        ),
    ],
)
def test_menus_and_footers_of_a_page_are_left_out(around: str) -> None:
    text = "<h1>Dues</h1>" + "<p>Winter dues are 84 euro a week for each boat.</p>" * 6
    page = f"<html><body>{around.format(menu=MENU, text=text)}</body></html>"

    parsed = parse(page.encode())

    assert parsed.text.startswith("# Dues")
    assert parsed.text.count("Winter dues") == 6
    assert "Imprint" not in parsed.text
    assert "Part 3" not in parsed.text or "<article>" in around


@pytest.mark.parametrize(
    "body",
    [
        "<p>Only a line.</p>",
        '<div class="menu"><p>Monday: pea soup. Tuesday: fish.</p></div>',
        f"<h1>Index</h1>{MENU}",
        "<main></main><p>The text is beside the main element, which is empty, as in drafts.</p>",
    ],
)
def test_a_page_without_menus_keeps_every_word(body: str) -> None:
    words = parse(f"<html><body>{body}</body></html>".encode()).text.split()

    assert len(words) >= 3
    if "Part" in body:
        assert words.count("Part") == 12


def test_signs_that_nobody_sees_are_removed_however_the_page_writes_them() -> None:
    parsed = render("<h1>So&shy;lo</h1><p>mari&shy;time, Donau&#8203;schiff, Gebu&#776;hr</p>")

    assert parsed.text == "# Solo\n\nmaritime, Donauschiff, Gebühr"
    assert [heading.text for heading in parsed.headings] == ["Solo"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x<sup>n+1</sup>", "x^(n+1)"),
        ("2<sup>n</sup> and e<sup>−x</sup>", "2^n and e^(−x)"),
        ("1<sup>1/2</sup> cups", "1 1/2 cups"),
        ("the 4<sup>th</sup>, M<sup>me</sup> Nº, 1<sup>e</sup>", "the 4th, Mme Nº, 1e"),
        ("see<sup>[2]</sup>", "see[2]"),
        ("x<sub>i+1</sub> and V<sub>max</sub>", "x_(i+1) and Vmax"),
        ("a, b<sub>k</sub>", "a, b_k"),
        ("<math><mfrac><mi>L</mi><mrow><mn>2</mn><mi>c</mi></mrow></mfrac></math>", "L/(2c)"),
    ],
)
def test_terms_above_and_below_the_line_stay_apart_from_their_base(source: str, text: str) -> None:
    assert render(f"<p>{source}</p>").text == text


def test_words_that_a_page_shows_apart_are_not_run_together() -> None:
    source = (
        "<details><summary>More</summary>Inner</details><button>On</button><button>Off</button>"
        "<textarea>note</textarea><select><option>one</option></select>"
    )

    assert render(source).text.split() == ["More", "Inner", "On", "Off", "note", "one"]
