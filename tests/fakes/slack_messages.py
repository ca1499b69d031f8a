"""A workspace in memory: people, conversations, messages, and the methods that change them."""

from tests.fakes.slack_limits import problems, view_problems
from tests.fakes.slack_others import OTHERS
from tests.fakes.slack_state import (
    ASKER,
    BOT_ID,
    BOT_USER,
    TEAM,
    Args,
    Conversation,
    Method,
    MethodError,
    Reply,
    State,
    not_streaming,
    open_to_bot,
    own,
)
from tests.fakes.slack_streams import append_stream, start_stream, stop_stream

__all__ = [
    "ASKER",
    "BOT_ID",
    "BOT_USER",
    "METHODS",
    "TEAM",
    "Conversation",
    "MethodError",
    "Reply",
    "State",
    "call",
]


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
    conversation = open_to_bot(state, args["channel"])
    _check_content(args)
    # Slack stores neither how to read a text nor how to unfurl it; tests look at both.
    kept = {k: args[k] for k in _CONTENT if args.get(k) is not None}
    kept |= {"markdown": args["markdown_text"]} if args.get("markdown_text") else {}
    message = state.add(conversation.id, {"user": BOT_USER, "bot_id": BOT_ID} | kept)
    return {"channel": conversation.id, "ts": message["ts"], "message": message}


def update(state: State, args: Args) -> Reply:
    conversation = open_to_bot(state, args["channel"])
    message = own(conversation, args["ts"], "cant_update_message")
    not_streaming(state, conversation, args["ts"], "streaming_state_conflict")
    _check_content(args)
    if len(args.get("text") or "") > 4000:  # docs.slack.dev/reference/methods/chat.update
        raise MethodError("msg_too_long")
    message.update({k: args[k] for k in ("text", "blocks", "metadata") if args.get(k) is not None})
    message.pop("markdown", None)  # what had streamed in is replaced too
    message["edited"] = {"user": BOT_USER, "ts": state.next_ts()}
    return {"channel": conversation.id, "ts": message["ts"], "message": message}


def delete(state: State, args: Args) -> Reply:
    conversation = state.conversation(args["channel"])
    own(conversation, args["ts"], "cant_delete_message")
    not_streaming(state, conversation, args["ts"], "cant_delete_message")
    state.delete(conversation.id, args["ts"])
    return {"channel": conversation.id, "ts": args["ts"]}


def post_ephemeral(state: State, args: Args) -> Reply:
    conversation = open_to_bot(state, args["channel"])
    _check_content(args)
    if args["user"] not in state.users or args["user"] in conversation.outside:
        raise MethodError("user_not_in_channel")
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


def session_status(state: State, args: Args) -> Reply:
    state.conversation(args["channel_id"])
    if args["status"] not in {"active", "processing", "suspended", "closed"}:
        raise MethodError("invalid_arguments")
    state.sessions.append(dict(args))
    return {}


def suggested_prompts(state: State, args: Args) -> Reply:
    state.conversation(args["channel_id"])
    # docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
    if not 0 < len(args["prompts"]) <= 4 or not all(
        set(p) == {"title", "message"} for p in args["prompts"]
    ):
        raise MethodError("invalid_arguments")
    state.prompts.append(dict(args))
    return {}


def open_view(state: State, args: Args) -> Reply:
    wrong = view_problems(args["view"], "modal")
    if wrong:
        raise MethodError("invalid_arguments", response_metadata={"messages": wrong})
    state.views.append({"id": f"V{len(state.views)}"} | dict(args["view"]))
    return {"view": state.views[-1]}


def publish_view(state: State, args: Args) -> Reply:
    wrong = view_problems(args["view"], "home")
    if wrong:
        raise MethodError("invalid_arguments", response_metadata={"messages": wrong})
    state.homes[args["user_id"]] = dict(args["view"])
    return {"view": args["view"]}


def user_info(state: State, args: Args) -> Reply:
    if args["user"] not in state.users:
        raise MethodError("user_not_found")
    return {"user": state.users[args["user"]]}


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
_RARE = ("markdown_text", "mrkdwn", "reply_broadcast")
_PAGING = ("cursor", "limit", "oldest", "latest", "inclusive", "include_all_metadata")

METHODS = {
    "auth.test": Method(auth_test, ""),
    "chat.postMessage": Method(post_message, "chat:write", ("channel",), (*_CONTENT, *_RARE)),
    "chat.update": Method(update, "chat:write", ("channel", "ts"), _CONTENT),
    "chat.delete": Method(delete, "chat:write", ("channel", "ts")),
    "chat.postEphemeral": Method(post_ephemeral, "chat:write", ("channel", "user"), _CONTENT),
    # Which history scope it needs depends on the kind of conversation.
    "conversations.replies": Method(replies, "", ("channel", "ts"), _PAGING),
    "conversations.open": Method(open_conversation, "im:write", ("users",)),
    "assistant.threads.setStatus": Method(
        set_status, "chat:write", ("channel_id", "thread_ts", "status"), ("loading_messages",)
    ),
    "agents.sessions.setStatus": Method(
        session_status, "chat:write", ("channel_id", "status"), ("thread_ts", "title")
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        suggested_prompts, "assistant:write", ("channel_id", "prompts"), ("title", "thread_ts")
    ),
    "chat.startStream": Method(
        start_stream,
        "chat:write",
        ("channel", "thread_ts"),
        ("chunks", "markdown_text", "recipient_team_id", "recipient_user_id"),
    ),
    "chat.appendStream": Method(
        append_stream, "chat:write", ("channel", "ts"), ("chunks", "markdown_text")
    ),
    "chat.stopStream": Method(
        stop_stream,
        "chat:write",
        ("channel", "ts"),
        ("chunks", "markdown_text", "blocks", "metadata", "session_status"),
    ),
    "views.open": Method(open_view, "", ("trigger_id", "view")),
    "views.publish": Method(publish_view, "", ("user_id", "view"), ("hash",)),
    "users.info": Method(user_info, "users:read", ("user",), ("include_locale",)),
} | OTHERS


def call(state: State, name: str, args: Args) -> Reply:
    """Run a method of the bot's token; raises `MethodError`."""
    method = METHODS.get(name)
    if method is None or name in state.without:
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


def _check_markdown(args: Args) -> None:
    if args.get("text") or args.get("blocks"):
        raise MethodError("markdown_text_conflict")
    if len(args["markdown_text"]) > 12_000:
        raise MethodError("msg_too_long")


def _check_content(args: Args) -> None:
    # docs.slack.dev/reference/methods/chat.postMessage, its list of errors
    if args.get("markdown_text"):
        _check_markdown(args)
    elif not args.get("text") and not args.get("blocks"):
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
