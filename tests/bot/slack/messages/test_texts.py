import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footnote_qa.bot.safe_text import clean, safe_url, shorten
from footnote_qa.bot.slack.messages.texts import (
    JOINER,
    defuse,
    defuse_markdown,
    inert,
    question_text,
)
from tests.fakes.slack_display import literal, markdown, mrkdwn

INJECTION = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "injection"

# Random characters rarely make an address; these pieces do.
MARKED = ["<!channel>", "<@U1|x>", "<http://a.b|c>", "[x](http://e.vil)", "&lt;", "@here", "#c"]
HALVES = [
    "evil",
    "here",
    ".com",
    "http",
    "https:",
    "//",
    ":/",
    "mailto:",
    "www",
    "a",
    "é",
    "\u3002",
]
SIGNS = [*"./@<>&`*!|: \n", "\u200b", "\u202e", "\u2060", "\u200d"]
PIECES = st.lists(st.sampled_from(MARKED + HALVES + SIGNS), max_size=30).map("".join)
TEXTS = PIECES | st.text()


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("<@U0BOT> how many?", "how many?"),
        ("hey <@U0BOT|footnote>, and <@U2|ann>?", "hey , and @ann?"),
        ("ask <@U2> in <#C1|general>", "ask @U2 in #general"),
        ("<https://a.example/x?a=1&amp;b=2> ok", "https://a.example/x?a=1&b=2 ok"),
        ("<https://a.example|the page>", "the page"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<!here> <!subteam^S1|@team> <!subteam^S2>", "@here @team @subteam"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("  <@U0BOT>  ", ""),
        ("two\r\nlines\u202e", "two\nlines"),
    ],
)
def test_what_slack_marks_up_is_read_as_the_person_saw_it(raw: str, plain: str) -> None:
    assert question_text(raw, "U0BOT") == plain


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("\u202egpj.exe\u2069", "gpj.exe"),
        ("a\x00b\x1bc\x7fd\x85e", "abcd\ne"),
        ("x\U000e0041\U000e0042\U000e01efy\U000e0100", "xy"),
        ("a\u200db", "ab"),
        ("नी\u200dल 👩\u200d👧", "नी\u200dल 👩\u200d👧"),
        ("é\u200d\u200dé", "éé"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ud800x", "x"),
        ("a\tb\nc", "a b\nc"),
    ],
)
def test_what_could_hide_something_is_taken_out_and_what_scripts_need_stays(
    text: str, left: str
) -> None:
    assert clean(text) == left


@given(TEXTS)
@example("see https://evil.example/?d=1 or evil.example, a@b.example")
@example("<!channel> <@U1> <!subteam^S1> <https://evil.example|click> @here")
def test_no_text_pings_or_links_and_all_of_it_is_seen(text: str) -> None:
    in_mark_up, as_literal = mrkdwn(defuse(text), names_are_links=True), literal(inert(text))

    assert (in_mark_up.pings, in_mark_up.links, as_literal.links) == ([], [], [])
    assert in_mark_up.text.replace(JOINER, "") == clean(text)
    assert as_literal.text.replace(JOINER, "") == clean(text)


@given(st.lists(TEXTS, max_size=4), TEXTS, st.integers(0, 100))
def test_pieces_put_together_are_as_harmless_as_the_complete_text(
    texts: list[str], cut: str, at: int
) -> None:
    pieces = [*texts, cut[:at], cut[at:]]

    shown = mrkdwn("".join(defuse(piece) for piece in pieces), names_are_links=True)
    seen = literal("".join(inert(piece) for piece in pieces))

    assert (shown.pings, shown.links, seen.links) == ([], [], [])


@pytest.mark.parametrize(
    "text", ["a@b.com", "@here", "see http://e.vil/x", "mailto:a", "e.vil", "x://"]
)
def test_wherever_a_text_is_cut_its_halves_link_nothing(text: str) -> None:
    for at in range(len(text) + 1):
        halves = (text[:at], text[at:])

        shown = mrkdwn("".join(map(defuse, halves)), names_are_links=True)
        seen = literal("".join(map(inert, halves)))

        assert (shown.pings, shown.links, seen.links) == ([], [], [])


@given(TEXTS)
def test_nothing_is_left_that_could_open_mark_up(text: str) -> None:
    left = re.sub(r"&(amp|lt|gt);", "", defuse(text))

    assert set(left) & set("<>&") == set()


def attacks() -> Iterator[str]:
    for path in sorted(INJECTION.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]


@pytest.mark.skipif(not INJECTION.is_dir(), reason="needs the shared injection texts")
def test_no_known_injection_pings_or_links() -> None:
    texts = list(attacks())

    shown = [mrkdwn(defuse(text), names_are_links=True) for text in texts]

    assert len(texts) > 200
    assert any(mrkdwn(text).links for text in texts)
    assert [s for s in shown if s.pings or s.links] == []


@pytest.mark.skipif(not INJECTION.is_dir(), reason="needs the shared injection texts")
def test_no_known_injection_pings_or_links_at_any_border_of_a_stream(campaign: bool) -> None:
    borders, step = 0, 1 if campaign else 5
    for number, text in enumerate(attacks()):
        # Where a mark begins or ends is where cutting it could matter; elsewhere are only letters.
        marks = list(re.finditer(r"\W", text[:1500]))
        for found in marks[number % step :: step]:
            for at in found.span():
                shown = markdown(defuse_markdown(text[:at]) + defuse_markdown(text[at:1500]))
                assert (shown.pings, shown.links) == ([], [])
            borders += 1

    assert borders > 10_000 / step


@given(st.text(), st.integers(4, 50))
def test_a_shortened_text_is_one_line_within_its_limit(text: str, max_chars: int) -> None:
    short = shorten(text, max_chars)

    assert len(short) <= max_chars
    assert len(short.splitlines()) <= 1


@pytest.mark.parametrize(
    "url",
    [
        "https://wiki.example/a%20b#c",
        "http://localhost:8080/x?y=1&z=2",
        "https://bücher.example/ä",
    ],
)
def test_addresses_of_documents_are_kept_as_they_are(url: str) -> None:
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "slack://open",
        "//evil.example",
        "https://",
        "https://user@evil.example/",
        "https://a:b@evil.example/",
        "https://a.example\\@evil.example",
        "https://a.example/ b",
        "https://a.example/\u202egpj",
        "https://a.example/|x>",
        "https://a.example:99999/",
        "https://[::1",
        "https://a.example/" + "x" * 3000,
    ],
)
def test_an_odd_address_is_no_link(url: str | None) -> None:
    assert safe_url(url) is None


@given(st.lists(TEXTS, max_size=6))
@example(["[x]", "(http://e.vil)"])
@example(["[x", "](evil)", "!", "[y](z)"])
@example(["<", "!channel>", "&lt;", "!here>"])
@example(["\n[1]", ": http://e.vil"])
def test_pieces_of_markdown_put_together_ping_nobody_and_link_nowhere(pieces: list[str]) -> None:
    shown = markdown("".join(defuse_markdown(piece) for piece in pieces))

    assert (shown.pings, shown.links) == ([], [])


@pytest.mark.parametrize("text", ["| a | b |\n|---|---|\n| 1 | 2 |", "**yes**", "- one\n- two"])
def test_markdown_that_leads_nowhere_is_left_as_it_is(text: str) -> None:
    assert defuse_markdown(text).replace(JOINER, "") == text
