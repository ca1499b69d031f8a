import asyncio
import logging
from pathlib import Path
from typing import Any

from slack_bolt.async_app import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import app as slack_app
from bot.slack.inbox import Inbox
from bot.slack.listeners import register
from bot.slack.manifest import METHODS, SCOPES, SUBSCRIPTIONS, manifest
from bot.store import Store
from tests.fakes.slack_messages import METHODS as SLACKS_METHODS

EVENT: dict[str, Any] = {"channel": "D1", "user": "U1", "ts": "1.0", "text": "?"}


def deliver(store: Store, subscription: str) -> tuple[int, int]:
    """Return the status Slack would get, and how many questions were kept."""
    kind, _, channel_type = subscription.partition(".")
    body = {
        "type": "event_callback",
        "team_id": "T1",
        "event_id": "Ev1",
        "event": EVENT | {"type": kind, "channel_type": channel_type},
    }
    identity = slack_app.Identity(team="T1", bot_user="U0", bot_id="B0")

    async def dispatch() -> int:
        bolt = slack_app.bolt_app(AsyncWebClient("xoxb-1"), identity)
        register(bolt, Inbox(store, team="T1", bot_user="U0", max_waiting=9), lambda: None)
        request = AsyncBoltRequest(mode="socket_mode", body=body)
        return (await bolt.async_dispatch(request)).status

    return asyncio.run(dispatch()), len(store.unfinished())


def test_every_event_of_the_manifest_becomes_a_question(tmp_path: Path) -> None:
    settings: Any = manifest(None)["settings"]
    events: list[str] = settings["event_subscriptions"]["bot_events"]

    assert events == ["app_mention", "message.im"]
    for event in events:
        with Store(tmp_path / event) as store:
            assert deliver(store, event) == (200, 1)


def test_an_event_outside_the_manifest_is_acknowledged_and_not_answered(tmp_path: Path) -> None:
    for event in ("message.channels", "message.group", "reaction_added"):
        with Store(tmp_path / event) as store:
            assert deliver(store, event) == (200, 0)


def test_an_event_that_cannot_be_kept_is_not_acknowledged(tmp_path: Path, caplog: Any) -> None:
    store = Store(tmp_path / "state")
    store._connection.execute("DROP TABLE question")
    store._connection.execute("CREATE TABLE question (id, state, seq)")

    with caplog.at_level(logging.CRITICAL):
        status, _ = deliver(store, "app_mention")
    store.close()

    assert status == 500


def test_the_scopes_are_those_of_the_events_and_the_methods_and_no_others() -> None:
    oauth: Any = manifest(None)["oauth_config"]
    needed = {s.scope for s in SUBSCRIPTIONS} | set(METHODS.values())

    assert set(oauth["scopes"]["bot"]) == needed
    assert set(SCOPES) == {"app_mentions:read", "chat:write", "im:history", "im:write"}


def test_the_methods_need_what_slack_says() -> None:
    known = {name: SLACKS_METHODS[name].scope for name in METHODS}

    assert known == METHODS | {"conversations.replies": ""}


def test_the_code_calls_no_method_that_is_not_listed() -> None:
    code = "".join(path.read_text() for path in Path(slack_app.__file__).parent.glob("*.py"))
    names = {name.replace(".", "_") for name in SLACKS_METHODS}

    called = {name for name in names if f".{name}(" in code}

    assert called == {name.replace(".", "_") for name in METHODS} | {"auth_test"}


def test_a_direct_message_can_be_written_and_the_transport_is_the_one_asked_for() -> None:
    socket: Any = manifest(None)
    http: Any = manifest("https://bot.example/slack/events")

    assert socket["features"]["app_home"]["messages_tab_enabled"] is True
    assert socket["features"]["app_home"]["messages_tab_read_only_enabled"] is False
    assert "agent_view" in socket["features"]
    assert socket["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in socket["settings"]["event_subscriptions"]
    assert http["settings"]["socket_mode_enabled"] is False
    assert (
        http["settings"]["event_subscriptions"]["request_url"] == "https://bot.example/slack/events"
    )


def test_the_manifest_keeps_to_slacks_lengths() -> None:
    info: Any = manifest(None)["display_information"]
    features: Any = manifest(None)["features"]

    assert len(info["name"]) <= 35
    assert len(info["description"]) <= 140
    assert len(features["agent_view"]["agent_description"]) <= 300
