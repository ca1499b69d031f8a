"""The fake is a measuring instrument: it must notice what it is there to notice."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.fakes.slack_display import show
from tests.fakes.slack_workspace import BOT_TOKEN, CHANNEL, SlackWorkspace


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    with SlackWorkspace({"chat:write"}) as workspace:
        yield workspace


@pytest.fixture
def client(slack: SlackWorkspace) -> WebClient:
    return WebClient(token=BOT_TOKEN, base_url=slack.api_url)


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [section]}


@pytest.mark.parametrize(
    "message",
    [
        {"text": "hi <!channel>"},
        {"text": "hi <@U1>"},
        {"text": "hi <!subteam^S1|team>"},
        {"text": "hi @here", "link_names": True},
        {"text": "hi @channel", "parse": "full"},
        {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<!here>"}}]},
        {"blocks": [{"type": "markdown", "text": "# <!everyone>"}]},
        {"blocks": [rich({"type": "user", "user_id": "U1"})]},
        {"blocks": [rich({"type": "broadcast", "range": "here"})]},
    ],
)
def test_a_ping_is_noticed(message: dict[str, Any]) -> None:
    assert len(show(message).pings) == 1


@pytest.mark.parametrize(
    "message",
    [
        {"text": "<https://e.vil|click>"},
        {"text": "see https://e.vil"},
        {"text": "see evil.com/?q=1"},
        {"text": "to a@evil.com"},
        {"blocks": [{"type": "markdown", "text": "[click](/x)"}]},
        {"blocks": [{"type": "markdown", "text": "![x](y)"}]},
        {"blocks": [rich({"type": "text", "text": "http://e.vil"})]},
        {"blocks": [rich({"type": "link", "url": "https://e.vil", "text": "x"})]},
        {"blocks": [{"type": "context", "elements": [{"type": "plain_text", "text": "evil.com"}]}]},
    ],
)
def test_a_link_is_noticed(message: dict[str, Any]) -> None:
    assert len(show(message).links) == 1


@pytest.mark.parametrize("text", ["&lt;!channel&gt;", "@here", "`evil.com`", "3.5 or v1.2", "a. B"])
def test_what_is_inert_is_left_alone(text: str) -> None:
    shown = show({"text": text})

    assert (shown.pings, shown.links) == ([], [])


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "divider"}] * 51,
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [{"type": "markdown", "text": "x" * 7000}] * 2,
        [{"type": "context", "elements": []}],
        [rich({"type": "text", "text": ""})],
        [rich({"type": "wish", "text": "x"})],
        [{"type": "unheard_of"}],
        ["text"],
        "text",
    ],
)
def test_blocks_beyond_slacks_limits_are_refused(client: WebClient, blocks: Any) -> None:
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        client.chat_postMessage(channel=CHANNEL, text="x", blocks=blocks)


@pytest.mark.parametrize(
    ("method", "args", "code"),
    [
        ("chat.shout", {}, "unknown_method"),
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": CHANNEL, "text": "x", "shout": 1}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C9", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": CHANNEL}, "no_text"),
        ("chat.postMessage", {"channel": CHANNEL, "blocks": [{}]}, "invalid_blocks"),
        ("chat.postMessage", {"channel": CHANNEL, "text": "x" * 40_001}, "msg_too_long"),
        (
            *("chat.postMessage", {"channel": CHANNEL, "text": "x", "thread_ts": ""}),
            "invalid_thread_ts",
        ),
        (
            *("chat.postMessage", {"channel": CHANNEL, "text": "x", "metadata": {"a": 1}}),
            "invalid_metadata_schema",
        ),
        (
            *("chat.postMessage", {"channel": CHANNEL, "text": "x", "markdown_text": "y"}),
            "markdown_text_conflict",
        ),
        (
            *("chat.postMessage", {"channel": CHANNEL, "markdown_text": "y" * 12_001}),
            "msg_too_long",
        ),
        ("chat.delete", {"channel": CHANNEL, "ts": "9.9"}, "message_not_found"),
        ("conversations.replies", {"channel": CHANNEL, "ts": "1.0"}, "missing_scope"),
        ("users.info", {"user": "U1"}, "missing_scope"),
    ],
)
def test_a_wrong_call_is_refused_as_slack_does(
    client: WebClient, method: str, args: Any, code: str
) -> None:
    with pytest.raises(SlackApiError, match=code):
        client.api_call(method, json=args)


def test_a_reply_to_a_deleted_message_lands_in_the_open_channel(
    slack: SlackWorkspace, client: WebClient
) -> None:
    parent = str(client.chat_postMessage(channel=CHANNEL, text="hello")["ts"])
    client.chat_delete(channel=CHANNEL, ts=parent)

    reply = client.chat_postMessage(channel=CHANNEL, text="x", thread_ts=parent)

    assert "thread_ts" not in reply["message"]
    assert str(reply["ts"]) > parent
    assert len(slack.answers(CHANNEL)) == 1


def test_a_page_shows_what_was_said() -> None:
    with SlackWorkspace({"chat:write"}) as slack:
        slack.state.add(CHANNEL, {"user": "U1", "text": "is <b> &lt;i&gt; shown?"})

        with urllib.request.urlopen(slack.url) as page:  # noqa: S310 it is our own
            text = page.read().decode()

    assert "<h2>C0GENERAL</h2>" in text
    assert "&lt;i&gt; shown?" in text


def test_a_token_of_the_wrong_kind_is_refused() -> None:
    with SlackWorkspace({"chat:write"}) as slack:
        request = urllib.request.Request(  # noqa: S310 it is our own
            slack.api_url + "auth.test",
            data=b"",
            headers={"Authorization": "Bearer xapp-fake-app-token"},
        )
        with urllib.request.urlopen(request) as reply:  # noqa: S310 it is our own
            answer = json.load(reply)

    assert answer == {"ok": False, "error": "not_allowed_token_type"}
