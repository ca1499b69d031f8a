"""Each rule of the fake Slack, driven by slack_sdk alone: what Slack refuses, it refuses too."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.fakes.slack_state import ASKER, STREAM_BYTES, STREAM_LIVES_S, Conversation
from tests.fakes.slack_tiers import METHODS as TIERED
from tests.fakes.slack_tiers import TIERS, Tiers
from tests.fakes.slack_workspace import (
    APP_TOKEN,
    BOT_TOKEN,
    CHANNEL,
    DIRECT,
    RESPONSE_URL_LIVES_S,
    SlackWorkspace,
)

SCOPES = {"chat:write", "im:history", "users:read"}
TEXT = {"type": "plain_text", "text": "x"}


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    with SlackWorkspace(SCOPES) as workspace:
        yield workspace


@pytest.fixture
def client(slack: SlackWorkspace) -> WebClient:
    return WebClient(token=BOT_TOKEN, base_url=slack.api_url)


def asked(slack: SlackWorkspace, channel: str = CHANNEL) -> str:
    with slack._changed:
        return str(slack.state.add(channel, {"user": ASKER, "text": "?"})["ts"])


def refusal(call: Any, **args: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**args)
    return str(refused.value.response["error"])


def chunk(text: str) -> list[dict[str, str]]:
    return [{"type": "markdown_text", "text": text}]


def begun(slack: SlackWorkspace, client: WebClient, text: str = "One. ") -> dict[str, Any]:
    """Begin a stream; returns where it is."""
    reply = client.chat_startStream(
        channel=CHANNEL,
        thread_ts=asked(slack),
        recipient_team_id="T0TEAM",
        recipient_user_id=ASKER,
        chunks=chunk(text),
    )
    return {"channel": CHANNEL, "ts": str(reply["ts"])}


def test_a_stream_grows_ends_and_takes_nothing_after(
    slack: SlackWorkspace, client: WebClient
) -> None:
    where = begun(slack, client)

    client.chat_appendStream(**where, chunks=chunk("Two. "))
    client.chat_stopStream(**where, chunks=chunk("Three."), blocks=[{"type": "divider"}])

    (message,) = slack.answers(CHANNEL)
    assert (message["markdown"], message["streaming"]) == ("One. Two. Three.", False)
    ended = "message_not_in_streaming_state"
    assert refusal(client.chat_appendStream, **where, chunks=chunk("!")) == ended
    assert refusal(client.chat_stopStream, **where) == ended


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipient_user_id": None}, "missing_recipient_user_id"),
        ({"recipient_team_id": None}, "missing_recipient_team_id"),
        ({"thread_ts": "1.000001"}, "invalid_thread_ts"),
        ({"channel": "C0NONE"}, "channel_not_found"),
        ({"markdown_text": "x"}, "cannot_provide_both_markdown_text_and_chunks"),
        ({"chunks": chunk("x" * 12_001)}, "msg_too_long"),
        ({"chunks": [{"type": "wish"}]}, "invalid_chunks"),
        ({"unfurl_links": False}, "invalid_arguments"),
    ],
)
def test_a_stream_begins_only_as_slack_wants_it(
    slack: SlackWorkspace, client: WebClient, changes: dict[str, Any], code: str
) -> None:
    args = {
        "channel": CHANNEL,
        "thread_ts": asked(slack),
        "recipient_team_id": "T0TEAM",
        "recipient_user_id": ASKER,
        "chunks": chunk("x"),
    }

    assert refusal(client.chat_startStream, **(args | changes)) == code
    assert slack.answers(CHANNEL) == []


def test_a_stream_to_one_person_needs_nobody_named(
    slack: SlackWorkspace, client: WebClient
) -> None:
    ts = asked(slack, DIRECT)

    client.chat_startStream(channel=DIRECT, thread_ts=ts, chunks=chunk("x"))

    assert len(slack.answers(DIRECT)) == 1


def test_a_stream_keeps_to_its_first_mode(slack: SlackWorkspace, client: WebClient) -> None:
    where = begun(slack, client)

    assert (
        refusal(client.chat_appendStream, **where, markdown_text="x") == "streaming_mode_mismatch"
    )


def test_a_stream_lives_for_five_minutes(slack: SlackWorkspace, client: WebClient) -> None:
    where = begun(slack, client)
    slack.advance(STREAM_LIVES_S - 1)
    client.chat_appendStream(**where, chunks=chunk("x"))

    slack.advance(1)

    code = "message_not_in_streaming_state"
    assert refusal(client.chat_appendStream, **where, chunks=chunk("x")) == code
    assert refusal(client.chat_stopStream, **where) == code
    client.chat_update(**where, text="anew")
    assert "markdown" not in slack.answers(CHANNEL)[0]


def test_a_streamed_message_has_a_limit_of_bytes(slack: SlackWorkspace, client: WebClient) -> None:
    where = begun(slack, client, "é" * (STREAM_BYTES // 2 - 1))

    client.chat_appendStream(**where, chunks=chunk("xx"))

    assert refusal(client.chat_appendStream, **where, chunks=chunk("x")) == "msg_too_long"


def test_a_stream_that_its_reader_stopped_says_so(slack: SlackWorkspace, client: WebClient) -> None:
    where = begun(slack, client)

    slack.stop_stream(CHANNEL, where["ts"])

    assert refusal(client.chat_appendStream, **where, chunks=chunk("x")) == "stopped_by_user"
    assert refusal(client.chat_stopStream, **where) == "message_not_in_streaming_state"


def test_a_stream_can_be_neither_changed_nor_deleted(
    slack: SlackWorkspace, client: WebClient
) -> None:
    where = begun(slack, client)

    assert refusal(client.chat_update, **where, text="x") == "streaming_state_conflict"
    assert refusal(client.chat_delete, **where) == "cant_delete_message"


def test_only_ones_own_messages_stream(slack: SlackWorkspace, client: WebClient) -> None:
    ts = asked(slack)

    code = refusal(client.chat_appendStream, channel=CHANNEL, ts=ts, chunks=chunk("x"))

    assert code == "message_not_owned_by_app"


def test_the_end_of_a_stream_takes_no_wrong_blocks(
    slack: SlackWorkspace, client: WebClient
) -> None:
    where = begun(slack, client)

    assert refusal(client.chat_stopStream, **where, blocks=[{"type": "wish"}]) == "invalid_blocks"
    assert slack.answers(CHANNEL)[0]["streaming"] is True


@pytest.mark.parametrize("method", sorted(set(TIERED) - {"conversations.open"}))
def test_every_tier_ends_and_starts_again_after_a_minute(method: str) -> None:
    tiers = Tiers()
    allowed = TIERS[TIERED[method]]

    waits = [tiers.wait_s(method, {}, 0.0) for _ in range(allowed + 1)]

    assert waits == [0] * allowed + [60]
    assert tiers.wait_s(method, {}, 60.0) == 0


def test_the_reply_to_a_call_beyond_its_tier_says_how_long_to_wait(
    slack: SlackWorkspace, client: WebClient
) -> None:
    slack.tiers = Tiers()
    ts = asked(slack)
    for _ in range(5):
        client.chat_postMessage(channel=CHANNEL, text="x", thread_ts=ts)

    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=CHANNEL, text="x")
    elsewhere = client.chat_postMessage(channel=DIRECT, text="x")
    slack.advance(5)
    later = client.chat_postMessage(channel=CHANNEL, text="x")

    assert refused.value.response.status_code == 429
    assert int(refused.value.response.headers["Retry-After"]) == 5
    assert (elsewhere["ok"], later["ok"]) == (True, True)


@pytest.mark.parametrize(
    ("token", "code"),
    [("", "not_authed"), ("xoxb-wrong", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")],
)
def test_a_wrong_token_is_refused(slack: SlackWorkspace, token: str, code: str) -> None:
    client = WebClient(token=token, base_url=slack.api_url)

    assert refusal(client.auth_test) == code


def test_a_missing_scope_is_named(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.conversations_open(users=ASKER)

    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "im:write"


def test_a_method_that_this_workspace_lacks_is_unknown(
    slack: SlackWorkspace, client: WebClient
) -> None:
    slack.state.without.add("chat.startStream")

    assert refusal(client.api_call, api_method="chat.startStream") == "unknown_method"


def test_long_words_are_refused_where_a_message_is_changed(client: WebClient) -> None:
    ts = client.chat_postMessage(channel=CHANNEL, text="x")["ts"]

    assert refusal(client.chat_update, channel=CHANNEL, ts=ts, text="x" * 4001) == "msg_too_long"


def modal(**changes: Any) -> dict[str, Any]:
    view = {"type": "modal", "title": TEXT, "blocks": [{"type": "divider"}]}
    return view | changes


ASKS = {
    "type": "input",
    "label": TEXT,
    "element": {"type": "plain_text_input", "action_id": "a"},
}


@pytest.mark.parametrize(
    "view",
    [
        modal(type="home"),
        modal(title={"type": "plain_text", "text": "x" * 25}),
        modal(blocks=[{"type": "divider"}] * 101),
        modal(blocks=[ASKS]),  # without a submit
        modal(private_metadata="x" * 3001),
        modal(blocks=[{"type": "context_actions", "elements": []}]),
        modal(blocks=[{"type": "markdown", "text": "x"}]),
    ],
)
def test_a_window_that_slack_would_not_open_is_refused(client: WebClient, view: Any) -> None:
    assert refusal(client.views_open, trigger_id="t", view=view) == "invalid_arguments"


def test_a_window_opens(slack: SlackWorkspace, client: WebClient) -> None:
    client.views_open(trigger_id="t", view=modal(blocks=[ASKS], submit=TEXT))

    assert len(slack.state.views) == 1


BUTTON = {"type": "button", "text": TEXT, "action_id": "a", "value": "v"}
FEEDBACK = {
    "type": "feedback_buttons",
    "action_id": "a",
    "positive_button": {"text": TEXT, "value": "up"},
    "negative_button": {"text": TEXT, "value": "down"},
}
BOX = {"type": "container", "title": TEXT, "child_blocks": [{"type": "divider"}]}
TABLE = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "actions", "elements": []},
        {"type": "actions", "elements": [BUTTON | {"action_id": ""}]},
        {"type": "actions", "elements": [BUTTON | {"value": "x" * 2001}]},
        {"type": "actions", "elements": [BUTTON | {"text": {"type": "plain_text", "text": ""}}]},
        {"type": "actions", "elements": [FEEDBACK]},
        {"type": "context_actions", "elements": [BUTTON]},
        {"type": "context_actions", "elements": [FEEDBACK | {"positive_button": {"text": TEXT}}]},
        BOX | {"child_blocks": []},
        BOX | {"child_blocks": [{"type": "divider"}] * 11},
        BOX | {"child_blocks": [{"type": "context_actions", "elements": [FEEDBACK]}]},
        TABLE | {"rows": [TABLE["rows"][0]] * 101},
        TABLE | {"rows": [[{"type": "raw_text", "text": ""}]]},
        ASKS,
    ],
)
def test_a_block_that_slack_would_not_show_is_refused(client: WebClient, block: Any) -> None:
    code = refusal(client.chat_postMessage, channel=CHANNEL, text="x", blocks=[block])

    assert code == "invalid_blocks"


def test_blocks_that_slack_shows_are_taken(slack: SlackWorkspace, client: WebClient) -> None:
    rows = [{"type": "actions", "elements": [BUTTON]}]
    feedback = [{"type": "context_actions", "elements": [FEEDBACK]}]

    client.chat_postMessage(channel=CHANNEL, text="x", blocks=[*rows, *feedback, BOX, TABLE])

    assert len(slack.answers(CHANNEL)) == 1


def test_two_tables_in_a_message_are_one_too_many(client: WebClient) -> None:
    code = refusal(client.chat_postMessage, channel=CHANNEL, text="x", blocks=[TABLE, TABLE])

    assert code == "invalid_blocks"


def test_a_private_reply_can_be_sent_five_times(slack: SlackWorkspace) -> None:
    from slack_sdk.webhook import WebhookClient

    hook = WebhookClient(slack._response_url())

    statuses = [hook.send(text=f"{n}").status_code for n in range(6)]

    assert statuses == [200] * 5 + [404]
    assert len(slack.private) == 5


def test_a_private_reply_can_be_sent_for_half_an_hour(slack: SlackWorkspace) -> None:
    from slack_sdk.webhook import WebhookClient

    hook = WebhookClient(slack._response_url())
    slack.advance(RESPONSE_URL_LIVES_S)
    in_time = hook.send(text="x").status_code
    slack.advance(1)

    assert (in_time, hook.send(text="x").status_code) == (200, 404)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"is_archived": True}, "is_archived"),
        ({"is_read_only": True}, "restricted_action_read_only_channel"),
        ({"outside": {"U0BOT"}}, "not_in_channel"),
        ({"outside": {"U0BOT"}, "is_private": True}, "channel_not_found"),
    ],
)
def test_where_the_app_may_not_post_slack_says_why(
    slack: SlackWorkspace, client: WebClient, fields: dict[str, Any], code: str
) -> None:
    slack.state.conversations[CHANNEL] = Conversation(CHANNEL, **fields)

    assert refusal(client.chat_postMessage, channel=CHANNEL, text="x") == code


def test_only_members_are_shown_what_only_they_see(
    slack: SlackWorkspace, client: WebClient
) -> None:
    slack.state.conversations[CHANNEL].outside.add("U0STAFF")

    client.chat_postEphemeral(channel=CHANNEL, user=ASKER, text="x")
    code = refusal(client.chat_postEphemeral, channel=CHANNEL, user="U0STAFF", text="x")

    assert code == "user_not_in_channel"
    assert [seen["user"] for seen in slack.state.ephemerals] == [ASKER]


def test_times_of_messages_never_go_back(client: WebClient) -> None:
    times = [str(client.chat_postMessage(channel=CHANNEL, text="x")["ts"]) for _ in range(5)]

    assert times == sorted(set(times))


EVERYTHING = SCOPES | {"channels:read", "reactions:write", "files:read"}


def test_what_apps_ask_now_and_then_is_answered_and_refused() -> None:
    with SlackWorkspace(EVERYTHING) as slack:
        client = WebClient(token=BOT_TOKEN, base_url=slack.api_url)
        with slack._changed:
            file = {"id": "F1", "name": "a.pdf"}
            ts = slack.state.add(CHANNEL, {"user": ASKER, "text": "?", "files": [file]})["ts"]
        pointed = {"channel": CHANNEL, "timestamp": ts, "name": "eyes"}

        link = client.chat_getPermalink(channel=CHANNEL, message_ts=ts)["permalink"]
        info = client.conversations_info(channel=CHANNEL)["channel"]
        members = client.conversations_members(channel=CHANNEL)["members"]
        client.reactions_add(**pointed)
        again = refusal(client.reactions_add, **pointed)
        client.reactions_remove(**pointed)
        found = client.files_info(file="F1")["file"]
        token = client.oauth_v2_access(client_id="i", client_secret="s", code="good-code")  # noqa: S106
        opened = client.views_open(trigger_id="t", view=modal())["view"]
        client.views_push(trigger_id="t", view=modal())
        client.views_update(view_id=opened["id"], view=modal(title=TEXT | {"text": "y"}))
        client.views_push(trigger_id="t", view=modal())
        refused = [
            refusal(client.chat_getPermalink, channel=CHANNEL, message_ts="1.0"),
            refusal(client.conversations_info, channel="C0NONE"),
            again,
            refusal(client.reactions_remove, **pointed),
            refusal(client.files_info, file="F2"),
            refusal(client.oauth_v2_access, client_id="i", client_secret="s", code="bad"),  # noqa: S106
            refusal(client.views_update, view_id="V9", view=modal()),
            refusal(client.views_push, trigger_id="t", view=modal()),
        ]

    assert link.endswith(f"/{CHANNEL}/p{ts.replace('.', '')}")
    assert (info["is_member"], info["is_archived"], len(members)) == (True, False, 4)
    assert (found, token["access_token"]) == (file, BOT_TOKEN)
    assert slack.state.views[0]["title"]["text"] == "y"
    assert refused == [
        *("message_not_found", "channel_not_found", "already_reacted", "no_reaction"),
        *("file_not_found", "invalid_code", "not_found", "push_limit_reached"),
    ]


def test_every_method_of_the_fake_with_a_limit_is_one_it_has() -> None:
    from tests.fakes.slack_messages import METHODS

    assert set(TIERED) - set(METHODS) == set()
    assert all(re.fullmatch(r"[a-zA-Z0-9.]+", name) for name in METHODS)
