"""The state of a workspace: people, conversations, messages, streams."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Args = Mapping[str, Any]
Reply = dict[str, Any]

TEAM = "T0TEAM"
BOT_USER = "U0BOT"
BOT_ID = "B0BOT"
ASKER = "U0ASKER"
APP = "A0APP"

STREAM_LIVES_S = 300.0  # python-slack-sdk#1859, node-slack-sdk#2702: about five minutes
STREAM_BYTES = 11_000  # CopilotKit#6064, openclaw#143882: refused between 10.6 and 12 kB


class MethodError(Exception):
    """A method says no."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass
class Conversation:
    """A channel or a direct message; docs.slack.dev/reference/objects/conversation-object.

    Attributes:
        outside: Who is not a member, the app included; everybody else is.
        is_private: Whether those who are not members do not even know of it.
        is_read_only: Whether only administrators may post.
        is_ext_shared: Whether people of other companies are in it.
        closed: The error that every post gets, whatever else holds; None if there is none.
    """

    id: str
    messages: list[Reply] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)
    is_private: bool = False
    is_archived: bool = False
    is_read_only: bool = False
    is_ext_shared: bool = False
    closed: str | None = None

    def refusal(self) -> str | None:
        """Return what a post of the app gets; docs.slack.dev/reference/methods/chat.postMessage."""
        refusals = {
            "channel_not_found": BOT_USER in self.outside and self.is_private,
            "not_in_channel": BOT_USER in self.outside,
            "is_archived": self.is_archived,
            "restricted_action_read_only_channel": self.is_read_only,
        }
        return self.closed or next((code for code, holds in refusals.items() if holds), None)

    def message(self, ts: object) -> Reply | None:
        return next((m for m in self.messages if m["ts"] == ts), None)


@dataclass
class Stream:
    """A message that is being written.

    Attributes:
        begun_s: When, on the workspace's own clock.
        mode: "chunks" or "markdown_text", as its first call chose.
        ended_by: What ended it; "" while it runs.
    """

    begun_s: float
    mode: str
    size: int = 0
    ended_by: str = ""


@dataclass
class State:
    """Everything there is.

    Attributes:
        without: Methods that this workspace does not have.
        passed_s: How far its own clock was put forward.
    """

    conversations: dict[str, Conversation] = field(default_factory=dict)
    users: dict[str, Reply] = field(default_factory=dict)
    statuses: list[Reply] = field(default_factory=list)
    ephemerals: list[Reply] = field(default_factory=list)
    scopes: set[str] = field(default_factory=set)
    views: list[Reply] = field(default_factory=list)
    homes: dict[str, Reply] = field(default_factory=dict)
    prompts: list[Reply] = field(default_factory=list)
    sessions: list[Reply] = field(default_factory=list)
    streams: dict[tuple[str, str], "Stream"] = field(default_factory=dict)
    without: set[str] = field(default_factory=set)
    clock: int = 1_760_000_000_000_000
    passed_s: float = 0.0

    def next_ts(self) -> str:
        self.clock += 1000
        return f"{self.clock // 1_000_000}.{self.clock % 1_000_000:06d}"

    def conversation(self, channel: object) -> Conversation:
        found = self.conversations.get(str(channel))
        if found is None:
            raise MethodError("channel_not_found")
        return found

    def add(self, channel: str, message: Reply) -> Reply:
        """Append a message; a thread whose parent is gone silently loses it."""
        conversation = self.conversations.setdefault(channel, Conversation(channel))
        parent = conversation.message(message.get("thread_ts"))
        if parent is None:
            message = {k: v for k, v in message.items() if k != "thread_ts"}
        else:
            parent.setdefault("thread_ts", parent["ts"])
        message = {"type": "message", "ts": self.next_ts()} | message
        conversation.messages.append(message)
        return message

    def delete(self, channel: str, ts: str) -> None:
        conversation = self.conversation(channel)
        message = conversation.message(ts)
        if message is None:
            raise MethodError("message_not_found")
        conversation.messages.remove(message)

    def need(self, scope: str) -> None:
        if scope not in self.scopes:
            provided = ",".join(sorted(self.scopes))
            raise MethodError("missing_scope", needed=scope, provided=provided)


def open_to_bot(state: State, channel: object) -> Conversation:
    conversation = state.conversation(channel)
    refusal = conversation.refusal()
    if refusal is not None:
        raise MethodError(refusal)
    return conversation


def own(conversation: Conversation, ts: object, refusal: str) -> Reply:
    message = conversation.message(ts)
    if message is None:
        raise MethodError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise MethodError(refusal)
    return message


def not_streaming(state: State, conversation: Conversation, ts: object, code: str) -> None:
    stream = state.streams.get((conversation.id, str(ts)))
    if stream is None or stream.ended_by:
        return
    if state.passed_s - stream.begun_s < STREAM_LIVES_S:
        raise MethodError(code)


@dataclass(frozen=True)
class Method:
    """Attributes: scope "" needs none; args lists what must and what may be given."""

    run: Callable[[State, Args], Reply]
    scope: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
