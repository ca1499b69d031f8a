"""A workspace in memory: people, conversations, messages, and the methods that change them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.slack_limits import problems

Args = Mapping[str, Any]
Reply = dict[str, Any]

TEAM = "T0TEAM"
BOT_USER = "U0BOT"
BOT_ID = "B0BOT"
ASKER = "U0ASKER"


class MethodError(Exception):
    """A method says no."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass
class Conversation:
    """Attributes: closed is the error that every post gets, such as "is_archived"."""

    id: str
    messages: list[Reply] = field(default_factory=list)
    closed: str | None = None

    def message(self, ts: object) -> Reply | None:
        return next((m for m in self.messages if m["ts"] == ts), None)


@dataclass
class State:
    """Everything there is."""

    conversations: dict[str, Conversation] = field(default_factory=dict)
    users: dict[str, Reply] = field(default_factory=dict)
    statuses: list[Reply] = field(default_factory=list)
    ephemerals: list[Reply] = field(default_factory=list)
    scopes: set[str] = field(default_factory=set)
    clock: int = 1_760_000_000_000_000

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


def auth_test(_: State, __: Args) -> Reply:
    return {
        "url": "https://fake.slack.example/",
        "team": "Fake",
        "user": "footnote",
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def post_message(state: State, args: Args) -> Reply:
    conversation = _open_to_bot(state, args["channel"])
    _check_content(args)
    kept = {k: args[k] for k in _CONTENT if args.get(k) is not None}
    message = state.add(conversation.id, {"user": BOT_USER, "bot_id": BOT_ID} | kept)
    return {"channel": conversation.id, "ts": message["ts"], "message": message}


def update(state: State, args: Args) -> Reply:
    conversation = _open_to_bot(state, args["channel"])
    message = _own(conversation, args["ts"], "cant_update_message")
    _check_content(args)
    message.update({k: args[k] for k in ("text", "blocks", "metadata") if args.get(k) is not None})
    return {"channel": conversation.id, "ts": message["ts"], "message": message}


def delete(state: State, args: Args) -> Reply:
    conversation = state.conversation(args["channel"])
    _own(conversation, args["ts"], "cant_delete_message")
    state.delete(conversation.id, args["ts"])
    return {"channel": conversation.id, "ts": args["ts"]}


def post_ephemeral(state: State, args: Args) -> Reply:
    _open_to_bot(state, args["channel"])
    _check_content(args)
    state.ephemerals.append(dict(args))
    return {"message_ts": state.next_ts()}


def replies(state: State, args: Args) -> Reply:
    conversation = state.conversation(args["channel"])
    state.need(
        {"D": "im:history", "G": "groups:history"}.get(conversation.id[0], "channels:history")
    )
    parent = conversation.message(args["ts"])
    if parent is None:
        raise MethodError("thread_not_found")
    below = [m for m in conversation.messages if m.get("thread_ts") == parent["ts"]]
    below = [m for m in below if m is not parent and m["ts"] > str(args.get("oldest") or "")]
    start, limit = int(args.get("cursor") or 0), int(args.get("limit") or 1000)
    page = [parent, *below[start : start + limit]]
    if str(args.get("include_all_metadata", "")).lower() not in {"1", "true"}:
        page = [{k: v for k, v in m.items() if k != "metadata"} for m in page]
    more = start + limit < len(below)
    cursor = {"next_cursor": str(start + limit) if more else ""}
    return {"messages": page, "has_more": more, "response_metadata": cursor}


def open_conversation(state: State, args: Args) -> Reply:
    user = str(args["users"])
    if user not in state.users:
        raise MethodError("user_not_found")
    channel = "D" + user[1:]
    state.conversations.setdefault(channel, Conversation(channel))
    return {"channel": {"id": channel}}


def set_status(state: State, args: Args) -> Reply:
    state.conversation(args["channel_id"])
    state.statuses.append(dict(args))
    return {}


def user_info(state: State, args: Args) -> Reply:
    if args["user"] not in state.users:
        raise MethodError("user_not_found")
    return {"user": state.users[args["user"]]}


@dataclass(frozen=True)
class Method:
    """Attributes: scope "" needs none; args lists what must and what may be given."""

    run: Callable[[State, Args], Reply]
    scope: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


_CONTENT = (
    "text",
    "blocks",
    "metadata",
    "thread_ts",
    "parse",
    "link_names",
    "unfurl_links",
    "unfurl_media",
)
_PAGING = ("cursor", "limit", "oldest", "latest", "inclusive", "include_all_metadata")

METHODS = {
    "auth.test": Method(auth_test, ""),
    "chat.postMessage": Method(
        post_message, "chat:write", ("channel",), (*_CONTENT, "mrkdwn", "reply_broadcast")
    ),
    "chat.update": Method(update, "chat:write", ("channel", "ts"), _CONTENT),
    "chat.delete": Method(delete, "chat:write", ("channel", "ts")),
    "chat.postEphemeral": Method(post_ephemeral, "chat:write", ("channel", "user"), _CONTENT),
    # Which history scope it needs depends on the kind of conversation.
    "conversations.replies": Method(replies, "", ("channel", "ts"), _PAGING),
    "conversations.open": Method(open_conversation, "im:write", ("users",)),
    "assistant.threads.setStatus": Method(
        set_status, "chat:write", ("channel_id", "thread_ts", "status"), ("loading_messages",)
    ),
    "users.info": Method(user_info, "users:read", ("user",)),
}


def call(state: State, name: str, args: Args) -> Reply:
    """Run a method of the bot's token; raises `MethodError`."""
    method = METHODS.get(name)
    if method is None:
        raise MethodError("unknown_method")
    if method.scope:
        state.need(method.scope)
    given = {key for key, value in args.items() if value is not None}
    missing = set(method.required) - given
    unknown = given - set(method.required) - set(method.optional)
    if missing or unknown:
        wrong = [f"missing: {key}" for key in missing] + [f"unknown: {key}" for key in unknown]
        raise MethodError("invalid_arguments", response_metadata={"messages": wrong})
    return method.run(state, args)


def _open_to_bot(state: State, channel: object) -> Conversation:
    conversation = state.conversation(channel)
    if conversation.closed is not None:
        raise MethodError(conversation.closed)
    return conversation


def _own(conversation: Conversation, ts: object, refusal: str) -> Reply:
    message = conversation.message(ts)
    if message is None:
        raise MethodError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise MethodError(refusal)
    return message


def _check_content(args: Args) -> None:
    if not args.get("text") and not args.get("blocks"):
        raise MethodError("no_text")
    if len(args.get("text") or "") > 40_000:
        raise MethodError("msg_too_long")
    wrong = problems(args["blocks"]) if args.get("blocks") is not None else []
    if wrong:
        raise MethodError("invalid_blocks", response_metadata={"messages": wrong})
    metadata = args.get("metadata")
    if metadata is not None and set(metadata) != {"event_type", "event_payload"}:
        raise MethodError("invalid_metadata_schema")
    if args.get("thread_ts") == "":
        raise MethodError("invalid_thread_ts")
