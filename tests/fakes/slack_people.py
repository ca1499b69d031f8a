"""The actions of people in a workspace, and the events that an app gets for them."""

import threading
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.fakes.slack_delivery import Delivery
from tests.fakes.slack_state import ASKER, BOT_USER, TEAM, Reply, State

CHANNEL = "C0GENERAL"
DIRECT = "D0ASKER"


class Doings:
    """People who talk, click and give commands; a workspace delivers what they do."""

    url: str

    def __init__(self, state: State) -> None:
        self.state = state
        self._changed = threading.Condition()
        self._triggers = 0

    def deliver(self, event: Reply, *, event_id: str | None = None) -> Delivery:
        raise NotImplementedError

    def deliver_all(self, events: list[Reply]) -> None:
        raise NotImplementedError

    def _deliver(self, kind: str, payload: Reply) -> Delivery:
        raise NotImplementedError

    def mention(self, text: str, *, channel: str = CHANNEL, **event: Any) -> str:
        """Mention the app in a channel; returns the message's ts.

        Where it may read the channel, it gets two events, in any order:
        docs.slack.dev/reference/events/app_mention, and the repositories' issues on double answers.
        """
        with self._changed:
            message = self._say(channel, f"<@{BOT_USER}> {text}", event)
        scope, kind = history_scope(channel)
        also = [message | {"channel": channel, "channel_type": kind}]
        mention = message | {"type": "app_mention", "channel": channel}
        self.deliver_all([mention, *(also if scope in self.state.scopes else ())])
        return str(message["ts"])

    def direct(self, text: str, *, channel: str = DIRECT, **event: Any) -> str:
        """Write the app a direct message; returns the message's ts."""
        with self._changed:
            message = self._say(channel, text, event)
        self.deliver({"channel": channel, "channel_type": "im"} | message)
        return str(message["ts"])

    def add_user(self, user: str, **fields: Any) -> None:
        """Let somebody be in the workspace; docs.slack.dev/reference/objects/user-object."""
        profile = {"real_name": f"Name of {user}", "display_name": ""}
        self.state.users[user] = {"id": user, "team_id": TEAM, "profile": profile} | fields

    def delete(self, channel: str, ts: str, *, told: bool = False) -> None:
        """Delete a message; the app gets an event only where it may read the history."""
        with self._changed:
            self.state.delete(channel, ts)
        if told:
            self.deliver(
                {"type": "message", "subtype": "message_deleted", "deleted_ts": ts}
                | {"channel": channel, "ts": self.state.next_ts(), "channel_type": _kind(channel)}
            )

    def edit(self, channel: str, ts: str, text: str) -> None:
        """Edit a message: the app gets an event, and a mention again, with another event id."""
        with self._changed:
            message = self.state.conversation(channel).message(ts) or {}
            before = dict(message)
            message |= {"text": text, "edited": {"user": ASKER, "ts": self.state.next_ts()}}
        if f"<@{BOT_USER}>" in text:
            self.deliver(message | {"type": "app_mention", "channel": channel})
        self.deliver(
            {"type": "message", "subtype": "message_changed", "channel": channel}
            | {"channel_type": _kind(channel), "ts": self.state.next_ts()}
            | {"message": dict(message), "previous_message": before}
        )

    def say(self, text: str, *, channel: str = CHANNEL, **event: Any) -> str:
        """Say something in a channel whose history the app may read; returns its ts."""
        with self._changed:
            message = self._say(channel, text, event)
        self.deliver({"channel": channel, "channel_type": _kind(channel)} | message)
        return str(message["ts"])

    def click(
        self,
        channel: str,
        message: Reply,
        action: Reply,
        *,
        user: str = ASKER,
        private: bool = False,
    ) -> Delivery:
        """Click something in a message; docs.slack.dev/reference/interaction-payloads."""
        with self._changed:
            action = {"action_ts": self.state.next_ts()} | action
        ts = message.get("ts", action["action_ts"])
        body = {
            "type": "block_actions",
            "actions": [action],
            "channel": {"id": channel},
            "container": {"type": "message", "message_ts": ts, "is_ephemeral": private},
            "response_url": self._response_url(),
        }
        shown = (
            {} if private else {"message": {k: v for k, v in message.items() if k != "metadata"}}
        )
        return self.interact(body | shown, user=user)

    def submit(self, view: Reply, values: Reply, *, user: str = ASKER) -> Delivery:
        """Fill in a window and send it off."""
        filled = dict(view) | {"state": {"values": values}}
        return self.interact({"type": "view_submission", "view": filled}, user=user)

    def shortcut(self, name: str, channel: str, message: Reply, *, user: str = ASKER) -> Delivery:
        """Use a shortcut on a message."""
        with self._changed:
            action_ts = self.state.next_ts()
        body = {"type": "message_action", "callback_id": name, "action_ts": action_ts}
        shown = {k: v for k, v in message.items() if k != "metadata"}
        where = {"channel": {"id": channel}, "response_url": self._response_url()}
        return self.interact(body | where | {"message": shown}, user=user)

    def interact(self, body: Reply, *, user: str) -> Delivery:
        """Send the app what somebody did."""
        who = {"user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}}
        return self._deliver("interactive", who | {"trigger_id": self._trigger()} | body)

    def command(
        self, text: str, *, channel: str = CHANNEL, user: str = ASKER, name: str = "/ask-docs"
    ) -> Delivery:
        """Give a command; docs.slack.dev/interactivity/implementing-slash-commands."""
        return self._deliver(
            "slash_commands",
            {"command": name, "text": text, "team_id": TEAM, "channel_id": channel}
            | {"user_id": user, "response_url": self._response_url()}
            | {"trigger_id": self._trigger(), "api_app_id": "A0APP"},
        )

    def stop_stream(self, channel: str, ts: str) -> None:
        """Press Stop: Slack ends the stream, and then informs the app."""
        with self._changed:
            self.state.streams[channel, ts].ended_by = "user"
            message = self.state.conversation(channel).message(ts) or {}
            message["streaming"] = False
        self.deliver(
            {"type": "agent_session_stopped", "channel": channel, "user": ASKER}
            | {"thread_ts": message.get("thread_ts"), "streaming_message_ts": [ts]}
        )

    def advance(self, seconds: float) -> None:
        """Put the workspace's own clock forward."""
        with self._changed:
            self.state.passed_s += seconds

    def _trigger(self) -> str:
        self._triggers += 1
        return f"trigger-{self._triggers}"

    def _response_url(self) -> str:
        return f"{self.url}response/{uuid4().hex}"

    def _say(self, channel: str, text: str, event: Mapping[str, Any]) -> Reply:
        message = self.state.add(channel, {"user": ASKER, "text": text} | dict(event))
        return {k: v for k, v in message.items() if k != "metadata"}


def history_scope(channel: str) -> tuple[str, str]:
    """Return what an app needs to read a conversation, and what kind of one it is."""
    kind = _kind(channel)
    return {"im": "im:history", "group": "groups:history"}.get(kind, "channels:history"), kind


def _kind(channel: str) -> str:
    return {"D": "im", "G": "group"}.get(channel[0], "channel")
