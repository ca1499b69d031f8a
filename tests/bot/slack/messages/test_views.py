import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.slack.documents import Excerpt, Facts
from footnote_qa.bot.slack.messages import views
from footnote_qa.bot.slack.messages.blocks import Message
from footnote_qa.bot.slack.messages.texts import JOINER, defuse_markdown
from footnote_qa.bot.slack.preview.server import message_html
from footnote_qa.bot.state.answers import StoredAnswer
from footnote_qa.bot.state.channel_settings import ChannelRules
from tests.bot.slack.messages.test_blocks import INJECTION, NOW, WIKI, answer, cited
from tests.fakes.slack_display import markdown, show
from tests.fakes.slack_limits import view_problems

EVIL = st.text(max_size=60) | st.sampled_from(
    ["<!channel>", "[x](http://evil.example)", "https://evil.example/?q=", "a@b.com", "<@U1>"]
)


def kept(text: str) -> StoredAnswer:
    return StoredAnswer(
        id="q",
        team="T",
        channel="C",
        thread_ts="1.0",
        user="U",
        question=text,
        answer=answer(text=text),
        at=NOW.timestamp(),
    )


def all_views(text: str) -> list[dict[str, object]]:
    facts = Facts(generation="g", created_at=NOW, titles=(text,) * 30, failed=0, stale="")
    excerpt = Excerpt(before=text * 9, quote=text, after=text * 9)
    citation = cited(title=text, quote=text, heading=(text, text), document=text)
    admin = views.admin_blocks(status=["fine"], failing=[kept(text)], now=NOW)
    return [
        views.reason_view("q"),
        views.quote_view(citation, excerpt),
        views.quote_view(citation, None),
        views.rules_view("C1", ChannelRules(helper="U9", enabled=False)),
        views.approve_view("{}", question=text * 20, answer=text * 200),
        views.home_view(
            facts, [kept(text)] * 5, now=NOW, more=[*views.added_blocks([(text, text * 5)]), *admin]
        ),
        views.home_view(None, [], now=NOW),
    ]


@given(EVIL)
def test_with_any_document_windows_open_and_nothing_in_them_pings_or_links(
    text: str,
) -> None:
    for view in all_views(text):
        blocks = view["blocks"]
        assert isinstance(blocks, list)
        shown = show({"blocks": blocks})

        assert view_problems(view, str(view["type"])) == []
        assert shown.pings == []
        assert set(shown.links) <= {WIKI}


@pytest.mark.skipif(not INJECTION.is_dir(), reason="needs the shared injection texts")
def test_no_known_injection_gets_through_windows_streams_or_the_page(campaign: bool) -> None:
    lines = [line for path in INJECTION.glob("*.jsonl") for line in path.read_text().splitlines()]

    for line in lines[:: 1 if campaign else 3]:
        text = str(json.loads(line)["text"])
        streamed = markdown(defuse_markdown(text[: len(text) // 2]) + defuse_markdown(text))
        assert (streamed.pings, streamed.links) == ([], [])
        for view in all_views(text):
            blocks = view["blocks"]
            assert isinstance(blocks, list)
            shown = show({"blocks": blocks})
            assert (shown.pings, set(shown.links) - {WIKI}) == ([], set())
        html = message_html(Message(text=text))
        assert "<" not in html.removeprefix("<p>").removesuffix("</p>")

    assert len(lines) > 200


def test_a_long_list_of_documents_is_cut() -> None:
    facts = Facts(
        generation="gen-000001",
        created_at=datetime(2026, 3, 1, 11, tzinfo=UTC),
        titles=tuple(f"Title {n}" for n in range(40)),
        failed=0,
        stale="3 files changed",
    )

    text = show(views.home_view(facts, [], now=NOW)).text.replace(JOINER, "")

    assert "I know 40 documents" in text
    assert "… and 28 more" in text
    assert "built 1 hour ago · 3 files changed since" in text


def test_what_was_put_into_a_window_is_read_by_its_names() -> None:
    state = {"values": {"a": {"a": {"value": "1"}}, "b": {"b": {"selected_option": None}}}}

    assert views.values({"state": state}) == {
        "a": {"value": "1"},
        "b": {"selected_option": None},
    }
