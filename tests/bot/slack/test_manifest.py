import asyncio
import logging
from pathlib import Path
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncBoltRequest

from footnote_qa.bot.settings import SlackSettings
from footnote_qa.bot.slack import app as slack_app
from footnote_qa.bot.slack.composition import Bot, Parts
from footnote_qa.bot.slack.manifest import (
    METHODS,
    PERMISSION_METHODS,
    SCOPES,
    SUBSCRIPTIONS,
    app_manifest,
)
from footnote_qa.bot.slack.messages import elements, views
from footnote_qa.bot.slack.outbound.client import Clients
from footnote_qa.bot.slack.tokens import Identity
from footnote_qa.bot.state.questions import QuestionRepository
from tests.fakes.slack_bot_process import Engine
from tests.fakes.slack_messages import METHODS as SLACKS_METHODS

CONTROLS = ("FEEDBACK", "QUOTE", "AGAIN", "ASK_PERSON", "SHARE", "RESOLVED", "CHANNEL")

EVENT: dict[str, Any] = {"channel": "D1", "user": "U1", "ts": "1.0", "text": "?"}


def deliver(store: QuestionRepository, subscription: str) -> tuple[int, int]:
    """Return the status Slack would get, and how many questions were kept."""
    kind, _, channel_type = subscription.partition(".")
    body = {
        "type": "event_callback",
        "team_id": "T1",
        "event_id": "Ev1",
        "event": EVENT | {"type": kind, "channel_type": channel_type},
    }

    async def dispatch() -> int:
        bolt = await connected(store)
        request = AsyncBoltRequest(mode="socket_mode", body=body)
        status: int = (await bolt.async_dispatch(request)).status
        return status

    return asyncio.run(dispatch()), len(store.unfinished())


async def connected(store: QuestionRepository, app: Any = None) -> Any:
    """The complete app, as it runs, with a Slack that cannot be reached."""
    identity = Identity(team="T1", bot_user="U0", bot_id="B0")
    async with aiohttp.ClientSession() as session:
        clients = Clients(token="xoxb-1", base_url="http://127.0.0.1:9/api/", session=session)  # noqa: S106
        parts = Parts(
            clients=clients,
            identity=identity,
            engine=Engine(Path("gate")),
            store=store,
            library=None,
            answers=Path("answers"),
            answers_are_indexed=False,
            spend=list,
            owner="us",
            started_at=0.0,
        )
        bolt = app or slack_app.bolt_app(clients.calls, identity)
        slack_app.connect(bolt, Bot(SlackSettings(), parts), lambda: None)
        return bolt


class Registered:
    """Notes which events an app registers for."""

    def __init__(self) -> None:
        self.names: dict[str, set[str]] = {}

    def __getattr__(self, kind: str) -> Any:
        def register(name: Any) -> Any:
            if isinstance(name, str):
                self.names.setdefault(kind, set()).add(name)
            return lambda listener: listener

        return register


def events_of(made: Any) -> list[str]:
    found: list[str] = made["settings"]["event_subscriptions"]["bot_events"]
    return found


def test_every_event_that_asks_becomes_a_question(tmp_path: Path) -> None:
    for event in ("app_mention", "message.im"):
        with QuestionRepository(tmp_path / event) as store:
            assert event in events_of(app_manifest(None))
            assert deliver(store, event) == (200, 1)


def test_channels_are_listened_to_only_on_demand() -> None:
    shy: Any = app_manifest(None)
    listening: Any = app_manifest(None, listen=True)
    histories = {"channels:history", "groups:history"}

    added = set(events_of(listening)) - set(events_of(shy))
    assert added == {"message.channels", "message.groups"}
    assert histories & set(shy["oauth_config"]["scopes"]["bot_optional"]) == set()
    assert histories <= set(listening["oauth_config"]["scopes"]["bot_optional"])
    assert histories & set(listening["oauth_config"]["scopes"]["bot"]) == set()


def test_whatever_the_manifest_names_has_a_listener_and_the_other_way_round(
    tmp_path: Path,
) -> None:
    made: Any = app_manifest(None, listen=True)

    registered = Registered()

    with QuestionRepository(tmp_path / "state") as store:
        asyncio.run(connected(store, registered))

    features = made["features"]
    assert registered.names == {
        "event": {event.partition(".")[0] for event in events_of(made)},
        "command": {command["command"] for command in features["slash_commands"]},
        "shortcut": {shortcut["callback_id"] for shortcut in features["shortcuts"]},
        "action": {getattr(elements, name) for name in CONTROLS},
        "view": {views.REASON, views.RULES, views.APPROVE, views.TOPICS},
    }


def test_an_event_outside_the_manifest_is_acknowledged_and_not_answered(tmp_path: Path) -> None:
    for event in ("message.channels", "message.group", "reaction_added"):
        with QuestionRepository(tmp_path / event) as store:
            assert deliver(store, event) == (200, 0)


def test_an_event_that_cannot_be_kept_is_not_acknowledged(tmp_path: Path, caplog: Any) -> None:
    store = QuestionRepository(tmp_path / "state")
    with store.database.sql() as sql:
        sql.execute("DROP TABLE question")
        sql.execute("CREATE TABLE question (id, state, seq)")

    with caplog.at_level(logging.CRITICAL):
        status, _ = deliver(store, "app_mention")
    store.close()

    assert status == 500


def test_the_scopes_are_those_of_the_events_and_the_methods_and_no_others() -> None:
    oauth: Any = app_manifest(None)["oauth_config"]
    needed = {s.scope for s in SUBSCRIPTIONS if not s.listens} | set(METHODS.values())

    asked_for = set(oauth["scopes"]["bot"]) | set(oauth["scopes"]["bot_optional"])
    assert asked_for == needed - {""} | {"commands"}
    assert oauth["scopes"]["bot"] == list(SCOPES)
    assert set(SCOPES) == {
        *("app_mentions:read", "chat:write", "commands", "im:history", "im:write", "users:read")
    }


def test_the_methods_need_what_slack_says() -> None:
    known = {name: SLACKS_METHODS[name].scope for name in METHODS}

    assert known == METHODS | {"conversations.replies": ""}


def test_the_code_calls_no_method_that_is_not_listed() -> None:
    code = "".join(path.read_text() for path in Path(slack_app.__file__).parent.rglob("*.py"))
    names = {name.replace(".", "_") for name in SLACKS_METHODS}

    called = {name for name in names if f".{name}(" in code}

    known = {name.replace(".", "_") for name in [*METHODS, *PERMISSION_METHODS]}
    assert called | {"usergroups_users_list"} == known | {"auth_test"}


def test_a_direct_message_can_be_written_and_the_transport_is_the_one_asked_for() -> None:
    socket: Any = app_manifest(None)
    http: Any = app_manifest("https://bot.example/slack/events")

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
    info: Any = app_manifest(None)["display_information"]
    features: Any = app_manifest(None)["features"]

    assert len(info["name"]) <= 35
    assert len(info["description"]) <= 140
    assert len(features["agent_view"]["agent_description"]) <= 300


def test_who_may_see_what_is_looked_up_only_if_asked_for() -> None:
    def optional(*, permissions: bool) -> set[str]:
        manifest: Any = app_manifest(None, permissions=permissions)
        return set(manifest["oauth_config"]["scopes"]["bot_optional"])

    wanted = set(PERMISSION_METHODS.values()) | {"users:read.email"}
    assert wanted <= optional(permissions=True)
    assert not wanted & optional(permissions=False)
